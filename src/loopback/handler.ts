/** The service as one function from a request to its reply. Knows no sockets, so layers can wrap it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EarthEngineError } from '../errors.js';
import type { Catalogue } from './assets/catalogue.js';
import { describeAsset, describeValue } from './assets/describe.js';
import { computePixels, getPixels } from './compute-pixels.js';
import { listAlgorithms } from './expression/algorithms.js';
import { evaluate } from './expression/evaluate.js';
import type { FaultName } from './faults/plan.js';
import { errorBody, refuse, UNAUTHENTICATED } from './refusal.js';

export interface LoopbackRequest {
  readonly method: string;
  /** Path of the URL, decoded, without the query. */
  readonly path: string;
  readonly authorization?: string;
  readonly body: Uint8Array;
}

export interface LoopbackReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** What was made to go wrong with it. */
  readonly fault?: FaultName;
  /** How it goes out; absent: whole and at once. */
  readonly delivery?: Delivery;
}

/**
 * Faults of the connection; `bytes` are those of the body that go out.
 * - `drop`: then the connection is reset; with 0 bytes, before even the status
 * - `cut`: then the connection ends in good order, though `content-length` says there is more
 * - `drip`: all of them, in pieces with pauses in between
 */
export type Delivery =
  | { readonly kind: 'drop' | 'cut'; readonly bytes: number }
  | { readonly kind: 'drip'; readonly pieces: number; readonly pauseMs: number };

/** Answers every request; errors are replies too. */
export type Handler = (request: LoopbackRequest) => Promise<LoopbackReply>;

/** Largest expression the service takes: 10 MB. */
export const MAX_BODY = 10 * 1024 * 1024;

/** What a request asks for. */
export type Route = 'algorithms' | 'pixels' | 'asset' | 'value' | 'unknown';

/** @param token the bearer token every request must carry */
export function createHandler(catalogue: Catalogue, token: string): Handler {
  // Computing blocks the thread, so one request at a time is as fast as many, and in between
  // finished replies get their turn to leave.
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const reply = last.then(() => nextTurn()).then(() => answer(request, catalogue, token));
    last = reply;
    return reply;
  };
}

function answer(request: LoopbackRequest, catalogue: Catalogue, token: string): LoopbackReply {
  try {
    if (request.authorization !== `Bearer ${token}`) {
      throw refuse(UNAUTHENTICATED, 'credentials', 401);
    }
    const content = dispatch(request, catalogue);
    return content instanceof Uint8Array
      ? { status: 200, headers: { 'content-type': 'image/tiff' }, body: content }
      : toJson(200, content);
  } catch (error) {
    const [status, message] = explain(error);
    return toJson(status, errorBody(status, message));
  }
}

function explain(error: unknown): [status: number, message: string] {
  if (error instanceof EarthEngineError) return [error.status ?? 400, error.message];
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return [400, 'The expression is nested too deeply.'];
  }
  return [500, `An internal error has occurred. ${error instanceof Error ? error.message : error}`];
}

function dispatch(request: LoopbackRequest, catalogue: Catalogue): object | Uint8Array {
  const { method, path } = request;
  const name = path.slice('/v1/'.length);
  switch (routeOf(method, path)) {
    case 'algorithms':
      return listAlgorithms();
    case 'value':
      return { result: describeValue(evaluate(readJson(request).expression, catalogue)) };
    case 'pixels':
      return name.endsWith(GET_PIXELS)
        ? getPixels(name.slice(0, -GET_PIXELS.length), readJson(request), catalogue)
        : computePixels(readJson(request), catalogue);
    case 'asset': {
      const asset = catalogue.find(name);
      if (asset === undefined) {
        throw refuse(`Asset '${name}' not found.`, 'not-found', 404);
      }
      return describeAsset(asset);
    }
    default:
      throw refuse(`No method ${method} ${path} on this server.`, 'not-found', 404);
  }
}

const GET_PIXELS = ':getPixels';

export function routeOf(method: string, path: string): Route {
  if (method === 'GET') {
    if (/^\/v1\/projects\/[^/]+\/algorithms$/.test(path)) return 'algorithms';
    if (/^\/v1\/projects\/[^/]+\/assets\/.+/.test(path)) return 'asset';
  }
  if (method === 'POST') {
    if (/^\/v1\/projects\/[^/]+\/image:computePixels$/.test(path)) return 'pixels';
    if (/^\/v1\/projects\/[^/]+\/assets\/.+:getPixels$/.test(path)) return 'pixels';
    if (/^\/v1\/projects\/[^/]+\/value:compute$/.test(path)) return 'value';
  }
  return 'unknown';
}

function readJson({ body }: LoopbackRequest): Readonly<Record<string, unknown>> {
  if (body.length > MAX_BODY) {
    throw refuse(`Request payload size exceeds the limit: ${MAX_BODY} bytes.`, 'too-large');
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw refuse(`Invalid JSON payload received. ${cause instanceof Error ? cause.message : ''}`);
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Readonly<Record<string, unknown>>;
  }
  throw refuse('Invalid JSON payload received. The request must be an object.');
}

export function toJson(status: number, content: unknown): LoopbackReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: new TextEncoder().encode(JSON.stringify(content)),
  };
}
