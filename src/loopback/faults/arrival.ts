import { createHash } from 'node:crypto';
import { type LoopbackRequest, type Route, routeOf } from '../handler.js';
import { seededRandom } from './random.js';

/** A request and its place in the order of arrival, which decides what goes wrong with it. */
export interface Arrival {
  readonly request: LoopbackRequest;
  readonly route: Route;
  /** From 1, among the requests of its route. */
  readonly ordinal: number;
  /** Pixel requests that arrived before this one. */
  readonly pixelsBefore: number;
  /** Numbers in [0, 1) of this request alone. The first decides whether it gets a fault. */
  readonly random: () => number;
}

/** In an order that stays: it is part of the seed of each request's generator. */
const ROUTES: readonly Route[] = [
  'pixels',
  'asset',
  'algorithms',
  'value',
  'unknown',
  'discovery',
  'list',
  'thumbnail',
];

/** Numbers requests as they arrive. */
export function createRegister(seed: number): (request: LoopbackRequest) => Arrival {
  const seen = new Map<Route, number>();
  return (request) => {
    const route = routeOf(request.method, request.path);
    const pixelsBefore = seen.get('pixels') ?? 0;
    const ordinal = (seen.get(route) ?? 0) + 1;
    seen.set(route, ordinal);
    const random = seededRandom(seed, ROUTES.indexOf(route), ordinal);
    return { request, route, ordinal, pixelsBefore, random };
  };
}

/** The same for equal requests, whatever their token. */
export function digestOf({ method, path, body }: LoopbackRequest): string {
  return createHash('sha1').update(`${method} ${path}\n`).update(body).digest('base64');
}
