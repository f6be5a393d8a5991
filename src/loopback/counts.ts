import { FAULT_NAMES, type FaultName } from './faults/plan.js';
import type { Route } from './handler.js';

export interface RequestEvent {
  readonly method: string;
  readonly path: string;
  readonly route: Route;
  /** 0 when the connection is dropped before any byte of the reply. */
  readonly status: number;
  /** From the arrival of the whole request to the reply being ready. */
  readonly ms: number;
  /** Bytes of the reply's body that go out. */
  readonly bytes: number;
  /** What was made to go wrong. */
  readonly fault?: FaultName;
}

/** How many requests of each kind have been answered so far, and what became of them. */
export interface RequestCounts extends Readonly<Record<Route, number>> {
  readonly total: number;
  /** Replies with a status of 400 or above. */
  readonly rejected: number;
  /** Bytes of all replies' bodies that went out. */
  readonly bytesSent: number;
  /** Pixel requests answered with the right pixels, if late or slowly. */
  readonly served: number;
  /** Replies with status 429, whatever the reason. */
  readonly tooManyRequests: number;
  /** The most pixel requests that were being answered at the same time; refused ones do not count. */
  readonly maxInFlight: number;
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<FaultName, number>>;
}

/** Faults after which the pixels still arrive, all of them and right. */
const HARMLESS: ReadonlySet<FaultName | undefined> = new Set([
  undefined,
  'delay',
  'drip',
  'format',
]);

/** Counts replies; in-flight requests are counted where they wait. */
export class RequestCounter {
  readonly #routes = {
    discovery: 0,
    algorithms: 0,
    pixels: 0,
    asset: 0,
    list: 0,
    value: 0,
    thumbnail: 0,
    unknown: 0,
  };
  readonly #sums = { total: 0, rejected: 0, bytesSent: 0, served: 0, tooManyRequests: 0 };
  readonly #faults = Object.fromEntries(FAULT_NAMES.map((name) => [name, 0])) as Record<
    FaultName,
    number
  >;

  add({ route, status, bytes, fault }: RequestEvent): void {
    this.#routes[route] += 1;
    this.#sums.total += 1;
    this.#sums.bytesSent += bytes;
    if (status >= 400) this.#sums.rejected += 1;
    if (status === 429) this.#sums.tooManyRequests += 1;
    if (route === 'pixels' && status === 200 && HARMLESS.has(fault)) this.#sums.served += 1;
    if (fault !== undefined) this.#faults[fault] += 1;
  }

  /** The counts of this moment. */
  read(): Omit<RequestCounts, 'maxInFlight'> {
    return { ...this.#routes, ...this.#sums, faults: { ...this.#faults } };
  }
}
