import { RESAMPLING_RADII, type Resampling } from '../../dataset/dataset.js';
import type { Shape } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import { allocate, type WorkType } from '../../raster/dtype.js';
import type { BandRaster, RawRaster } from '../band-raster.js';
import type { BandPlace } from './band-room.js';
import { columnsIn, type Lattice } from './lattice.js';
import { type Computed, type Loops, TYPESCRIPT_LOOPS } from './loops.js';
import { type BlockPoints, type Points, sourceOf, within } from './points.js';
import { fillPart, type Positions } from './positions.js';
import { scaleOf, squaresOf } from './scale.js';
import { SIDE } from './squares.js';

interface Method {
  /** Whether it looks at what a target pixel covers, not around its centre. */
  readonly isFootprint?: true;
  /**
   * Edges at which it jumps, which positions must be exact about: those of source pixels (1), or those
   * halfway between too (2). None where each position must be exact, because the result has all its bits.
   */
  readonly edges?: 1 | 2;
}

const METHODS: Readonly<Record<Resampling, Method>> = {
  near: { edges: 1 },
  bilinear: { edges: 2 },
  cubic: { edges: 2 },
  average: { isFootprint: true },
  mode: { isFootprint: true, edges: 1 },
};

/** Source pixels around a target pixel's place that a resampling may look at. */
export function reachOf(
  resampling: Resampling,
  scale: readonly [x: number, y: number],
): readonly [x: number, y: number] {
  const radius = RESAMPLING_RADII[resampling];
  const [x, y] = scale.map((s) => (radius === 0 ? 1 : Math.ceil(radius / s) + 1));
  return [x as number, y as number];
}

/** Points of a stretch of rows that are found at a time. */
const STRETCH_POINTS = 2 ** 18;

/** Points that are kept for the next band: 64 MB. Those of larger tiles are found anew. */
const KEPT_POINTS = 2 ** 22;

/** Source pixels that are read at a time; a block of the target that needs more is cut in two. */
const SOURCE_PIXELS = 2 ** 24;

/** A block this small is not cut further, whatever it needs. */
const SMALLEST_SIDE = 16;

export interface WarpOptions {
  /** Where the source has pixels, on its lattice. */
  readonly source: { readonly lattice: Lattice; readonly extent: Window };
  /** The pixels that are made, on their lattice, and how far the grid reaches of which they are a part. */
  readonly target: { readonly window: Window; readonly grid: Shape };
  readonly positions: Positions;
  readonly resampling: Resampling;
  readonly loops?: Loops;
  /** The whole source lies in memory: it is read as one, whatever of it a block needs. */
  readonly isInMemory?: boolean;
  /** For what is kept of a block for the next band, as long as the warp is used. Default: fresh memory. */
  readonly holderRoom?: HolderRoom;
}

/** Pixels of one band in a window of the source that lies within its extent. */
export interface SourceBand {
  read(window: Window): BandRaster;
  /** The same without a look for gaps, for who takes pixels as they are. Default: as `read`. */
  readRaw?(window: Window): RawRaster;
}

/** Lends memory that is used again. */
export interface HolderRoom {
  lend(length: number): Int32Array;
}

/**
 * Puts bands that lie on one lattice on another one, with gaps of their own. A pixel depends on its place
 * and on the source pixels around it alone, not on what is made or read together with it. Positions, once
 * found, serve all bands.
 */
export class Warp {
  readonly #method: Method;
  readonly #loops: Loops;
  readonly #turn: number | undefined;
  readonly #stretches: Stretch[] = [];
  #lent: Pick<Points, 'xs' | 'ys'> | undefined;

  constructor(private readonly options: WarpOptions) {
    this.#method = METHODS[options.resampling];
    this.#loops = options.loops ?? TYPESCRIPT_LOOPS;
    this.#turn = columnsIn(options.source.lattice);
    const { window, grid } = options.target;
    for (const { part, square } of squaresOf(window, grid)) {
      const scale = this.#scaleIn(square);
      for (const { row, height } of stretchesOf(part))
        this.#stretches.push({ window: { ...part, row, height }, scale });
    }
  }

  /** A band in fresh memory. @param dtype of the result's pixels, which can hold those of the source */
  band(dtype: WorkType, source: SourceBand): BandRaster {
    const { height, width } = this.options.target.window;
    const [pixels, isGap] = [allocate(dtype, height * width), new Uint8Array(height * width)];
    const hasGaps = this.bandInto(dtype, source, {
      ...{ room: { pixels, isGap }, start: 0, stride: width },
    });
    return { pixels, isGap: hasGaps ? isGap : undefined };
  }

  /** A band, and a mark for each of its pixels, where they are wanted. @returns whether any is a gap. */
  bandInto(dtype: WorkType, source: SourceBand, into: BandPlace): boolean {
    const keeps = this.#keeps;
    let hasGaps = false;
    for (const stretch of this.#stretches) {
      const parts = stretch.parts ?? this.#partsOf(stretch);
      if (keeps) stretch.parts = parts;
      for (const part of parts) hasGaps = this.#part(stretch, part, dtype, source, into) || hasGaps;
    }
    return hasGaps;
  }

  #scaleIn(square: Window): readonly [number, number] {
    const isWidened = RESAMPLING_RADII[this.options.resampling] > 0;
    return isWidened ? scaleOf(square, this.options.positions, this.#turn) : [1, 1];
  }

  /** For points: the same memory again for the next stretch, where what is kept of them is not the points. */
  #room(length: number): Pick<Points, 'xs' | 'ys'> {
    if (this.options.resampling !== 'near')
      return { xs: new Float64Array(length), ys: new Float64Array(length) };
    if (this.#lent === undefined || this.#lent.xs.length < length)
      this.#lent = { xs: new Float64Array(length), ys: new Float64Array(length) };
    const { xs, ys } = this.#lent;
    return { xs: xs.subarray(0, length), ys: ys.subarray(0, length) };
  }

  /** Of the corners where footprints are asked for, one more along each axis; else of the centres. */
  #pointsOf({ row, col, height, width }: Window): Points {
    const more = this.#method.isFootprint ? 1 : 0;
    const offset = more === 1 ? 0 : 0.5;
    const stride = width + more;
    const { xs, ys } = this.#room((height + more) * stride);
    const { positions, source } = this.options;
    const { edges } = this.#method;
    const window = { row, col, height: height + more, width: stride };
    if (edges !== undefined && positions.nearly !== undefined)
      positions.nearly(window, offset, edges, xs, ys);
    else fillPart(positions, window, window, offset, xs, ys);
    if (this.#turn !== undefined) this.#loops.bringBack(xs, this.#turn, source.extent);
    return { xs, ys, stride };
  }

  /** What is not kept for the next band is too short-lived to be lent. */
  #lendHolders(length: number): Int32Array {
    const room = this.#keeps ? this.options.holderRoom : undefined;
    return room?.lend(length) ?? new Int32Array(length);
  }

  get #keeps(): boolean {
    const { height, width } = this.options.target.window;
    return height * width <= KEPT_POINTS;
  }

  /** What all bands need to know of a stretch. */
  #partsOf(stretch: Stretch): Part[] {
    return [...this.#cut(stretch, stretch.window, this.#pointsOf(stretch.window))];
  }

  *#cut(stretch: Stretch, block: Window, points: Points): Generator<Part> {
    const own = within(points, stretch.window, block);
    const sight = {
      extent: this.options.source.extent,
      reach: reachOf(this.options.resampling, stretch.scale),
      turn: this.#turn,
      isFootprint: this.#method.isFootprint === true,
    };
    const needed = sourceOf(own, sight, this.#loops.boundsOf);
    const { isInMemory = false } = this.options;
    const source = needed !== undefined && isInMemory ? sight.extent : needed;
    if (!isInMemory && source !== undefined && source.height * source.width > SOURCE_PIXELS) {
      const halves = halvesOf(block);
      if (halves !== undefined) {
        for (const half of halves) yield* this.#cut(stretch, half, points);
        return;
      }
    }
    if (source === undefined) yield { block, source };
    else if (this.options.resampling === 'near') {
      const holders = this.#lendHolders(own.height * own.width);
      this.#loops.holdersOf(own, source, holders);
      yield { block, source, holders };
    } else yield { block, source, points: own };
  }

  /** Makes the pixels of a block. @returns whether any of them is a gap. */
  #part(
    stretch: Stretch,
    { block, source, holders, points }: Part,
    dtype: WorkType,
    band: SourceBand,
    { room, stride, start: corner }: BandPlace,
  ): boolean {
    const target = this.options.target.window;
    const start = corner + (block.row - target.row) * stride + block.col - target.col;
    if (source === undefined) {
      for (let j = 0, at = start; j < block.height; j++, at += stride)
        room.isGap?.fill(1, at, at + block.width);
      return true;
    }
    const place = { start, stride };
    if (holders !== undefined) {
      const raw = band.readRaw?.(source) ?? band.read(source);
      return this.#loops.gather(raw, holders, block, room, place);
    }
    const view = {
      ...band.read(source),
      window: source,
      extent: this.options.source.extent,
      scale: stretch.scale,
      turn: this.#turn,
    };
    const resampling = this.options.resampling as Computed;
    return this.#loops.compute(resampling, view, points as BlockPoints, dtype, room, place);
  }
}

/** Rows whose points are found together, with kernels of one width. */
interface Stretch {
  readonly window: Window;
  readonly scale: readonly [x: number, y: number];
  parts?: readonly Part[];
}

/** A block of the target, and what it needs of the source, the same for all bands. */
interface Part {
  readonly block: Window;
  /** What is read; nothing where the block has nothing of the source. */
  readonly source: Window | undefined;
  readonly holders?: Int32Array;
  readonly points?: BlockPoints;
}

function halvesOf(block: Window): readonly Window[] | undefined {
  const { row, col, height, width } = block;
  if (Math.max(height, width) <= SMALLEST_SIDE) return undefined;
  const half = Math.ceil(Math.max(height, width) / 2);
  return height > width
    ? [
        { ...block, height: half },
        { ...block, row: row + half, height: height - half },
      ]
    : [
        { ...block, width: half },
        { ...block, col: col + half, width: width - half },
      ];
}

/** Rows of a window, as many at a time as may be, and to the end of a row of squares where they reach it. */
function* stretchesOf({ row, height, width }: Window): Generator<Pick<Window, 'row' | 'height'>> {
  const most = Math.max(Math.floor(STRETCH_POINTS / width), 1);
  for (let first = row; first < row + height; ) {
    const end = Math.floor((first + most) / SIDE) * SIDE;
    const next = Math.min(end > first ? end : first + most, row + height);
    yield { row: first, height: next - first };
    first = next;
  }
}
