/**
 * A process's part of a quota that a server lends, as the limiter of requests sees it. While the server is away, the
 * part is a fixed share; when it answers again, it is what the server says.
 */
import { randomUUID } from 'node:crypto';
import { AbortedError, InvalidInputError } from '../errors.js';
import { type Allotment, type Amounts, type FromServer, lineOf, MOST_PLACES } from './messages.js';
import { StartClock } from './start-clock.js';

/** A connection to the server, which has been shown to be the right one. */
export interface Link {
  /** That this side knows the secret. */
  readonly proof: string | undefined;
  send(line: string): void;
  close(): void;
}

export interface LinkHandlers {
  onMessage(message: FromServer): void;
  /** Once, unless this side has closed it. */
  onClose(why: string): void;
}

/** @throws an Error whose message is a few words on why there is no connection; {@link InvalidInputError} where another try would end in the same way. */
export type Connect = (handlers: LinkHandlers) => Promise<Link>;

/** What a user is told of. */
export interface QuotaNotice {
  readonly isAway: boolean;
  /** Requests that may be under way while the server is away. */
  readonly places: number;
  /** A few words on why it is away. */
  readonly why: string;
}

export interface QuotaClientOptions {
  readonly connect: Connect;
  /** For people at the server, such as host and pid. */
  readonly name: string;
  /**
   * What this process uses while there is no server.
   * @param holders how many shared the quota when the server was last heard; 0 when it never was
   */
  readonly fallback: (holders: number) => Amounts;
  readonly onNotice?: ((notice: QuotaNotice) => void) | undefined;
}

/** How long the first answer is waited for. */
const PATIENCE_MS = 5_000;

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

/** Until a server has said how long it lends for. */
const DEFAULT_LEASE_MS = 10_000;
const DEFAULT_WINDOW_MS = 1_010;

export class QuotaClient {
  readonly #id = randomUUID();
  readonly #options: QuotaClientOptions;
  readonly #starts = new StartClock(DEFAULT_WINDOW_MS);
  #link: Link | undefined;
  /** The last that came over this link. */
  #allotment: Allotment | undefined;
  #holders = 0;
  #leaseMs = DEFAULT_LEASE_MS;
  /** Why there is no server; `undefined` while there is one, or it has not been asked yet. */
  #away: { readonly since: number; readonly before: Amounts | undefined } | undefined;
  #failures = 0;
  #inFlight = 0;
  #wanted = 0;
  #lastSaid = '';
  #isClosed = false;
  #listener = () => {};
  #flush: NodeJS.Immediate | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #decay: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;

  private constructor(options: QuotaClientOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the server has lent something, or is known to be away: that is no error.
   * @throws {InvalidInputError} of `connect`: no server ever answers such a call.
   */
  static async open(options: QuotaClientOptions): Promise<QuotaClient> {
    const client = new QuotaClient(options);
    let timer: NodeJS.Timeout | undefined;
    const settled = new Promise<void>((resolve) => {
      client.#listener = resolve;
      timer = setTimeout(() => {
        client.#lose('it does not answer');
        resolve();
      }, PATIENCE_MS);
    });
    try {
      await client.#connect(true);
      await settled;
      return client;
    } catch (error) {
      await client.close();
      throw error;
    } finally {
      clearTimeout(timer);
      client.#listener = () => {};
    }
  }

  /** Requests that may be under way now. */
  get places(): number {
    return this.#limits().places;
  }

  /** Calls back whenever there may be more places than before. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  /** Tells how many requests are under way, and how many there would be if there were places. */
  use(inFlight: number, wanted: number): void {
    this.#inFlight = inFlight;
    this.#wanted = Math.min(wanted, MOST_PLACES);
    this.#tellSoon();
  }

  /** Resolves when one more request may be begun, as far as their number in a second is concerned. @throws {AbortedError} */
  start(signal?: AbortSignal): Promise<void> {
    return this.#starts.wait(signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of [this.#renewal, this.#retry, this.#decay, this.#settling])
      clearTimeout(timer);
    clearImmediate(this.#flush);
    this.#link?.send(lineOf({ type: 'leave' }));
    this.#link?.close();
    this.#starts.close(new AbortedError('The quota was given back.'));
  }

  #limits(): Amounts {
    if (this.#allotment !== undefined) {
      // After a long sleep what was lent is somebody else's: see `#renew`.
      const { heard, leaseMs } = this.#allotment;
      if (performance.now() - heard < leaseMs) return this.#allotment;
      return { places: 0, starts: 0 };
    }
    if (this.#away === undefined) return { places: 0, starts: 0 };
    const share = this.#options.fallback(this.#holders);
    const { since, before } = this.#away;
    // Others that had more than their share still have it until their requests end.
    if (before === undefined || performance.now() - since >= this.#leaseMs) return share;
    return {
      places: Math.min(share.places, before.places),
      starts: Math.min(share.starts, before.starts),
    };
  }

  async #connect(isFirst = false): Promise<void> {
    try {
      const link = await this.#options.connect({
        onMessage: (message) => {
          if (message.type === 'allotment') this.#hear(message);
          else this.#lose(REFUSALS[message.why]);
        },
        onClose: (why) => this.#lose(why),
      });
      if (this.#isClosed) {
        link.close();
        return;
      }
      this.#link = link;
      const fallback = this.#options.fallback(this.#holders);
      const limits = this.#limits();
      const using = {
        places: Math.max(this.#inFlight, limits.places),
        starts: Math.max(this.#starts.begun, limits.starts),
      };
      link.send(
        lineOf({
          ...{ type: 'join', id: this.#id, name: this.#options.name, fallback },
          ...(link.proof === undefined ? {} : { proof: link.proof }),
          state: { seq: 0, using, wanted: this.#wanted, sent: performance.now() },
        }),
      );
    } catch (error) {
      if (isFirst && error instanceof InvalidInputError) throw error;
      this.#lose(error instanceof Error ? error.message : String(error));
    }
  }

  #hear(allotment: Allotment): void {
    const wasAway = this.#away !== undefined;
    this.#away = undefined;
    this.#failures = 0;
    clearTimeout(this.#settling);
    this.#allotment = allotment;
    this.#holders = allotment.holders;
    if (this.#leaseMs !== allotment.leaseMs || this.#renewal === undefined) {
      this.#leaseMs = allotment.leaseMs;
      clearInterval(this.#renewal);
      this.#renewal = setInterval(() => this.#renew(), this.#leaseMs / 3);
    }
    this.#applyLimits();
    if (wasAway) this.#notice('');
    this.#tellSoon();
  }

  #renew(): void {
    if (this.#allotment === undefined) return;
    const { heard, leaseMs } = this.#allotment;
    // Its connection may be there still, with nobody at the other end.
    if (performance.now() - heard >= leaseMs) this.#lose('it does not answer');
    else this.#say(true);
  }

  #lose(why: string): void {
    if (this.#isClosed) return;
    this.#link?.close();
    this.#link = undefined;
    this.#lastSaid = '';
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    const before = this.#allotment;
    this.#allotment = undefined;
    if (this.#away === undefined) {
      this.#away = { since: performance.now(), before };
      this.#notice(why);
      this.#settling = setTimeout(() => this.#applyLimits(), this.#leaseMs);
    }
    this.#applyLimits();
    clearTimeout(this.#retry);
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, LONGEST_RETRY_MS);
    // Holders that lost it together do not come back together.
    this.#retry = setTimeout(() => void this.#connect(), delay * (0.5 + Math.random() / 2));
  }

  #notice(why: string): void {
    const { places } = this.#options.fallback(this.#holders);
    this.#options.onNotice?.({ isAway: this.#away !== undefined, places, why });
  }

  #applyLimits(): void {
    const { windowMs } = this.#allotment ?? {};
    this.#starts.limit(this.#limits().starts, windowMs);
    this.#listener();
  }

  /** Once for all that happens in one turn of the event loop. */
  #tellSoon(): void {
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      this.#say(false);
    });
  }

  #say(isRenewal: boolean): void {
    const allotment = this.#allotment;
    if (allotment === undefined || this.#link === undefined) return;
    const begun = this.#starts.begun;
    const using = {
      places: above(this.#inFlight, allotment.places),
      starts: above(begun, allotment.starts),
    };
    if (using.starts > 0) this.#tellWhenStartsEnd();
    const state = { seq: allotment.seq, using, wanted: this.#wanted };
    const said = JSON.stringify(state);
    if (said === this.#lastSaid && !isRenewal) return;
    this.#lastSaid = said;
    this.#link.send(lineOf({ type: 'state', ...state, sent: performance.now() }));
  }

  #tellWhenStartsEnd(): void {
    clearTimeout(this.#decay);
    this.#decay = setTimeout(() => this.#tellSoon(), Math.max(this.#starts.untilNextEnds, 1));
  }
}

function above(used: number, allotted: number): number {
  return used > allotted ? used : 0;
}

const REFUSALS = {
  secret: 'it says that the secret is another one',
  full: 'it has as many holders as it takes',
  unreadable: 'it is of another version',
} as const;
