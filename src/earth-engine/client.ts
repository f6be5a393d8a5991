import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { AbortedError, EarthEngineError, expected } from '../errors.js';
import type { Credentials } from './credentials.js';
import { errorOfReply, isRetryable } from './reply-errors.js';

export const STANDARD_ENDPOINT = 'https://earthengine.googleapis.com';

/**
 * Takes more requests at a time at a higher latency each and caches less: right for stored pixels,
 * which is what a cube is filled with, wrong for heavy composites.
 */
export const HIGH_VOLUME_ENDPOINT = 'https://earthengine-highvolume.googleapis.com';

/** Tries of one request, the first included; Google's own advice is "up to five" repeats. */
const MAX_TRIES = 6;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** The service ends a computation after five minutes. */
const REPLY_TIMEOUT_MS = 310_000;

export interface Reply {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Told of each try that failed and will be repeated. */
export type OnRetry = (error: EarthEngineError, delayMs: number) => void;

/** Sends requests to one endpoint on behalf of one project; keeps connections open between them. */
export class EarthEngineClient {
  readonly #agent: Agent;
  readonly endpoint: string;

  constructor(
    endpoint: string,
    private readonly credentials: Credentials,
    connections: number,
  ) {
    this.endpoint = normaliseEndpoint(endpoint);
    this.#agent = new Agent({
      connections,
      headersTimeout: REPLY_TIMEOUT_MS,
      bodyTimeout: REPLY_TIMEOUT_MS,
    });
  }

  get project(): string {
    return this.credentials.project;
  }

  /**
   * One request, repeated with exponential back-off and full jitter while its failure may pass.
   * @throws {EarthEngineError} the last failure. @throws {AbortedError}
   */
  async send(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    onRetry?: OnRetry,
  ): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sendOnce(method, path, body, signal);
      } catch (error) {
        if (signal?.aborted) throw new AbortedError('The request was stopped.', { cause: error });
        if (!(error instanceof EarthEngineError) || !isRetryable(error) || attempt >= MAX_TRIES)
          throw error;
        const delay = Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
        onRetry?.(error, delay);
        await sleep(delay, undefined, signal === undefined ? {} : { signal }).catch((cause) => {
          throw new AbortedError('The request was stopped.', { cause });
        });
      }
    }
  }

  async #sendOnce(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<Reply> {
    const headers = await this.credentials.headers();
    let response: Dispatcher.ResponseData;
    try {
      response = await request(`${this.endpoint}${path}`, {
        method,
        dispatcher: this.#agent,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
      const bytes = new Uint8Array(await response.body.arrayBuffer());
      if (response.statusCode === 200)
        return { contentType: String(response.headers['content-type'] ?? ''), bytes };
      throw errorOfReply(response.statusCode, Buffer.from(bytes).toString('utf8'));
    } catch (error) {
      if (error instanceof EarthEngineError) throw error;
      throw this.#connectionError(error);
    }
  }

  #connectionError(cause: unknown): EarthEngineError {
    const code = codeOf(cause);
    const unreachable =
      code === 'ECONNREFUSED' ||
      code === 'ENOTFOUND' ||
      code === 'EHOSTUNREACH' ||
      code === 'ENETUNREACH';
    return new EarthEngineError(
      unreachable ? 'unreachable' : 'transient',
      unreachable
        ? `Expected Earth Engine at ${this.endpoint} but nothing answers (${code}). Check --endpoint and the network.`
        : `Expected a whole reply from ${this.endpoint} but the connection broke (${code}).`,
      undefined,
      { cause },
    );
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : cause instanceof Error ? cause.name : 'unknown';
}

function normaliseEndpoint(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw expected('an http or https URL', 'the endpoint', endpoint);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw expected('an http or https URL', 'the endpoint', endpoint);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
