/**
 * The one place that loads the addon with the innermost loops of resampling (`scripts/resample.c`, compiled by
 * the set-up where there is a C compiler). Without it the same is done in TypeScript.
 */
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import type { ResamplingLack } from '../kernel.js';
import { type Loops, TYPESCRIPT_LOOPS } from '../resample/loops.js';
import type { BlockPoints } from '../resample/points.js';
import { BASIS, nearEdge, PLACES } from '../resample/squares.js';
import { findAddon } from './addon.js';

/** Arguments are looked at in C: it throws where they do not fit each other. */
interface ResampleAddon {
  readonly version?: number;
  interpolate(...args: readonly (Float64Array | Uint8Array | Int32Array | number)[]): number;
  bringBack(xs: Float64Array, middle: number, turn: number, low: number, high: number): void;
  bounds(...args: readonly (Float64Array | number)[]): void;
  holders(...args: readonly (Float64Array | Int32Array | number)[]): void;
  gather(
    from: LoadedPixels,
    fromGap: Uint8Array | undefined,
    /** Whether pixels of the value after it have none, nor those that are NaN: 1 or 0. */
    isRaw: number,
    lacks: number,
    holders: Int32Array,
    height: number,
    width: number,
    pixels: LoadedPixels,
    isGap: Uint8Array | undefined,
    start: number,
    stride: number,
  ): number;
  blend(
    method: number,
    from: LoadedPixels,
    fromGap: Uint8Array | undefined,
    ...args: readonly (LoadedPixels | number | undefined)[]
  ): number;
  copyRows(...args: readonly (Uint8Array | number)[]): void;
  /** `value` NaN: none. */
  missing(pixels: LoadedPixels, value: number, isGap: Uint8Array): number;
}

/** Of the calls; one that was compiled from older sources has others. */
export const VERSION = 4;

/** The loops in C, or why there are none. */
export type FoundLoops = { readonly loops: Loops } | { readonly lack: ResamplingLack };

let loaded: FoundLoops | undefined;

/** The loops in C; `undefined` where there are none, or the addon does not load or is another version's. */
export function loadResample(): Loops | undefined {
  loaded ??= findResample();
  return 'loops' in loaded ? loaded.loops : undefined;
}

/** Why TypeScript resamples in this thread; `undefined` where C does. */
export function resamplingLack(): ResamplingLack | undefined {
  loaded ??= findResample();
  return 'lack' in loaded ? loaded.lack : undefined;
}

/** @param folder of the addon. Default: the package's own. */
export function findResample(folder?: string): FoundLoops {
  const found = findAddon('resample', folder);
  if ('lack' in found) return found;
  const addon = found.module as ResampleAddon;
  return addon.version === VERSION ? { loops: loopsBy(addon) } : { lack: 'other version' };
}

/** The fastest loops that there are. */
export function nativeLoops(): Loops {
  return loadResample() ?? TYPESCRIPT_LOOPS;
}

/** As the addon counts them. */
const BLENDS = { bilinear: 0, cubic: 1 } as const;

function loopsBy(addon: ResampleAddon): Loops {
  return {
    interpolate(strip, xs, ys, start, { rejected, unsure }) {
      const { window, stride, row, col, side, seen, offset, nodes, edges } = strip;
      return addon.interpolate(
        ...[nodes.xs, nodes.ys, PLACES, BASIS],
        ...[seen, offset, edges, nearEdge(edges)],
        ...[window.row, window.col, window.height, window.width, row, col, side, stride],
        ...[xs, ys, start, rejected, unsure],
      );
    },
    bringBack(xs, turn, { col, width }) {
      addon.bringBack(xs, col + width / 2, turn, col, col + width);
    },
    boundsOf(points, { west, east, north, south }) {
      const box = new Float64Array(4);
      addon.bounds(...argsOf(points), west, east, north, south, box);
      const [left, right, top, bottom] = box as unknown as [number, number, number, number];
      return { west: left, east: right, north: top, south: bottom };
    },
    holdersOf(points, { row, col, height, width }, holders) {
      addon.holders(...argsOf(points), row, col, height, width, holders);
    },
    gather(source, holders, block, room, place) {
      if (source.pixels.constructor !== room.pixels.constructor)
        return TYPESCRIPT_LOOPS.gather(source, holders, block, room, place);
      const gaps = addon.gather(
        ...([source.pixels, source.isGap] as const),
        ...([source.lacks === undefined ? 0 : 1, source.lacks ?? Number.NaN] as const),
        ...([holders, block.height, block.width] as const),
        ...([room.pixels, room.isGap, place.start, place.stride] as const),
      );
      return gaps > 0;
    },
    compute(resampling, view, points, dtype, room, place) {
      const { window, extent, scale } = view;
      if (
        (resampling !== 'bilinear' && resampling !== 'cubic') ||
        view.pixels.constructor !== room.pixels.constructor
      )
        return TYPESCRIPT_LOOPS.compute(resampling, view, points, dtype, room, place);
      const gaps = addon.blend(
        BLENDS[resampling],
        view.pixels,
        view.isGap,
        ...[window.row, window.col, window.height, window.width],
        ...[extent.row, extent.col, extent.height, extent.width],
        ...scale,
        ...argsOf(points),
        ...[room.pixels, room.isGap, place.start, place.stride],
      );
      return gaps > 0;
    },
    copyRows(from, to, height, width) {
      addon.copyRows(
        ...[from.bytes, from.start, from.stride],
        ...[to.bytes, to.start, to.stride, height, width],
      );
    },
    addMissing: (pixels, value, isGap) => addon.missing(pixels, value ?? Number.NaN, isGap) > 0,
  };
}

function argsOf({ xs, ys, first, stride, height, width }: BlockPoints) {
  return [xs, ys, first, stride, height, width] as const;
}
