import { hostname } from 'node:os';
import { checkOptions } from '../../arguments.js';
import {
  AdaptiveLimiter,
  DEFAULT_CEILING,
  DEFAULT_PER_SECOND,
  type LimiterOptions,
} from '../../earth-engine/adaptive-limiter.js';
import type { QuotaNotice } from '../../quota/quota-client.js';
import { partRoundedDown } from '../../quota/shares.js';

/** A server that shares a project's quota among processes, as `geocubes quota` starts one. */
export interface QuotaOptions {
  /** `http://HOST:PORT` */
  readonly url: string;
  /** What the server and those who ask it know in common; it does not travel. Needed where it is on another machine. */
  readonly secret?: string | undefined;
  /**
   * Processes that share the quota: while the server is away, this one uses an equal part of the limiter's bounds.
   * Default: as many as the server last told; 1 where it was never there.
   */
  readonly shards?: number | undefined;
  /** What this process is called at the server. Default: host and process number. */
  readonly name?: string | undefined;
  /** Called when the server is away, and when it is there again. */
  readonly onNotice?: ((notice: QuotaNotice) => void) | undefined;
}

/** A limiter whose places are lent by a server. @throws {InvalidInputError} */
export async function lendFrom(
  options: QuotaOptions,
  bounds: LimiterOptions,
): Promise<{ readonly limiter: AdaptiveLimiter; close(): Promise<void> }> {
  checkOptions(options, 'the quota server', {
    ...{ url: 'text!', secret: 'text', shards: 'count', name: 'text', onNotice: 'function' },
  });
  const { url, secret, shards, name = `${hostname()}:${process.pid}`, onNotice } = options;
  // Few ingests ask a server.
  const [{ QuotaClient }, { connectTo, parseQuotaUrl }, { checkSecret }] = await Promise.all([
    import('../../quota/quota-client.js'),
    import('../../quota/link.js'),
    import('../../quota/secret.js'),
  ]);
  const { ceiling = DEFAULT_CEILING, perSecond = DEFAULT_PER_SECOND } = bounds;
  const share = await QuotaClient.open({
    connect: connectTo(
      parseQuotaUrl(url, 'the quota server'),
      secret === undefined ? undefined : checkSecret(secret, 'the quota server'),
    ),
    name: name.slice(0, 100),
    fallback: (holders) => {
      const n = Math.max(shards ?? holders, 1);
      return {
        places: partRoundedDown(ceiling, n),
        starts: partRoundedDown(Math.ceil(perSecond), n),
      };
    },
    onNotice,
  });
  return { limiter: new AdaptiveLimiter({ ...bounds, share }), close: () => share.close() };
}
