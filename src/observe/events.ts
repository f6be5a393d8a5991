import type { PlainError } from '../errors.js';
import type { EncodedTile, FailedTile, SourceEvent } from '../tile.js';

/** What ends an ingest before its region does: tiles, bytes received, or the time of day. */
export type LimitName = 'max-tiles' | 'max-bytes' | 'until';

/**
 * What happens during an ingest, as it happens. `at` is milliseconds since the epoch. The bar, the
 * summary, a log and a report all read these records; none of them is printed by whoever makes them.
 */
export type IngestEvent =
  | {
      readonly type: 'planned';
      readonly at: number;
      readonly tiles: number;
      readonly alreadyLoaded: number;
      readonly requests: number;
      readonly bytes: number;
    }
  /** A tile's pixels are being asked for: `fetched` or `failed` follows, unless the run ends before. */
  | { readonly type: 'fetching'; readonly at: number; readonly tile: string }
  | {
      readonly type: 'fetched';
      readonly at: number;
      readonly tile: string;
      readonly ms: number;
      readonly bytes: number;
    }
  | {
      readonly type: 'processed';
      readonly at: number;
      readonly tile: string;
      readonly ms: number;
      readonly timings: EncodedTile['timings'];
      /** When the kernel started, which is later than the wait for a thread began; milliseconds since the epoch. */
      readonly startedAt: number;
      readonly thread: number;
      readonly bytes: number;
      readonly isEmpty: boolean;
      /** Where its bands were processed in several pieces: each of them. */
      readonly pieces?: readonly Pick<EncodedTile, 'timings' | 'startedAt' | 'thread'>[];
    }
  | { readonly type: 'written'; readonly at: number; readonly tile: string; readonly ms: number }
  | {
      readonly type: 'committed';
      readonly at: number;
      readonly tiles: readonly string[];
      readonly snapshot: string;
      readonly ms: number;
      /** How often another process's commit came first, and this one was tried again. */
      readonly lostRaces?: number;
    }
  /** What the source tells while it fetches `tile`: requests, retries, splits, quota. */
  | (SourceEvent & { readonly at: number; readonly tile: string })
  /** The service refused or did not answer: whether the tile has failed or is fetched later is told then. */
  | { readonly type: 'postponed'; readonly at: number; readonly tile: string }
  /** The service is away. It is tried again after `delayMs`; at `endsAt` the run would end. */
  | {
      readonly type: 'waiting';
      readonly at: number;
      readonly error: PlainError;
      readonly delayMs: number;
      readonly endsAt: number;
    }
  /** Another process has committed a tile since it was planned. */
  | { readonly type: 'loaded-elsewhere'; readonly at: number; readonly tile: string }
  /** A tile of another shard, which nobody has begun, or whose owner is gone, is this run's now. */
  | {
      readonly type: 'taken-over';
      readonly at: number;
      readonly tile: string;
      /** That it needs. */
      readonly requests: number;
    }
  /** A shard cannot see what the others are filling in this store: it does its own tiles alone. */
  | { readonly type: 'no-takeover'; readonly at: number }
  /** A limit ended the run, and `left` tiles were not begun. */
  | {
      readonly type: 'limited';
      readonly at: number;
      readonly by: LimitName;
      readonly left: number;
    }
  | { readonly type: 'failed'; readonly at: number; readonly failure: FailedTile };

/** Whoever wants to hear what happens during an ingest. */
export type OnEvent = (event: IngestEvent) => void;
