import { setTimeout as sleep } from 'node:timers/promises';
import { AbortedError, EarthEngineError, expected, toRecord } from '../errors.js';
import type { LentMemory } from '../raster/lent-memory.js';
import type { SourceEvent } from '../tile.js';
import type { AdaptiveLimiter } from './adaptive-limiter.js';
import { withoutToken, withoutUser } from './credentials/secrecy.js';
import type { Credentials } from './credentials.js';
import { type Agent, type Dispatcher, newAgent, request } from './http.js';
import { readBody, readErrorBody, readMetadata } from './read-body.js';
import { SameReplies } from './replies/same-replies.js';
import { errorOfReply, isRetryable, retryAfterMs, shortened } from './reply-errors.js';

/** Fewer requests at a time, more caching: right for composites that Earth Engine must compute. */
export const STANDARD_ENDPOINT = 'https://earthengine.googleapis.com';

/**
 * Takes more requests at a time at a higher latency each, and caches less: right for stored pixels,
 * which is what a cube is filled with; heavy composites cost more compute there.
 */
export const HIGH_VOLUME_ENDPOINT = 'https://earthengine-highvolume.googleapis.com';

/** How often and how long a request is tried again. */
export interface RetryOptions {
  /** Tries of one request, the first included. Default 8: with one failure in three, one request in six thousand runs out. */
  readonly maxTries?: number;
  /** Milliseconds after the first try was sent in which further ones may be. Default 10 minutes, twice the longest computation. */
  readonly maxElapsedMs?: number;
  /** Milliseconds for one try from its first byte to its last, however slowly they come. Default 10 minutes. */
  readonly exchangeMs?: number;
  /** The back-off before the second try is random between 0 and twice this; it doubles from try to try. Default 500. */
  readonly baseDelayMs?: number;
  /** The longest back-off. Default 30 s. */
  readonly maxDelayMs?: number;
}

export const DEFAULT_RETRY = {
  maxTries: 8,
  maxElapsedMs: 600_000,
  exchangeMs: 600_000,
  baseDelayMs: 500,
  maxDelayMs: 30_000,
} as const;

/** The service ends a computation after five minutes. */
const REPLY_TIMEOUT_MS = 310_000;

/** A body that stops flowing for this long has broken off. */
const BODY_TIMEOUT_MS = 60_000;

/** A connection that is not made by then will not be. */
const CONNECT_TIMEOUT_MS = 15_000;

export interface Reply {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Takes the token that was sent out of what is told of the reply. */
  readonly clean?: (text: string) => string;
}

/** Where a request goes, and what stops it or listens to it. */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Below the endpoint, with its first slash. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: SourceEvent) => void) | undefined;
  /** Refuses a reply that is not what was asked for, by throwing; a retryable error leads to another try. */
  readonly check?: (reply: Reply) => Promise<void>;
  /** Lends the memory of the reply that is returned: whoever gets the reply gives it back. */
  readonly memory?: LentMemory;
  /** A reply that is longer is hung up on. Needed where there is memory to lend; others have a bound of their own. */
  readonly maxBytes?: number;
}

/** Sends requests to one endpoint on behalf of one project; keeps connections open between them. */
export class EarthEngineClient {
  readonly #agent: Agent;
  readonly #retry: Required<RetryOptions>;
  /** Before the first reply a dead endpoint is a wrong one; later it is a server that will come back. */
  #hasAnswered = false;
  /** Whether some request has got the pixels that it asked for. */
  #hasFitted = false;
  readonly endpoint: string;

  constructor(
    endpoint: string,
    private readonly credentials: Credentials,
    private readonly limiter: AdaptiveLimiter,
    retry: RetryOptions = {},
  ) {
    this.endpoint = normaliseEndpoint(endpoint);
    this.#retry = { ...DEFAULT_RETRY, ...retry };
    this.#agent = newAgent({
      // The limiter alone decides how many requests are under way.
      connections: null,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: REPLY_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS,
    });
  }

  get project(): string {
    return this.credentials.project;
  }

  /**
   * One request, repeated with exponential back-off and full jitter (or as long as the service's
   * `Retry-After` says) while its failure may pass. A 401 gets one new token.
   *
   * @throws {EarthEngineError} the last failure; `wrong-reply` where the same reply that does not fit came again
   * and again. @throws {AbortedError}
   */
  async send(call: Call): Promise<Reply> {
    const { maxTries, maxElapsedMs } = this.#retry;
    let firstSentAt: number | undefined;
    const onSend = () => {
      firstSentAt ??= performance.now();
    };
    let hasRefreshed = false;
    const same = new SameReplies();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sendOnce(call, onSend);
      } catch (cause) {
        if (call.signal?.aborted) throw stopped(cause);
        if (!(cause instanceof EarthEngineError)) throw cause;
        let error = cause;
        if (error.status === 401 && !hasRefreshed) {
          hasRefreshed = true;
          const failure = await this.#refresh(call.signal);
          call.onEvent?.({ type: 'retry', error: toRecord(error), delayMs: 0 });
          if (failure === undefined) continue;
          error = failure;
        }
        same.note(error);
        const delayMs = this.#delay(error, attempt);
        const elapsed = performance.now() - (firstSentAt ?? performance.now());
        if (
          !isRetryable(error) ||
          same.isEnough(this.#hasFitted) ||
          attempt >= maxTries ||
          elapsed + delayMs > maxElapsedMs
        ) {
          const last = same.verdict(error);
          last.tries = attempt;
          throw last;
        }
        call.onEvent?.({ type: 'retry', error: toRecord(error), delayMs });
        await pause(delayMs, call.signal);
      }
    }
  }

  /** A new token, or why there is none. */
  async #refresh(signal: AbortSignal | undefined): Promise<EarthEngineError | undefined> {
    try {
      await orStopped(this.credentials.refresh(), signal);
      return undefined;
    } catch (error) {
      if (error instanceof EarthEngineError) return error;
      throw error;
    }
  }

  /** Full jitter: clients that were refused together do not come back together. */
  #delay(error: EarthEngineError, attempt: number): number {
    const { baseDelayMs, maxDelayMs } = this.#retry;
    const backOff = Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** attempt);
    return Math.max(error.retryAfterMs ?? 0, backOff);
  }

  /** The wait for a place counts for no try, and the place is held no longer than the request lasts. */
  #sendOnce(call: Call, onSend: () => void): Promise<Reply> {
    return this.limiter.run(async (report) => {
      onSend();
      let reply: Reply | undefined;
      let authorization: string | undefined;
      try {
        const headers = await orStopped(this.credentials.headers(), call.signal);
        authorization = headers.authorization;
        reply = await this.#exchange(call, headers);
        report('healthy');
        await call.check?.(reply);
        // Only what has pixels may be spoilt as pixels are.
        if (call.memory !== undefined) this.#hasFitted = true;
        return reply;
      } catch (error) {
        if (reply !== undefined) call.memory?.giveBack(reply.bytes);
        if (error instanceof EarthEngineError) mask(error, authorization);
        report(error instanceof EarthEngineError && error.kind === 'quota' ? 'throttled' : 'other');
        throw error;
      }
    }, call.signal);
  }

  async #exchange(call: Call, headers: Readonly<Record<string, string>>): Promise<Reply> {
    const { method, path, body, signal, onEvent } = call;
    const clean = (text: string) => withoutToken(text, headers.authorization);
    const timeout = AbortSignal.timeout(this.#retry.exchangeMs);
    let response: Dispatcher.ResponseData;
    let refusal: string | undefined;
    let bytes: Uint8Array = new Uint8Array();
    try {
      // Redirects are not followed: they would take the token along.
      response = await request(`${this.endpoint}${path}`, {
        method,
        dispatcher: this.#agent,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      if (response.statusCode === 200) bytes = await readReply(response, call);
      else refusal = await readErrorBody(response.body);
    } catch (cause) {
      if (cause instanceof EarthEngineError) throw cause;
      throw this.#connectionError(cause);
    }
    this.#hasAnswered = true;
    const quota = response.headers['x-earth-engine-quota-status'];
    if (quota !== undefined)
      onEvent?.({ type: 'quota-status', status: shortened(clean(String(quota))) });
    if (refusal !== undefined)
      throw errorOfReply(response.statusCode, refusal, {
        retryAfterMs: retryAfterMs(response.headers['retry-after']),
        clean,
      });
    return { contentType: String(response.headers['content-type'] ?? ''), bytes, clean };
  }

  #connectionError(cause: unknown): EarthEngineError {
    const code = codeOf(cause);
    const isUnreachable =
      !this.#hasAnswered &&
      ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'].includes(code);
    return new EarthEngineError(
      isUnreachable ? 'unreachable' : 'transient',
      isUnreachable
        ? `Expected Earth Engine at ${this.endpoint} but nothing answers (${code}). Check --endpoint and the network.`
        : `Expected a whole reply from ${this.endpoint} but the connection broke (${code}).`,
    );
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function readReply(
  { body, headers }: Dispatcher.ResponseData,
  { memory, maxBytes }: Call,
): Promise<Uint8Array<ArrayBufferLike>> {
  return memory === undefined || maxBytes === undefined
    ? readMetadata(body)
    : readBody(body, headers['content-length'], memory, maxBytes);
}

/** Whatever an error tells, it does not tell the token that was sent. */
function mask(error: EarthEngineError, authorization: string | undefined): void {
  const { message } = error;
  error.message = withoutToken(message, authorization);
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((cause) => {
    throw stopped(cause);
  });
}

/** A token server may hang; whoever wants to stop need not wait for it. */
async function orStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let onAbort = () => {};
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(new AbortedError('The request was stopped.'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function stopped(cause: unknown): AbortedError {
  return cause instanceof AbortedError ? cause : new AbortedError('The request was stopped.');
}

/** The system's or undici's code of a failed exchange; never its message, which may quote the request. */
function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : cause instanceof Error ? cause.name : 'unknown';
}

/**
 * The endpoint without a slash at its end.
 * @throws {InvalidInputError} when it is no http or https URL, or has a user, a query or a fragment.
 */
export function normaliseEndpoint(endpoint: string): string {
  const refuse = (what: string) => expected(what, 'the endpoint', withoutUser(endpoint));
  if (!URL.canParse(endpoint)) throw refuse('an http or https URL');
  const url = new URL(endpoint);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('an http or https URL');
  if (url.username !== '' || url.password !== '')
    throw refuse('a URL without user and password, and a token in GEOCUBES_TOKEN,');
  if (url.search !== '' || url.hash !== '') throw refuse('a URL without query and fragment');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
