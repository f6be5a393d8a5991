import { setTimeout as sleep } from 'node:timers/promises';
import { expected } from '../../../errors.js';
import type { TileIndex } from '../../../grid/tiling.js';
import type { LimitName } from '../../../observe/events.js';
import type { ClaimAnswer, TileClaims } from '../../../store/sharing/tile-claims.js';
import type { PlannedTile } from '../../../tile.js';
import type { IngestLimits } from '../ingest-options.js';
import type { IngestPlan, OtherTiles } from '../plan.js';
import { SpreadWalk } from './spread-walk.js';

/** What a queue hands out, and on what conditions. */
export interface TileQueueOptions extends Omit<IngestLimits, 'maxTiles'> {
  readonly plan: IngestPlan;
  readonly claims: TileClaims;
  /** Of a shard: the tiles of the others, and whether one of them was committed a short time ago. */
  readonly others?:
    | (OtherTiles & { readonly isLoaded: (index: TileIndex) => Promise<boolean> })
    | undefined;
  /** Told of tiles that another process has committed since they were planned. */
  readonly onLoadedElsewhere: (tile: PlannedTile) => void;
  /** Told of tiles of another shard that are this run's now. */
  readonly onTakenOver: (tile: PlannedTile) => void;
  /** Called while nothing is left but what other processes are filling: what is finished can be committed. */
  readonly onIdle: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Between looks at tiles that other processes have, when nothing else is left. */
const BUSY_DELAY_MS = 250;

/** Tiles of other processes that are remembered before they are looked at again: few are under way at a time. */
const MAX_BUSY = 256;

/** The same of other shards, which may be a hundred: once these are done, all are looked at again. */
const MAX_BUSY_OTHERS = 64;

interface WantedTile {
  readonly tile: PlannedTile;
  /** Whether it is another shard's. */
  readonly isOther: boolean;
}

/**
 * Hands out the tiles of one run: first those put back, then the plan's (in its order, or spread out where others fill
 * the same region), then those of other shards that nobody has begun, at last those that another process was filling at their turn, if it has not finished them. Ends where a limit
 * says so.
 */
export class TileQueue {
  readonly #tiles: SpreadWalk;
  readonly #returned: PlannedTile[] = [];
  #busy: WantedTile[] = [];
  /** The tiles of other shards, as they are gone through: again, as long as somebody was filling some of them. */
  #others: Generator<PlannedTile> | undefined;
  #wasBusy = false;
  #busyOthers = 0;
  /** Of other shards, tried by this run. */
  readonly #takenOver = new Set<string>();
  readonly #underWay = new Map<string, number>();
  #left: number;
  #received = 0;
  #stoppedBy: LimitName | undefined;
  #wake: (() => void)[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: TileQueueOptions) {
    this.#tiles = new SpreadWalk(options.plan);
    this.#others = options.others?.plannedTiles();
    this.#left = options.plan.pending;
  }

  /** Tiles that were not begun. */
  get left(): number {
    return this.#left;
  }

  /** The limit that ended the run, if one did while tiles were left. */
  get stoppedBy(): LimitName | undefined {
    return this.#left > 0 ? this.#stoppedBy : undefined;
  }

  /**
   * The next tile, which is claimed for this process; `undefined` when there is none.
   * @throws {InvalidInputError} when not even one tile fits into the bytes that may be received.
   */
  async next(): Promise<PlannedTile | undefined> {
    if (this.options.signal.aborted || this.#isTimeUp()) return undefined;
    const tile = this.#returned.pop() ?? (await this.#nextFree());
    if (tile === undefined) return undefined;
    if (await this.#begin(tile)) return tile;
    await this.options.claims.release(tile.id);
    return undefined;
  }

  /** A tile is no longer under way: it is written, or lost. */
  ended(tile: PlannedTile): void {
    this.#underWay.delete(tile.id);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Tiles that were handed out and are to be tried again, before others. They stay claimed. */
  putBack(tiles: readonly PlannedTile[]): void {
    this.#left += tiles.length;
    this.#returned.push(...[...tiles].reverse());
  }

  /** Counts bytes that have come. */
  received(bytes: number): void {
    this.#received += bytes;
  }

  #isTimeUp(): boolean {
    const { until } = this.options;
    if (this.#stoppedBy === undefined && until !== undefined && Date.now() >= until.getTime())
      this.#stoppedBy = 'until';
    return this.#stoppedBy !== undefined;
  }

  async #nextFree(): Promise<PlannedTile | undefined> {
    for (let tile = this.#tiles.next(); tile !== undefined; tile = this.#tiles.next()) {
      const { jumps } = this.#tiles;
      const answer = await this.#claim({ tile, isOther: false });
      if (answer === 'ours') return tile;
      // Shards meet nobody but who takes over from them, from the end.
      if (answer === 'busy' && this.options.others === undefined) this.#tiles.leave(jumps);
      if (this.options.signal.aborted) return undefined;
      if (this.#busy.length < MAX_BUSY) continue;
      const free = await this.#firstNoLongerBusy();
      if (free !== undefined) return free;
    }
    const other = await this.#nextOfOthers();
    if (other !== undefined || this.options.signal.aborted) return other;
    return this.#inTurn(() => this.#nextReleased());
  }

  /** The first tile of other shards that nobody has begun, or whose owner is gone. */
  async #nextOfOthers(): Promise<PlannedTile | undefined> {
    const { others, signal } = this.options;
    while (others !== undefined && !signal.aborted && !this.#isTimeUp()) {
      const tile = this.#others?.next().value;
      if (tile === undefined) return undefined;
      if (this.#takenOver.has(tile.id) || (await others.isLoaded(tile.index))) continue;
      if ((await this.#claim({ tile, isOther: true })) === 'ours') return tile;
    }
    return undefined;
  }

  /** Goes through the tiles of other shards once more, where some were not done when it was done last. */
  async #lookAgain(): Promise<PlannedTile | undefined> {
    if (this.#busy.length === 0 && this.#wasBusy) {
      this.#wasBusy = false;
      this.#others = this.options.others?.plannedTiles();
    }
    return this.#nextOfOthers();
  }

  /** The first tile that another process gives up without having loaded it. */
  async #nextReleased(): Promise<PlannedTile | undefined> {
    const { signal, onIdle } = this.options;
    while ((this.#busy.length > 0 || this.#wasBusy) && !this.#isTimeUp() && !signal.aborted) {
      const free = (await this.#firstNoLongerBusy()) ?? (await this.#lookAgain());
      if (free !== undefined) return free;
      // The other one may wait for tiles of this run in turn.
      if (this.#underWay.size === 0) await onIdle();
      if (this.#busy.length > 0) await pause(BUSY_DELAY_MS, signal);
    }
    return undefined;
  }

  /** One caller after the other. */
  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task);
    this.#turn = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  /** Looks through the tiles of other processes: forgets those that are loaded by now. */
  async #firstNoLongerBusy(): Promise<PlannedTile | undefined> {
    const all = this.#busy;
    this.#busy = [];
    this.#busyOthers = 0;
    for (let next = all.shift(); next !== undefined; next = all.shift()) {
      if ((await this.#claim(next)) === 'ours') {
        for (const each of all) this.#remember(each);
        return next.tile;
      }
    }
    return undefined;
  }

  async #claim({ tile, isOther }: WantedTile): Promise<ClaimAnswer | 'given-up'> {
    const answer = await this.options.claims.claim(tile.index);
    if (answer === 'busy') this.#remember({ tile, isOther });
    else if (answer === 'ours' && isOther) {
      this.#takenOver.add(tile.id);
      // Its failure is final, and told by the shard that met it.
      if (await this.options.claims.isGivenUp(tile.id)) {
        await this.options.claims.release(tile.id);
        return 'given-up';
      }
      this.#left++;
      this.options.onTakenOver(tile);
    } else if (answer === 'loaded' && !isOther) {
      this.#left--;
      this.options.onLoadedElsewhere(tile);
    }
    return answer;
  }

  #remember(wanted: WantedTile): void {
    if (wanted.isOther) {
      this.#wasBusy = true;
      if (this.#busyOthers >= MAX_BUSY_OTHERS) return;
      this.#busyOthers++;
    }
    this.#busy.push(wanted);
  }

  /**
   * Whether the tile may be begun under the limit of bytes: then it is under way, before anyone else can ask
   * for the same room. Waits while tiles under way may still make some.
   */
  async #begin(tile: PlannedTile): Promise<boolean> {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.options;
    const bytes = bytesOf(tile);
    for (;;) {
      let underWay = 0;
      for (const each of this.#underWay.values()) underWay += each;
      if (this.#received + underWay + bytes <= maxBytes) {
        this.#left--;
        this.#underWay.set(tile.id, bytes);
        return true;
      }
      if (this.#underWay.size === 0) break;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
      if (this.options.signal.aborted || this.#isTimeUp()) return false;
    }
    if (this.#received === 0)
      throw expected(
        `at least the ${bytes} bytes of one tile`,
        'the bytes to receive at the most',
        maxBytes,
      );
    this.#stoppedBy ??= 'max-bytes';
    return false;
  }
}

function bytesOf({ requests }: PlannedTile): number {
  return requests.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
