import type { Dataset } from '../../dataset/dataset.js';
import { AdaptiveLimiter, type LimiterOptions } from '../../earth-engine/adaptive-limiter.js';
import {
  HIGH_VOLUME_ENDPOINT,
  normaliseEndpoint,
  type RetryOptions,
} from '../../earth-engine/client.js';
import { findCredentials } from '../../earth-engine/credentials.js';
import { assetIdOf } from '../../earth-engine/expressions/expression.js';
import { earthEngineSource } from '../../earth-engine/source.js';
import { checkWorkloadTag, workloadTagOf } from '../../earth-engine/workload-tag.js';
import { expected } from '../../errors.js';
import type { TileSource } from '../../tile.js';
import { lendFrom, type QuotaOptions } from './quota.js';

export { checkWorkloadTag };

/** Which service is asked, as whom, and who pays. */
export interface EarthEngineAccountOptions {
  /** Base URL. Default: {@link HIGH_VOLUME_ENDPOINT}. */
  readonly endpoint?: string | undefined;
  /**
   * Google Cloud project that is billed. Default: GEOCUBES_PROJECT, that of the credentials,
   * GOOGLE_CLOUD_PROJECT, EE_PROJECT, GEE_PROJECT, the quota project of the login.
   */
  readonly project?: string | undefined;
  /** A bearer token. Default: GEOCUBES_TOKEN, then {@link tokenCommand}, then credentials found on this machine, which go to Google's hosts only. */
  readonly token?: string | undefined;
  /**
   * A command that prints a token: alone in a line, or as JSON with its end. It is run without a shell when a token is
   * needed, and nothing of it is told. Default: GEOCUBES_TOKEN_COMMAND.
   */
  readonly tokenCommand?: string | undefined;
  /** JSON file of a service account's key or of a user's login. Default: GEOCUBES_KEY_FILE. */
  readonly keyFile?: string | undefined;
  /** Whether a token may go over plain http to another machine than this one, readable on the way. Default: false. */
  readonly insecureHttp?: boolean | undefined;
  /** OAuth scopes that service accounts ask for. Default: `earthengine.readonly` alone. */
  readonly scopes?: readonly string[] | undefined;
}

/** How pixels are asked for, beside the account they are asked with. */
export interface EarthEngineSourceOptions extends EarthEngineAccountOptions {
  /**
   * How many requests may be in flight, learnt from the replies. Share one limiter among all sources
   * that use the same project: the quota is the project's. Default: a new one with default bounds.
   */
  readonly limiter?: AdaptiveLimiter | LimiterOptions | undefined;
  /** A server that shares the project's quota among processes; the bounds of {@link limiter} then hold beside it. */
  readonly quota?: QuotaOptions | undefined;
  readonly retry?: RetryOptions | undefined;
  /**
   * Goes with each request for pixels, so that Earth Engine's accounting tells them from others: up to 63 of a-z,
   * 0-9, - and _, with a letter or digit at both ends, or an empty text for none. Default: made from the
   * dataset's title; none where nothing of that can stand in a tag.
   */
  readonly workloadTag?: string | undefined;
}

/**
 * Earth Engine as the source of a dataset's tiles, with the credentials found on this machine, after
 * one request that makes sure that it can serve the dataset.
 *
 * @throws {EarthEngineError} when there are no credentials, nothing answers, or the asset cannot be read.
 */
export async function earthEngine(
  dataset: Dataset,
  options: EarthEngineSourceOptions = {},
): Promise<TileSource & AsyncDisposable> {
  const { limiter, quota, retry, workloadTag: _, ...account } = options;
  // A source that Earth Engine does not have is told before anything is asked for.
  assetIdOf(dataset.source);
  const workloadTag = workloadTagFor(dataset, options.workloadTag);
  // A wrong address is told before anyone is asked for credentials.
  const endpoint = normaliseEndpoint(options.endpoint ?? HIGH_VOLUME_ENDPOINT);
  const credentials = await findCredentials({ ...account, endpoint });
  const { places, giveBack } = await limiterOf(limiter, quota);
  const source = earthEngineSource(dataset, {
    endpoint,
    credentials,
    limiter: places,
    retry,
    workloadTag,
  });
  const close = async () => {
    await source.close();
    await giveBack();
  };
  try {
    await source.check();
    return { ...source, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The tag that was given, or the dataset's own. @throws {InvalidInputError} for one of another form. */
export function workloadTagFor(
  { title }: Pick<Dataset, 'title'>,
  given: string | undefined,
): string | undefined {
  return given === undefined ? workloadTagOf(title) : checkWorkloadTag(given, 'the workload tag');
}

/** One that was given, one by its bounds, or one whose places a server lends. */
async function limiterOf(
  limiter: AdaptiveLimiter | LimiterOptions | undefined,
  quota: QuotaOptions | undefined,
): Promise<{ readonly places: AdaptiveLimiter; giveBack(): Promise<void> }> {
  if (limiter instanceof AdaptiveLimiter) {
    if (quota === undefined) return { places: limiter, giveBack: async () => {} };
    throw expected('the bounds of a limiter', 'a source with a quota server', 'a limiter');
  }
  if (quota === undefined)
    return { places: new AdaptiveLimiter(limiter), giveBack: async () => {} };
  const lent = await lendFrom(quota, limiter ?? {});
  return { places: lent.limiter, giveBack: () => lent.close() };
}
