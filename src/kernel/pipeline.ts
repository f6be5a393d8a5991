import { threadId } from 'node:worker_threads';
import { GeoBox, type Shape } from '../grid/geobox.js';
import { now } from '../machine/clock.js';
import type { ArrayCodec, Codec } from '../raster/codec.js';
import {
  asBytes,
  type DType,
  isFloat,
  type PixelArray,
  rangeOf,
  type StoredArray,
} from '../raster/dtype.js';
import {
  type BandCounts,
  bandsOf,
  type EncodedChunk,
  type EncodedTile,
  type FetchedTile,
  type Recipe,
} from '../tile.js';
import { fillIdw } from './fill/idw.js';
import { copySources, nearestSources } from './fill/nearest.js';
import { encodeInnerChunks, holdsOnly } from './inner-chunks.js';
import type { Kernel, KernelFacts, RawArray } from './kernel.js';
import { narrow } from './narrow.js';
import { besideNodata } from './nodata.js';
import { readOnTileGrid, type Warper } from './request-grid.js';
import type { copyRows } from './resample/rows.js';
import { type PartOpeners, TileReader } from './tile-reader.js';
import { type Workspace, Workspaces } from './workspace.js';

/** What tells one kernel from another; the order of the steps is the same for all. */
export interface KernelParts extends Warper, PartOpeners {
  readonly facts: KernelFacts;
  /** Must not keep the array's bytes: they belong to the next band afterwards. */
  encode(array: RawArray, codec: Codec, room?: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** What copies fastest. */
  readonly copyRows: typeof copyRows;
}

export function createKernel(parts: KernelParts): Kernel {
  const workspaces = new Workspaces();
  return {
    facts: parts.facts,
    encode: (array, codec, room) => encode(parts, array, codec, room),
    process: (tile, recipe, rooms) =>
      workspaces.lend((workspace) => processTile(tile, recipe, rooms ?? [], parts, workspace)),
  };
}

async function encode(
  parts: KernelParts,
  array: RawArray,
  codec: ArrayCodec,
  room: Uint8Array | undefined,
): Promise<Uint8Array> {
  return codec.name === 'inner chunks'
    ? encodeInnerChunks(array, codec, parts, room)
    : parts.encode(array, codec, room);
}

async function processTile(
  tile: FetchedTile,
  recipe: Recipe,
  rooms: readonly Uint8Array[],
  parts: KernelParts,
  workspace: Workspace,
): Promise<EncodedTile> {
  const startedAt = now();
  const timings = { decode: 0, warp: 0, fill: 0, encode: 0 };
  let mark = performance.now();
  const lap = () => {
    const since = mark;
    mark = performance.now();
    return mark - since;
  };
  const { shape } = GeoBox.fromRecord(tile.geobox);
  const reader = await openTile(tile, recipe, parts, workspace);
  const chunks: EncodedChunk[] = [];
  workspace.sources.forget();
  try {
    for (const [at, band] of bandsOf(tile, recipe).entries()) {
      const pixels = workspace.array('pixels', recipe.dtype, shape.height * shape.width);
      workspace.gaps.clear();
      const warped = reader.warpMs;
      reader.readBand(band, pixels, workspace.gaps);
      timings.warp += reader.warpMs - warped;
      timings.decode += lap() - (reader.warpMs - warped);
      const counts = finish(pixels, shape, recipe, workspace);
      timings.fill += lap();
      const bytes =
        counts.valid === 0
          ? undefined
          : await encodeBand(pixels, shape, recipe, rooms[at], parts, workspace);
      chunks.push({ band, counts, ...(bytes === undefined ? {} : { bytes }) });
      timings.encode += lap();
    }
  } finally {
    reader.close();
  }
  return {
    state: 'encoded',
    id: tile.id,
    index: tile.index,
    chunks,
    isEmpty: chunks.every(({ counts }) => counts.valid === 0),
    timings,
    startedAt,
    thread: threadId,
  };
}

/** What reads a tile's bands, whether its pixels were asked for on its own grid or on another one. */
async function openTile(
  tile: FetchedTile,
  recipe: Recipe,
  parts: KernelParts,
  workspace: Workspace,
): Promise<Pick<TileReader, 'readBand' | 'warpMs' | 'close'>> {
  const grid = GeoBox.fromRecord(tile.requestGeobox ?? tile.geobox);
  const reader = await TileReader.open(tile, grid, recipe, parts, workspace);
  return tile.requestGeobox === undefined
    ? reader
    : readOnTileGrid(
        { reader, bands: bandsOf(tile, recipe), from: grid, to: GeoBox.fromRecord(tile.geobox) },
        recipe,
        parts,
        workspace,
      );
}

/** Fills the gaps of one band in place, and puts the fill value where no value remains. */
function finish(
  pixels: PixelArray,
  shape: Shape,
  recipe: Recipe,
  workspace: Workspace,
): BandCounts {
  const gaps = workspace.gaps.indices();
  const valid = pixels.length - gaps.length;
  if (gaps.length === 0 || valid === 0) return { valid, filled: 0, empty: gaps.length };
  const left = fill(pixels, gaps, shape, recipe, workspace);
  const { fillValue } = recipe;
  for (let k = 0; k < left.length; k++) pixels[left[k] as number] = fillValue;
  return { valid, filled: gaps.length - left.length, empty: left.length };
}

/** Fills what can be filled; returns the gaps that stay. */
function fill(
  pixels: PixelArray,
  gaps: Int32Array,
  shape: Shape,
  recipe: Recipe,
  workspace: Workspace,
): Int32Array {
  const { processing, dtype } = recipe;
  const { fill, maxFillDistance, clipToObserved } = processing;
  if (fill === 'none') return gaps;
  workspace.left.clear();
  if (fill === 'nearest') {
    // A copy of a valid pixel is always within the observed range and the dtype.
    const sources = workspace.sources.of(gaps, () =>
      withMarks(gaps, pixels.length, workspace, (isGap) =>
        nearestSources({ gaps, isGap }, shape, maxFillDistance, workspace),
      ),
    );
    copySources(pixels, gaps, sources, workspace.left);
  } else {
    fill satisfies 'idw';
    withMarks(gaps, pixels.length, workspace, (isGap) => {
      const range = clipToObserved ? observedRange(pixels, isGap, dtype) : rangeOf(dtype);
      const distance = maxFillDistance ?? Math.hypot(shape.height, shape.width);
      fillIdw(pixels, { gaps, isGap }, shape, distance, caster(recipe, range), workspace);
    });
  }
  return workspace.left.indices();
}

/** Lends a raster of `length` pixels that is 1 at gaps, 0 elsewhere. */
function withMarks<T>(
  gaps: Int32Array,
  length: number,
  workspace: Workspace,
  use: (isGap: Uint8Array) => T,
): T {
  const isGap = workspace.array('is gap', 'uint8', length);
  for (let k = 0; k < gaps.length; k++) isGap[gaps[k] as number] = 1;
  try {
    return use(isGap);
  } finally {
    // All zeros again for the next band, at the cost of the gaps alone.
    for (let k = 0; k < gaps.length; k++) isGap[gaps[k] as number] = 0;
  }
}

/** Integers are rounded to the nearest, halves up, as GDAL rounds when it writes to an integer band. */
function caster(recipe: Recipe, [low, high]: readonly [number, number]): (value: number) => number {
  if (isFloat(recipe.dtype)) return (value) => Math.min(Math.max(value, low), high);
  const other = besideNodata(recipe);
  return (value) => {
    const rounded = Math.floor(Math.min(Math.max(value, low), high) + 0.5);
    return other !== undefined && rounded === recipe.nodata ? other : rounded;
  };
}

/** Integers that float32 holds exactly: a weighted mean of them, rounded, is within their range. */
const EXACT: ReadonlySet<DType> = new Set(['uint8', 'int16', 'uint16']);

/** Smallest and largest valid value; the type's own where filled values cannot leave the observed range. */
function observedRange(
  pixels: PixelArray,
  isGap: Uint8Array,
  dtype: DType,
): readonly [low: number, high: number] {
  if (EXACT.has(dtype)) return rangeOf(dtype);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < pixels.length; i++) {
    if (isGap[i] === 1) continue;
    const value = pixels[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The encoded chunk, or `undefined` when it holds nothing but the fill value. */
async function encodeBand(
  computed: PixelArray,
  shape: Shape,
  recipe: Recipe,
  room: Uint8Array | undefined,
  parts: KernelParts,
  workspace: Workspace,
): Promise<Uint8Array | undefined> {
  const { chunk, dtype, fillValue, codec, storedAs } = recipe;
  const pixels = asStored(computed, recipe, workspace);
  if (holdsOnly(pixels, fillValue)) return undefined;
  const bytes = asBytes(padToChunk(pixels, shape, recipe, workspace));
  return encode(parts, { dtype: storedAs ?? dtype, shape: chunk, bytes }, codec, room);
}

/** Themselves where they are stored in the type that they were computed in. */
function asStored(
  pixels: PixelArray,
  { storedAs, nodata }: Recipe,
  workspace: Workspace,
): StoredArray {
  if (storedAs === undefined) return pixels;
  const stored = workspace.array('stored', storedAs, pixels.length);
  narrow(pixels, stored, storedAs, nodata);
  return stored;
}

/** Zarr stores the chunks of the last row and column in full size too. */
function padToChunk(
  pixels: StoredArray,
  { height, width }: Shape,
  { chunk: [rows, cols], dtype, storedAs, fillValue }: Recipe,
  workspace: Workspace,
): StoredArray {
  if (height === rows && width === cols) return pixels;
  const padded = workspace.array('padded', storedAs ?? dtype, rows * cols).fill(fillValue);
  for (let y = 0; y < height; y++) {
    (padded as Uint8Array).set(
      (pixels as Uint8Array).subarray(y * width, (y + 1) * width),
      y * cols,
    );
  }
  return padded;
}
