import type { AuthClient } from 'google-auth-library';
import { readAtMost } from '../../raster/read-at-most.js';
import { newAgent, request } from '../http.js';
import { REFRESH_AHEAD_MS } from './key.js';
import { type Surroundings, variable } from './surroundings.js';

/** The server is on the same host: what takes longer is no metadata server. */
const PROBE_TIMEOUT_MS = 1000;

/** A name or an address; whatever is longer is no answer of that server. */
const MAX_ANSWER_BYTES = 4096;

/** Where every machine of Google's has it; elsewhere nothing answers, often without saying so. */
const ADDRESS = '169.254.169.254';

/**
 * What the metadata server says at `path`, or nothing where there is no such server. The library's own
 * probe takes three seconds, and warns of networks it does not expect.
 */
export async function askMetadata(
  path: string,
  surroundings: Surroundings,
): Promise<string | undefined> {
  if (variable(surroundings, 'METADATA_SERVER_DETECTION') === 'none') return undefined;
  const host =
    variable(surroundings, 'GCE_METADATA_IP') ??
    variable(surroundings, 'GCE_METADATA_HOST') ??
    ADDRESS;
  // Its own connection, so that one still being tried does not keep the process alive.
  const agent = newAgent();
  try {
    const reply = await request(`http://${host}/computeMetadata/v1/${path}`, {
      dispatcher: agent,
      headers: { 'metadata-flavor': 'Google' },
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    const text = (await readAtMost(reply.body, MAX_ANSWER_BYTES)).bytes.toString('utf8');
    // Captive portals answer everywhere; only the real server names itself.
    return reply.statusCode === 200 && reply.headers['metadata-flavor'] === 'Google'
      ? text.trim()
      : undefined;
  } catch {
    return undefined;
  } finally {
    await agent.destroy();
  }
}

/** A client for the service account that the machine itself runs as. */
export async function connectToMetadata(scopes: readonly string[]): Promise<AuthClient> {
  const { Compute } = await import('google-auth-library');
  return new Compute({
    scopes: [...scopes],
    eagerRefreshThresholdMillis: REFRESH_AHEAD_MS,
    useAuthRequestParameters: false,
  });
}
