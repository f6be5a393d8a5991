import { ShardCut } from '../../src/cube/shards/cut.js';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { SMALL_DATASET } from '../e2e/loopback-cubes.js';
import type { Calm } from '../fault/support/disturbed-cubes.js';
import { type FrontServer, Moment, startFront } from '../fault/support/front-server.js';

export interface HeldOptions {
  /** The cube as one process fills it, of the grid of disturbed-cubes.ts. */
  readonly calm: Calm;
  /** Degrees along a tile. */
  readonly side: number;
  readonly shards: number;
  /** Replies that each shard gets before its service stands still. */
  readonly free: number;
}

/** An Earth Engine on this machine that stands still in the middle of each shard, until it is let go. */
export class HeldService {
  readonly #moment = new Moment();
  readonly #passed: number[];
  readonly #held: number[];
  readonly #askedOf = new Map<string, number>();
  #isHeld = true;

  private constructor(
    private readonly loopback: LoopbackServer,
    private readonly front: FrontServer,
    shards: number,
  ) {
    this.#passed = new Array(shards).fill(0);
    this.#held = new Array(shards).fill(0);
  }

  static async start({ calm, side, shards, free }: HeldOptions): Promise<HeldService> {
    const { grid } = SMALL_DATASET;
    const shardOf = shardsByTile(calm, shards);
    const loopback = await startLoopback();
    const front = await startFront(loopback.url, async (_, { corner }) => {
      const [x = 0, y = 0] = corner.split(' ').map(Number);
      const row = Math.round((grid.bounds[3] - y) / side);
      const col = Math.round((x - grid.bounds[0]) / side);
      return service.#answer(`${row}-${col}`, shardOf.get(`${row}-${col}`), free);
    });
    const service = new HeldService(loopback, front, shards);
    return service;
  }

  get url(): string {
    return this.front.url;
  }

  /** Requests for pixels, by the count of the server behind. */
  get asked(): number {
    return this.loopback.requests.pixels;
  }

  /** The most requests that there were for one tile. */
  get mostOfOneTile(): number {
    return Math.max(...this.#askedOf.values());
  }

  /** Replies that have gone out before it was let go. */
  get passed(): number {
    return this.#passed.reduce((sum, each) => sum + each, 0);
  }

  /** Replies that wait. */
  get held(): number {
    return this.#held.reduce((sum, each) => sum + each, 0);
  }

  /** Whether each shard has got what it gets, and waits for more. */
  get isInTheMiddle(): boolean {
    return this.#held.every((each) => each > 0);
  }

  letGo(): void {
    this.#isHeld = false;
    this.#moment.come();
  }

  async close(): Promise<void> {
    this.letGo();
    await this.front.close();
    await this.loopback.close();
  }

  async #answer(tile: string, shard: number | undefined, free: number): Promise<undefined> {
    this.#askedOf.set(tile, (this.#askedOf.get(tile) ?? 0) + 1);
    if (shard === undefined) throw new Error(`a request for ${tile}, which is no tile`);
    if (!this.#isHeld) return undefined;
    const passed = this.#passed[shard] ?? 0;
    if (passed < free) {
      this.#passed[shard] = passed + 1;
      return undefined;
    }
    this.#held[shard] = (this.#held[shard] ?? 0) + 1;
    return this.#moment.hasCome;
  }
}

/** As every process of the region cuts it. */
function shardsByTile({ states }: Calm, count: number): ReadonlyMap<string, number> {
  const rows = Math.max(...states.map(({ row }) => row)) + 1;
  const cols = Math.max(...states.map(({ col }) => col)) + 1;
  const cut = new ShardCut({ rows, cols, tiles: states, stepsOfCube: 1, steps: undefined }, count);
  const found = new Map<string, number>();
  for (let shard = 0; shard < count; shard++)
    for (const { row, col } of cut.indicesOf(shard)) found.set(`${row}-${col}`, shard);
  return found;
}
