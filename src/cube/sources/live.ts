import { HIGH_VOLUME_ENDPOINT, normaliseEndpoint } from '../../earth-engine/client.js';
import { findCredentials } from '../../earth-engine/credentials.js';
import { type LiveReport, liveCheck } from '../../earth-engine/live/check.js';
import type { EarthEngineAccountOptions } from './earth-engine.js';

export { isConfirmed, type LiveReport } from '../../earth-engine/live/check.js';
export { liveHtml, liveMarkdown, summaryOf } from '../../earth-engine/live/page.js';

export interface LiveOptions extends EarthEngineAccountOptions {
  /** Whether the project's id stays in the report. Default: false. */
  readonly showProject?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks Earth Engine what its documentation leaves open, with small requests that together cost less than a tile.
 *
 * @throws {EarthEngineError} when there are no credentials, or no token is to be had.
 */
export async function checkLive(options: LiveOptions): Promise<LiveReport> {
  const { showProject, signal, ...account } = options;
  const endpoint = normaliseEndpoint(options.endpoint ?? HIGH_VOLUME_ENDPOINT);
  const credentials = await findCredentials({ ...account, endpoint });
  return liveCheck({ endpoint, credentials, showProject, signal });
}
