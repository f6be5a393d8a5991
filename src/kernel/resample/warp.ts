import { RESAMPLING_RADII, type Resampling } from '../../dataset/dataset.js';
import type { Shape } from '../../grid/geobox.js';
import { intersect, type Window } from '../../grid/window.js';
import { allocate, type DType, isFloat, type PixelArray, rangeOf } from '../../raster/dtype.js';
import type { BandRaster } from '../band-raster.js';
import { averageOf } from './average.js';
import { bilinearOf } from './bilinear.js';
import { cubicOf } from './cubic.js';
import { columnsIn, type Lattice } from './lattice.js';
import { modeOf } from './mode.js';
import { nearOf } from './near.js';
import type { Positions } from './positions.js';
import type { ResamplerOf } from './resampler.js';
import { scaleOf, squaresOf } from './scale.js';

interface Method {
  readonly resamplerOf: ResamplerOf;
  /** Whether it looks at what a target pixel covers, not around its centre. */
  readonly isFootprint?: true;
}

const METHODS: Readonly<Record<Resampling, Method>> = {
  near: { resamplerOf: nearOf },
  bilinear: { resamplerOf: bilinearOf },
  cubic: { resamplerOf: cubicOf },
  average: { resamplerOf: averageOf, isFootprint: true },
  mode: { resamplerOf: modeOf, isFootprint: true },
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
}

/** Pixels of one band in a window of the source that lies within its extent. */
export type ReadSource = (window: Window) => BandRaster;

/**
 * Puts bands that lie on one lattice on another one, with gaps of their own. A pixel depends on its place
 * and on the source pixels around it alone, not on what is made or read together with it. Positions, once
 * found, serve all bands.
 */
export class Warp {
  readonly #method: Method;
  readonly #turn: number | undefined;
  readonly #stretches: Stretch[] = [];

  constructor(private readonly options: WarpOptions) {
    this.#method = METHODS[options.resampling];
    this.#turn = columnsIn(options.source.lattice);
    const { window, grid } = options.target;
    for (const { part, square } of squaresOf(window, grid)) {
      const scale = this.#scaleIn(square);
      const rows = Math.max(Math.floor(STRETCH_POINTS / part.width), 1);
      for (let row = part.row; row < part.row + part.height; row += rows) {
        const height = Math.min(rows, part.row + part.height - row);
        this.#stretches.push({ window: { ...part, row, height }, scale });
      }
    }
  }

  /** @param dtype of the result's pixels, which can hold those of the source */
  band(dtype: DType, read: ReadSource): BandRaster {
    const { height, width } = this.options.target.window;
    const result = {
      pixels: allocate(dtype, height * width),
      isGap: new Uint8Array(height * width),
    };
    const keeps = height * width <= KEPT_POINTS;
    for (const stretch of this.#stretches) {
      const points = stretch.points ?? this.#pointsOf(stretch.window);
      if (keeps) stretch.points = points;
      this.#block(stretch, stretch.window, points, read, result, rounding(dtype));
    }
    return { ...result, isGap: result.isGap.includes(1) ? result.isGap : undefined };
  }

  #scaleIn(square: Window): readonly [number, number] {
    const isWidened = RESAMPLING_RADII[this.options.resampling] > 0;
    return isWidened ? scaleOf(square, this.options.positions, this.#turn) : [1, 1];
  }

  /** Of the corners where footprints are asked for, one more along each axis; else of the centres. */
  #pointsOf({ row, col, height, width }: Window): Points {
    const more = this.#method.isFootprint ? 1 : 0;
    const offset = more === 1 ? 0 : 0.5;
    const stride = width + more;
    const xs = new Float64Array((height + more) * stride);
    const ys = new Float64Array(xs.length);
    const { positions, source } = this.options;
    for (let j = 0, at = 0; j < height + more; j++, at += stride)
      positions.fill(
        row + j + offset,
        col + offset,
        xs.subarray(at, at + stride),
        ys.subarray(at, at + stride),
      );
    if (this.#turn !== undefined) {
      const middle = source.extent.col + source.extent.width / 2;
      for (let i = 0; i < xs.length; i++)
        xs[i] = broughtBack(xs[i] as number, middle, this.#turn, source.extent);
    }
    return { xs, ys, stride };
  }

  #block(
    stretch: Stretch,
    block: Window,
    points: Points,
    read: ReadSource,
    result: Result,
    round: (value: number) => number,
  ): void {
    const window = this.#sourceOf(stretch, block, points);
    const target = this.options.target.window;
    if (window === undefined) {
      for (let j = 0; j < block.height; j++) {
        const at = (block.row + j - target.row) * target.width + block.col - target.col;
        result.isGap.fill(1, at, at + block.width);
      }
      return;
    }
    if (window.height * window.width > SOURCE_PIXELS) {
      const halves = halvesOf(block);
      if (halves !== undefined) {
        for (const half of halves) this.#block(stretch, half, points, read, result, round);
        return;
      }
    }
    const { resamplerOf, isFootprint } = this.#method;
    const resample = resamplerOf({
      ...read(window),
      window,
      extent: this.options.source.extent,
      scale: stretch.scale,
      turn: this.#turn,
    });
    const { xs, ys, stride } = points;
    const next = isFootprint ? stride + 1 : 0;
    const { pixels, isGap } = result;
    for (let j = 0; j < block.height; j++) {
      let at = (block.row + j - target.row) * target.width + block.col - target.col;
      let p = (block.row + j - stretch.window.row) * stride + block.col - stretch.window.col;
      for (let i = 0; i < block.width; i++, at++, p++) {
        const [x, y] = [xs[p] as number, ys[p] as number];
        const value = resample(x, y, xs[p + next] as number, ys[p + next] as number);
        if (Number.isNaN(value)) isGap[at] = 1;
        else pixels[at] = round(value);
      }
    }
  }

  /** The source pixels that a block may need: a box around its points, or nothing. */
  #sourceOf(
    { window, scale }: Stretch,
    block: Window,
    { xs, ys, stride }: Points,
  ): Window | undefined {
    const { extent } = this.options.source;
    const { isFootprint } = this.#method;
    const more = isFootprint ? 1 : 0;
    const across = new Range(extent.col, extent.width);
    const down = new Range(extent.row, extent.height);
    const turn = this.#turn ?? Number.POSITIVE_INFINITY;
    let goesAround = false;
    for (let j = 0; j < block.height + more; j++) {
      const start = (block.row + j - window.row) * stride + block.col - window.col;
      for (let p = start; p < start + block.width + more; p++) {
        const [x, y] = [xs[p] as number, ys[p] as number];
        if (!Number.isFinite(x + y)) continue;
        // Points beyond the raster matter as corners of footprints that reach into it.
        if (isFootprint || (across.holds(x) && down.holds(y))) {
          across.add(x);
          down.add(y);
        }
      }
    }
    if (isFootprint) goesAround = across.high - across.low > turn / 2;
    if (goesAround) across.addAll();
    if (!(across.low <= across.high)) return undefined;
    const [reachX, reachY] = reachOf(this.options.resampling, scale);
    const [left, wide] = across.pixels(reachX);
    const [top, tall] = down.pixels(reachY);
    return intersect({ row: top, col: left, height: tall, width: wide }, extent);
  }
}

interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  /** Points from one row to the next. */
  readonly stride: number;
}

/** Rows whose points are found together, with kernels of one width. */
interface Stretch {
  readonly window: Window;
  readonly scale: readonly [x: number, y: number];
  points?: Points;
}

interface Result {
  readonly pixels: PixelArray;
  readonly isGap: Uint8Array<ArrayBuffer>;
}

/** What is seen of an axis of the source. */
class Range {
  low = Number.POSITIVE_INFINITY;
  high = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly start: number,
    private readonly length: number,
  ) {}

  holds(value: number): boolean {
    return value >= this.start - 1 && value <= this.start + this.length + 1;
  }

  add(value: number): void {
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
  }

  addAll(): void {
    this.add(this.start);
    this.add(this.start + this.length);
  }

  pixels(reach: number): readonly [first: number, count: number] {
    const low = Math.max(this.low, this.start - reach);
    const high = Math.min(this.high, this.start + this.length + reach);
    const first = Math.floor(low) - reach;
    return [first, Math.ceil(high) + reach - first];
  }
}

/** A column by whole turns where that brings it into the source, or nearest to its middle. */
function broughtBack(x: number, middle: number, turn: number, { col, width }: Window): number {
  if (x >= col && x < col + width) return x;
  const back = x - turn * Math.round((x - middle) / turn);
  return Number.isFinite(back) ? back : x;
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

/** Integers to the nearest, halves up, within the type's range. */
function rounding(dtype: DType): (value: number) => number {
  if (isFloat(dtype)) return (value) => value;
  const [low, high] = rangeOf(dtype);
  return (value) => Math.min(Math.max(Math.floor(value + 0.5), low), high);
}
