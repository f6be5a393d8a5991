/**
 * Where a region is cut, so that each of several processes fills a part of its own. Arithmetic on the dataset and
 * the region alone: whoever computes it, wherever and whatever is loaded by then, cuts at the same places.
 */
import type { TileIndex } from '../../grid/tiling.js';
import { splitSide } from '../../store/icechunk/manifest-split.js';
import { LEDGER_CHUNK } from '../../store/metadata/zarr-metadata.js';

/** Tiles along a side of the largest block: one that a process takes at a time is some tens of commits' work at most. */
const LARGEST_SIDE = 4;
const SIDES = [4, 2, 1] as const;

/** So many blocks make a shard at least, else blocks are smaller: a shard ends at one, and must not miss its share by much. */
const LEAST_BLOCKS = 16;

/** A cut is moved to the edge of a square of tiles, or the end of a time step, where that is this near: a part of a shard. */
const NEAR = 1 / 32;

/** Tiles of a region in one time step that lie together, and that one process fills. */
export interface Block {
  /** Its name among the region's blocks of that size. */
  readonly id: string;
  /** In row-major order. */
  readonly tiles: readonly TileIndex[];
}

/** How many tiles a cut is about, and where they lie. */
export interface CutSubject {
  /** Of the whole cube, in tiles. */
  readonly rows: number;
  readonly cols: number;
  /** Time steps of the whole cube; 1 without a time axis. */
  readonly stepsOfCube: number;
  /** Tiles of the region, in any order, without a time step. */
  readonly tiles: Iterable<TileIndex>;
  /** Numbers of the region's time steps; `undefined` without a time axis. */
  readonly steps: readonly number[] | undefined;
}

/**
 * A region, cut into as many contiguous parts as there are shards, of equal numbers of tiles but for a sixteenth (for
 * one, where a shard has less than 64).
 *
 * The tiles are walked time step by time step, in each by squares of the ledger's chunks and of manifests, in a square
 * by blocks, all row by row. A shard is a stretch of that walk, so that few shards write to the same manifest, and
 * ends at a block; blocks are what one process takes over from another.
 */
export class ShardCut {
  /** Tiles along a side of a block. */
  readonly side: number;
  /** Tiles of the region, all time steps. */
  readonly tiles: number;
  /** Of one time step: the first row and column of each block, its tiles as bits, and the tiles before it. */
  readonly #rows: Uint32Array;
  readonly #cols: Uint32Array;
  readonly #masks: Uint16Array;
  readonly #before: Float64Array;
  readonly #steps: readonly (number | undefined)[];
  /** The first block of each shard, counted over all steps, and the end of the last. */
  readonly #bounds: readonly number[];

  constructor(
    subject: CutSubject,
    readonly count: number,
  ) {
    const { rows, cols, stepsOfCube, steps } = subject;
    const large = gather(subject.tiles, cols);
    const manifest = splitSide(rows * cols * stepsOfCube);
    const squares = [
      Math.max(manifest, LEDGER_CHUNK),
      Math.min(manifest, LEDGER_CHUNK),
      LARGEST_SIDE,
    ] as const;
    const order = inWalk([...large.keys()], squares, cols);
    this.#steps = steps ?? [undefined];
    const perStep = [...large.values()].reduce((sum, mask) => sum + bitsOf(mask), 0);
    this.tiles = perStep * this.#steps.length;
    const share = this.tiles / count;
    this.side = SIDES.find((side) => share >= LEAST_BLOCKS * side * side) ?? 1;
    const blocks = order.flatMap((key) => split(key, large.get(key) ?? 0, this.side, cols));
    this.#rows = Uint32Array.from(blocks, ({ row }) => row);
    this.#cols = Uint32Array.from(blocks, ({ col }) => col);
    this.#masks = Uint16Array.from(blocks, ({ mask }) => mask);
    this.#before = new Float64Array(blocks.length + 1);
    for (const [i, { mask }] of blocks.entries())
      this.#before[i + 1] = (this.#before[i] ?? 0) + bitsOf(mask);
    this.#bounds = this.#cutAt(share, squares[1]);
  }

  /** Tiles of one shard. */
  tilesOf(shard: number): number {
    return this.#tilesBefore(this.#bound(shard + 1)) - this.#tilesBefore(this.#bound(shard));
  }

  /** The blocks of one shard, in the order of the walk. */
  *blocksOf(shard: number): Generator<Block> {
    for (let i = this.#bound(shard); i < this.#bound(shard + 1); i++) yield this.#block(i);
  }

  /**
   * What is left to a shard when it has done its own: the blocks of the next shard, then of the one after it, and so
   * around; of each from its end, because its owner begins at its beginning.
   */
  *blocksOfOthers(shard: number): Generator<Block> {
    for (let step = 1; step < this.count; step++) {
      const other = (shard + step) % this.count;
      for (let i = this.#bound(other + 1) - 1; i >= this.#bound(other); i--) yield this.#block(i);
    }
  }

  /** The tiles of one shard. */
  *indicesOf(shard: number): Generator<TileIndex> {
    for (const { tiles } of this.blocksOf(shard)) yield* tiles;
  }

  /** The name of the block in which a tile lies. */
  blockIdOf({ t, row, col }: TileIndex): string {
    const { side } = this;
    return blockId(side, t, Math.floor(row / side), Math.floor(col / side));
  }

  #bound(shard: number): number {
    return this.#bounds[shard] ?? 0;
  }

  #block(number: number): Block {
    const { side } = this;
    const perStep = this.#masks.length;
    const t = this.#steps[Math.floor(number / perStep)];
    const at = number % perStep;
    const [top = 0, left = 0, mask = 0] = [this.#rows[at], this.#cols[at], this.#masks[at]];
    const tiles: TileIndex[] = [];
    for (let bit = 0; bit < side * side; bit++) {
      if (((mask >> bit) & 1) === 0) continue;
      const place = { row: top + Math.floor(bit / side), col: left + (bit % side) };
      tiles.push(t === undefined ? place : { t, ...place });
    }
    return { id: blockId(side, t, top / side, left / side), tiles };
  }

  #tilesBefore(block: number): number {
    const perStep = this.#masks.length;
    if (perStep === 0) return 0;
    const steps = Math.floor(block / perStep);
    return steps * (this.#before[perStep] ?? 0) + (this.#before[block % perStep] ?? 0);
  }

  #cutAt(share: number, square: number): number[] {
    const { length } = this.#masks;
    const bounds = [0];
    for (let shard = 1; shard < this.count; shard++) {
      const target = share * shard;
      const nearest = this.#nearest(target);
      const edge = this.#nearestEdge(nearest, square);
      const isNear = Math.abs(this.#tilesBefore(edge) - target) <= share * NEAR;
      bounds.push(Math.max(isNear ? edge : nearest, bounds.at(-1) ?? 0));
    }
    return [...bounds, length * this.#steps.length];
  }

  /** The block before which the number of tiles is nearest to a wanted one. */
  #nearest(target: number): number {
    const perStep = this.#before.at(-1) ?? 0;
    if (perStep === 0) return 0;
    const step = Math.min(Math.floor(target / perStep), this.#steps.length - 1);
    const within = target - step * perStep;
    let [low, high] = [0, this.#masks.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#before[middle] ?? 0) < within) low = middle + 1;
      else high = middle;
    }
    const isLower =
      low > 0 && within - (this.#before[low - 1] ?? 0) <= (this.#before[low] ?? 0) - within;
    return step * this.#masks.length + (isLower ? low - 1 : low);
  }

  /** The nearer end of the square in which a block begins; where a step ends, so does its last square. */
  #nearestEdge(block: number, square: number): number {
    const perStep = this.#masks.length;
    const at = block % perStep;
    const first = block - at;
    const squareOf = (i: number) =>
      `${Math.floor((this.#rows[i] ?? 0) / square)}-${Math.floor((this.#cols[i] ?? 0) / square)}`;
    const own = squareOf(at);
    let [start, end] = [at, at];
    while (start > 0 && squareOf(start - 1) === own) start--;
    while (end < perStep && squareOf(end) === own) end++;
    const tiles = this.#tilesBefore(block);
    const [toStart, toEnd] = [
      tiles - this.#tilesBefore(first + start),
      this.#tilesBefore(first + end) - tiles,
    ];
    return first + (toStart <= toEnd ? start : end);
  }
}

/** Tiles by the block of the largest size they lie in, a bit for each. */
function gather(tiles: Iterable<TileIndex>, cols: number): Map<number, number> {
  const width = Math.ceil(cols / LARGEST_SIDE);
  const found = new Map<number, number>();
  for (const { row, col } of tiles) {
    const key = Math.floor(row / LARGEST_SIDE) * width + Math.floor(col / LARGEST_SIDE);
    const bit = (row % LARGEST_SIDE) * LARGEST_SIDE + (col % LARGEST_SIDE);
    found.set(key, (found.get(key) ?? 0) | (1 << bit));
  }
  return found;
}

/** @param squares the sides of squares, each a multiple of the next, by which one goes before another */
function inWalk(keys: number[], squares: readonly number[], cols: number): number[] {
  const width = Math.ceil(cols / LARGEST_SIDE);
  const ranked = keys.map((key) => {
    let row = Math.floor(key / width) * LARGEST_SIDE;
    let col = (key % width) * LARGEST_SIDE;
    let across = cols;
    let rank = 0;
    for (const side of squares) {
      const wide = Math.ceil(across / side);
      rank = rank * wide * wide + Math.floor(row / side) * wide + Math.floor(col / side);
      row %= side;
      col %= side;
      across = side;
    }
    return { key, rank };
  });
  return ranked.sort((one, other) => one.rank - other.rank).map(({ key }) => key);
}

/** The blocks of a smaller size in one of the largest, those that have tiles. */
function split(key: number, mask: number, side: number, cols: number) {
  const width = Math.ceil(cols / LARGEST_SIDE);
  const [top, left] = [Math.floor(key / width) * LARGEST_SIDE, (key % width) * LARGEST_SIDE];
  const blocks: { row: number; col: number; mask: number }[] = [];
  for (let row = 0; row < LARGEST_SIDE; row += side) {
    for (let col = 0; col < LARGEST_SIDE; col += side) {
      let part = 0;
      for (let bit = 0; bit < side * side; bit++) {
        const from = (row + Math.floor(bit / side)) * LARGEST_SIDE + col + (bit % side);
        part |= ((mask >> from) & 1) << bit;
      }
      if (part !== 0) blocks.push({ row: top + row, col: left + col, mask: part });
    }
  }
  return blocks;
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

/** As the id of a tile, where a block is one tile. */
function blockId(side: number, t: number | undefined, row: number, col: number): string {
  const place = t === undefined ? `${row}-${col}` : `${t}-${row}-${col}`;
  return side === 1 ? place : `${side}x${side}.${place}`;
}
