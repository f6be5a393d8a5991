/** One band of one piece of a cube comes in, and goes into the chunks of all levels. */
import { typedForName } from '../../dataset/band-types.js';
import { fillValueOf } from '../../dataset/dataset.js';
import type { Grid, TileIndex } from '../../grid/tiling.js';
import { contains, intersect, relativeTo, type Window } from '../../grid/window.js';
import type { Pool } from '../../pool/pool.js';
import { codecFor } from '../../raster/codec.js';
import { allocate, asBytes, type DType, isFloat, type PixelArray } from '../../raster/dtype.js';
import { allocateShared, fillPixels, type LoadedPixels } from '../../raster/loaded-pixels.js';
import type { LevelPlace, OverviewRecord } from '../../store/metadata/overview-documents.js';
import { chunkKey } from '../../store/metadata/zarr-metadata.js';
import type { Session, WriteSession } from '../../store/session.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import { removeIfThere } from '../../store/tiles/reopen-tiles.js';
import type { OpenedCube } from '../opened-cube.js';
import { allDone, allocateRaster, readRaster } from '../read/read-raster.js';
import { cellsOf, pixelsOfCells } from './blocks.js';

/** What all pieces of a run have in common. */
export interface RollUp {
  readonly cube: OpenedCube;
  readonly record: OverviewRecord;
  readonly levels: readonly LevelPlace[];
  readonly pool: Pool;
}

/** One band of a piece. */
export interface PieceJob {
  readonly piece: Window;
  readonly t: number | undefined;
  readonly name: string;
}

interface LevelCells {
  readonly level: LevelPlace;
  readonly cells: Window;
  readonly pixels: LoadedPixels;
}

/**
 * The cells of a piece, in memory. Tiles that are not loaded hold no pixels, whatever lies in the store of them.
 * @throws {StoreError} {@link RasterError} for a damaged chunk
 */
export async function reducePiece(
  { cube, record, levels, pool }: RollUp,
  session: Session,
  ledger: Ledger,
  { piece, t, name }: PieceJob,
): Promise<LevelCells[]> {
  const { grid, dataset } = cube;
  const typed = typedForName(dataset, name);
  const { dtype } = typed;
  const fill = fillValueOf(typed);
  const source = pixelsOfCells(piece, levels, grid);
  const results = levels.map((level) => {
    const cells = cellsOf(piece, level);
    const pixels = allocateRaster(dtype, cells.height * cells.width, { pool });
    return { level, cells, pixels: Object.is(fill, 0) ? pixels : fillPixels(pixels, fill) };
  });
  const parts = await loadedParts(source, grid, ledger, t);
  if (parts.length === 0) return results;
  const request = { path: name, shape: source, parts, leading: t === undefined ? [] : [t] };
  const read = await readRaster({ session }, request, { pool });
  const nodata = isFloat(dtype) ? undefined : typed.nodata;
  const hasCode = isFloat(dtype) || nodata !== undefined;
  const area = parts.reduce((sum, { window }) => sum + window.height * window.width, 0);
  const isWhole = area === source.height * source.width;
  await pool.reduce({
    pixels: hasCode || isWhole ? read : withGaps(read, source, parts, pool),
    height: source.height,
    width: source.width,
    dtype,
    nodata,
    reduction: record.reductions[name] ?? 'average',
    cells: results.map(({ level: { factor }, cells, pixels }) => ({
      factor,
      row: cells.row * factor - source.row,
      col: cells.col * factor - source.col,
      height: cells.height,
      width: cells.width,
      into: pixels,
    })),
  });
  return results;
}

interface Part {
  readonly window: Window;
  readonly row: number;
  readonly col: number;
}

/** The pixels of loaded tiles. */
async function loadedParts(
  source: Window,
  grid: Grid,
  ledger: Ledger,
  t: number | undefined,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const tile of grid.tilesIn([source])) {
    const index: TileIndex = t === undefined ? tile : { t, ...tile };
    if ((ledger.peek(index) ?? (await ledger.get(index))) !== TileState.loaded) continue;
    const window = intersect(source, grid.tileWindow(index));
    if (window === undefined) continue;
    const { row, col } = relativeTo(window, source);
    parts.push({ window, row, col });
  }
  return parts;
}

/** Of types that have no code for "no value": what lies outside of the parts is none. */
function withGaps(
  pixels: LoadedPixels,
  { height, width }: Window,
  parts: readonly Part[],
  pool: Pool,
): LoadedPixels {
  const length = height * width;
  const numbers = pool.size > 0 ? allocateShared('float64', length) : allocate('float64', length);
  numbers.fill(Number.NaN);
  for (const { window, row, col } of parts)
    for (let y = row; y < row + window.height; y++) {
      const start = y * width + col;
      (numbers as Float64Array).set(pixels.subarray(start, start + window.width), start);
    }
  return numbers;
}

/** Writes cells into the chunks of their level, which keep what else they hold. */
export async function writeCells(
  { cube, pool }: RollUp,
  session: WriteSession,
  { t, name }: PieceJob,
  results: readonly LevelCells[],
): Promise<void> {
  const typed = typedForName(cube.dataset, name);
  const [dtype, fill] = [typed.dtype, fillValueOf(typed)];
  const codec = codecFor(cube.codec, dtype);
  const writes: (() => Promise<void>)[] = [];
  for (const { level, cells, pixels } of results) {
    const path = `${level.path}/${name}`;
    for (const { index, window } of chunksOf(level, cells))
      writes.push(async () => {
        const key = chunkKey(path, t === undefined ? index : { t, ...index });
        const chunk = await chunkFor({ session, pool, path, t, dtype, fill }, level, window, cells);
        copyCells(pixels, cells, chunk, window, level.chunk[1]);
        if (chunk.every((value) => Object.is(value, fill)))
          return removeIfThere(session.store, key);
        const bytes = await pool.encode(
          { dtype, shape: level.chunk, bytes: asBytes(chunk) },
          codec,
        );
        await session.store.set(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      });
  }
  const queue = writes.values();
  const lane = async () => {
    for (const write of queue) await write();
  };
  await allDone(Array.from({ length: pool.size + 1 }, lane));
}

/** The chunks of a level that hold some of its cells, with the cells of each. */
export function* chunksOf({ chunk: [height, width], geobox }: LevelPlace, cells: Window) {
  for (let row = Math.floor(cells.row / height); row * height < cells.row + cells.height; row++)
    for (let col = Math.floor(cells.col / width); col * width < cells.col + cells.width; col++) {
      const [top, left] = [row * height, col * width];
      yield {
        index: { row, col },
        window: {
          row: top,
          col: left,
          height: Math.min(height, geobox.height - top),
          width: Math.min(width, geobox.width - left),
        },
      };
    }
}

/** A whole chunk's pixels: as it is where the cells are a part of it, else empty. */
async function chunkFor(
  {
    session,
    pool,
    path,
    t,
    dtype,
    fill,
  }: {
    readonly session: WriteSession;
    readonly pool: Pool;
    readonly path: string;
    readonly t: number | undefined;
    readonly dtype: DType;
    readonly fill: number;
  },
  { chunk: [height, width] }: LevelPlace,
  window: Window,
  cells: Window,
): Promise<PixelArray> {
  const pixels = allocate(dtype, height * width).fill(fill) as PixelArray;
  if (contains(cells, window)) return pixels;
  const request = {
    path,
    shape: window,
    parts: [{ window, row: 0, col: 0 }],
    leading: t === undefined ? [] : [t],
  };
  const known = await readRaster({ session }, request, { pool });
  for (let y = 0; y < window.height; y++)
    (pixels as Uint8Array).set(
      (known as Uint8Array).subarray(y * window.width, (y + 1) * window.width),
      y * width,
    );
  return pixels;
}

function copyCells(
  from: LoadedPixels,
  cells: Window,
  into: PixelArray,
  window: Window,
  stride: number,
): void {
  const part = intersect(cells, window);
  if (part === undefined) return;
  for (let y = part.row; y < part.row + part.height; y++) {
    const start = (y - cells.row) * cells.width + part.col - cells.col;
    (into as Uint8Array).set(
      (from as Uint8Array).subarray(start, start + part.width),
      (y - window.row) * stride + part.col - window.col,
    );
  }
}
