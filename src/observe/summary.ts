import { now } from '../machine/clock.js';
import type { FailedTile } from '../tile.js';
import type { IngestEvent, LimitName } from './events.js';

/** Milliseconds by stage, summed over tiles: stages overlap, so the sum is more than the time that passed. */
export interface StageTimes {
  fetch: number;
  decode: number;
  warp: number;
  fill: number;
  encode: number;
  write: number;
  commit: number;
}

/** Where an ingest stands, or how it ended. "Done" means committed. */
export interface IngestSummary {
  /** Tiles to do in this run. */
  readonly tiles: number;
  readonly alreadyLoaded: number;
  /** Of {@link tiles}, those that this shard took over from others. */
  readonly takenOver: number;
  readonly committed: number;
  /** Tiles processed, committed or not yet: what the rate of a run is read from. */
  readonly processed: number;
  /** Committed tiles without a single valid pixel. */
  readonly empty: number;
  readonly failed: readonly FailedTile[];
  /** Tiles that were not begun because of a limit, and which one it was. */
  readonly left: number;
  readonly stoppedBy: LimitName | undefined;
  /** Requests the plan asked for, and those that brought pixels. They differ by what {@link splits} added. */
  readonly plannedRequests: number;
  readonly requests: number;
  /** Requests that had to be sent again, in all and by what went wrong (an error's kind and HTTP status). */
  readonly retries: number;
  readonly retriesByReason: Readonly<Record<string, number>>;
  /** Requests that were too large for the service and were cut in two. */
  readonly splits: number;
  /** The service's last word on the project's quota, when it had one. */
  readonly quotaStatus: string | undefined;
  readonly commits: number;
  /** Bytes received and bytes of the chunks written. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly elapsedMs: number;
  readonly stages: Readonly<StageTimes>;
}

/** Folds the events of one ingest into a summary; can be asked at any time. */
export class Tally {
  #startedAt = now();
  #endedAt: number | undefined;
  #tiles = 0;
  #alreadyLoaded = 0;
  #takenOver = 0;
  #committed = 0;
  #processed = 0;
  #empty = 0;
  readonly #failed: FailedTile[] = [];
  readonly #emptyIds = new Set<string>();
  readonly #inFlight = new Set<string>();
  /** Processed, and not committed yet. */
  readonly #waiting = new Set<string>();
  #left = 0;
  #stoppedBy: LimitName | undefined;
  #plannedRequests = 0;
  #requests = 0;
  #retries = 0;
  readonly #retriesByReason = new Map<string, number>();
  #splits = 0;
  #quotaStatus: string | undefined;
  #commits = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #stages: StageTimes = {
    fetch: 0,
    decode: 0,
    warp: 0,
    fill: 0,
    encode: 0,
    write: 0,
    commit: 0,
  };

  /** Tiles that are being fetched, processed or written. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  add(event: IngestEvent): void {
    switch (event.type) {
      case 'planned':
        this.#startedAt = event.at;
        this.#tiles = event.tiles;
        this.#alreadyLoaded = event.alreadyLoaded;
        this.#plannedRequests = event.requests;
        break;
      case 'fetching':
        this.#inFlight.add(event.tile);
        break;
      case 'postponed':
        this.#inFlight.delete(event.tile);
        break;
      case 'fetched':
        this.#bytesIn += event.bytes;
        this.#stages.fetch += event.ms;
        break;
      case 'processed':
        this.#processed++;
        this.#waiting.add(event.tile);
        this.#bytesOut += event.bytes;
        for (const stage of ['decode', 'warp', 'fill', 'encode'] as const)
          this.#stages[stage] += event.timings[stage];
        if (event.isEmpty) this.#emptyIds.add(event.tile);
        break;
      case 'written':
        this.#inFlight.delete(event.tile);
        this.#stages.write += event.ms;
        break;
      case 'committed':
        this.#commits++;
        this.#committed += event.tiles.length;
        this.#stages.commit += event.ms;
        for (const tile of event.tiles) {
          this.#waiting.delete(tile);
          if (this.#emptyIds.delete(tile)) this.#empty++;
        }
        break;
      case 'request':
        this.#requests++;
        break;
      case 'retry': {
        this.#retries++;
        const { kind = 'unknown', status } = event.error;
        const reason = status === undefined ? kind : `${kind} (${status})`;
        this.#retriesByReason.set(reason, (this.#retriesByReason.get(reason) ?? 0) + 1);
        break;
      }
      case 'split':
        this.#splits++;
        break;
      case 'quota-status':
        this.#quotaStatus = event.status;
        break;
      case 'loaded-elsewhere':
        this.#tiles--;
        this.#alreadyLoaded++;
        // It may be found out only when it was to be committed.
        if (this.#waiting.delete(event.tile)) this.#processed--;
        this.#emptyIds.delete(event.tile);
        break;
      case 'taken-over':
        this.#tiles++;
        this.#takenOver++;
        this.#plannedRequests += event.requests;
        break;
      case 'limited':
        this.#left = event.left;
        this.#stoppedBy = event.by;
        break;
      case 'failed':
        this.#inFlight.delete(event.failure.id);
        if (this.#waiting.delete(event.failure.id)) this.#processed--;
        this.#failed.push(event.failure);
        break;
    }
  }

  end(): IngestSummary {
    this.#endedAt = now();
    return this.summary();
  }

  summary(): IngestSummary {
    return {
      tiles: this.#tiles,
      alreadyLoaded: this.#alreadyLoaded,
      takenOver: this.#takenOver,
      committed: this.#committed,
      processed: this.#processed,
      empty: this.#empty,
      failed: [...this.#failed],
      left: this.#left,
      stoppedBy: this.#stoppedBy,
      plannedRequests: this.#plannedRequests,
      requests: this.#requests,
      retries: this.#retries,
      retriesByReason: Object.fromEntries(this.#retriesByReason),
      splits: this.#splits,
      quotaStatus: this.#quotaStatus,
      commits: this.#commits,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      elapsedMs: Math.max((this.#endedAt ?? now()) - this.#startedAt, 0),
      stages: { ...this.#stages },
    };
  }
}
