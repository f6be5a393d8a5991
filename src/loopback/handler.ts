/** The service as one function from a request to its reply. Knows no sockets, so layers can wrap it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EarthEngineError } from '../errors.js';
import type { Catalogue } from './assets/catalogue.js';
import { describeAsset, describeValue } from './assets/describe.js';
import { computePixels, getPixels, type PixelReply } from './compute-pixels.js';
import { discoveryDocument } from './discovery.js';
import { listAlgorithms } from './expression/algorithms.js';
import { evaluate } from './expression/evaluate.js';
import type { FaultName } from './faults/plan.js';
import { listChildren } from './listing.js';
import { errorBody, refuse, UNAUTHENTICATED } from './refusal.js';
import { Thumbnails } from './thumbnails.js';

export interface LoopbackRequest {
  readonly method: string;
  /** Path of the URL, decoded, without the query. */
  readonly path: string;
  /** What follows the question mark in the URL, as it stands there. */
  readonly query?: string;
  /** The host and port that the client asked, for URLs in replies. */
  readonly host?: string;
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
export type Route =
  | 'discovery'
  | 'algorithms'
  | 'pixels'
  | 'asset'
  | 'list'
  | 'value'
  | 'thumbnail'
  | 'unknown';

/** @param token the bearer token every request must carry */
export function createHandler(catalogue: Catalogue, token: string): Handler {
  const service: Service = { catalogue, token, thumbnails: new Thumbnails() };
  // Computing blocks the thread, so one request at a time is as fast as many, and in between
  // finished replies get their turn to leave.
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const reply = last.then(() => nextTurn()).then(() => answer(request, service));
    last = reply;
    return reply;
  };
}

interface Service {
  readonly catalogue: Catalogue;
  readonly token: string;
  readonly thumbnails: Thumbnails;
}

function answer(request: LoopbackRequest, service: Service): LoopbackReply {
  try {
    const { method, path, authorization } = request;
    // The description of the service, and the URLs that are given out for downloads.
    const isOpen = routeOf(method, path) === 'discovery' || THUMBNAIL_PIXELS.test(path);
    if (!isOpen && authorization !== `Bearer ${service.token}`) {
      throw refuse(UNAUTHENTICATED, 'credentials', 401);
    }
    const content = dispatch(request, service);
    return isPixels(content)
      ? { status: 200, headers: { 'content-type': content.contentType }, body: content.bytes }
      : toJson(200, content);
  } catch (error) {
    const [status, message] = explain(error);
    return toJson(status, errorBody(status, message));
  }
}

function isPixels(content: object): content is PixelReply {
  return 'bytes' in content && content.bytes instanceof Uint8Array;
}

function explain(error: unknown): [status: number, message: string] {
  if (error instanceof EarthEngineError) return [error.status ?? 400, error.message];
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return [400, 'The expression is nested too deeply.'];
  }
  return [500, `An internal error has occurred. ${error instanceof Error ? error.message : error}`];
}

function dispatch(
  request: LoopbackRequest,
  { catalogue, thumbnails }: Service,
): object | PixelReply {
  const { method, path, query, host } = request;
  const name = path.slice('/v1/'.length);
  switch (routeOf(method, path)) {
    case 'discovery':
      return discoveryDocument(`http://${host ?? '127.0.0.1'}`);
    case 'algorithms':
      return listAlgorithms();
    case 'value':
      return { result: describeValue(evaluate(readJson(request).expression, catalogue)) };
    case 'pixels':
      if (method === 'GET') return thumbnails.getPixels(before(name, ':getPixels'), catalogue);
      return name.endsWith(':getPixels')
        ? getPixels(before(name, ':getPixels'), readJson(request), catalogue)
        : computePixels(readJson(request), catalogue);
    case 'thumbnail':
      return thumbnails.create(name.split('/')[1] ?? '', readJson(request), catalogue);
    case 'list': {
      const kind = name.endsWith(':listImages') ? 'images' : 'assets';
      const parent = name.slice(0, name.lastIndexOf(':'));
      return listChildren(parent, kind, new URLSearchParams(query ?? ''), catalogue);
    }
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

function before(name: string, end: string): string {
  return name.slice(0, -end.length);
}

const THUMBNAIL_PIXELS = /^\/v1\/projects\/[^/]+\/thumbnails\/[^/]+:getPixels$/;

/** In order: a listing's path would pass for that of an asset. */
const ROUTES: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
  ['GET', /^\/\$discovery\/rest$/, 'discovery'],
  ['GET', /^\/v1\/projects\/[^/]+\/algorithms$/, 'algorithms'],
  ['GET', THUMBNAIL_PIXELS, 'pixels'],
  ['GET', /^\/v1\/projects\/[^/]+(\/assets(\/.+)?)?:list(Assets|Images)$/, 'list'],
  ['GET', /^\/v1\/projects\/[^/]+\/assets\/.+/, 'asset'],
  ['POST', /^\/v1\/projects\/[^/]+\/image:computePixels$/, 'pixels'],
  ['POST', /^\/v1\/projects\/[^/]+\/assets\/.+:getPixels$/, 'pixels'],
  ['POST', /^\/v1\/projects\/[^/]+\/value:compute$/, 'value'],
  ['POST', /^\/v1\/projects\/[^/]+\/thumbnails$/, 'thumbnail'],
];

export function routeOf(method: string, path: string): Route {
  const found = ROUTES.find(([verb, pattern]) => verb === method && pattern.test(path));
  return found === undefined ? 'unknown' : found[2];
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
