import type { ErrorRecord } from '../errors.js';
import type { EncodedTile, FailedTile } from '../tile.js';

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
      readonly thread: number;
      readonly bytes: number;
      readonly isEmpty: boolean;
    }
  | { readonly type: 'written'; readonly at: number; readonly tile: string; readonly ms: number }
  | {
      readonly type: 'committed';
      readonly at: number;
      readonly tiles: readonly string[];
      readonly snapshot: string;
      readonly ms: number;
    }
  | {
      readonly type: 'retry';
      readonly at: number;
      readonly error: ErrorRecord;
      readonly delayMs: number;
    }
  | { readonly type: 'failed'; readonly at: number; readonly failure: FailedTile };

export type OnEvent = (event: IngestEvent) => void;
