/** The pixels of a region, tile by tile, as far as they are loaded: what statistics go through. */
import type { TimeStep } from '../../dataset/time-axis.js';
import { AbortedError, expected } from '../../errors.js';
import { type Roi, roiWindows, tilesIn } from '../../grid/roi.js';
import { type PixelRuns, pixelRuns, pixelsIn, runsWithin } from '../../grid/shapes/pixel-runs.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import type { Window } from '../../grid/window.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import type { Session } from '../../store/session.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import type { OpenedCube } from '../opened-cube.js';
import { isLost, lostError } from '../read/lost-chunks.js';
import { type ReadOptions, readRaster } from '../read/read-raster.js';

/** A region of a cube at one moment of its history. */
export interface RegionView {
  readonly cube: OpenedCube;
  readonly session: Session;
  readonly ledger: Ledger;
  readonly runs: PixelRuns;
  readonly tiles: Iterable<Pick<TileIndex, 'row' | 'col'>>;
}

/** @throws {InvalidInputError} when the region lies outside the cube, or holds no pixel of it. */
export function viewRegion(
  cube: OpenedCube,
  roi: Roi,
  session: Session,
  ledger: Ledger,
): RegionView {
  const { grid } = cube;
  const runs = pixelRuns(roi, grid.geobox, roiWindows(roi, grid.geobox));
  const view = { cube, session, ledger, runs, tiles: tilesIn(roi, grid) };
  for (const tile of view.tiles)
    for (const strip of stripsOf(grid.tileWindow(tile)))
      if (runsWithin(runs, strip).length > 0) return view;
  throw expected(
    'a region that holds the centre of one pixel at least',
    'the region of interest',
    'one between them',
  );
}

/** How many pixels of a region are in tiles of each state, and what is to be read of it at a step. */
export interface StepPieces {
  /** In all. */
  readonly pixels: number;
  /** In tiles that are not loaded. */
  readonly missing: number;
  readonly missingTiles: number;
  /** Tiles to read; those that are loaded and empty need not be. */
  readonly loaded: readonly TileIndex[];
}

/** @throws {StoreError} for lost chunks. */
export async function piecesAt(
  { cube, session, ledger, runs, tiles }: RegionView,
  step: TimeStep | undefined,
  names: readonly string[],
): Promise<StepPieces> {
  const count = { pixels: 0, missing: 0, missingTiles: 0 };
  const loaded: TileIndex[] = [];
  const lost: string[] = [];
  const source = { session, ledger, dataset: cube.dataset };
  for (const tile of tiles) {
    const index = step === undefined ? tile : { t: step.index, ...tile };
    let pixels = 0;
    for (const strip of stripsOf(cube.grid.tileWindow(index)))
      pixels += pixelsIn(runsWithin(runs, strip));
    if (pixels === 0) continue;
    count.pixels += pixels;
    const state = ledger.peek(index) ?? (await ledger.get(index));
    if (state === TileState.loaded) {
      loaded.push(index);
      if (await isLost(index, names, source)) lost.push(tileId(index));
      continue;
    }
    if (state === TileState.empty) continue;
    count.missingTiles++;
    count.missing += pixels;
  }
  if (lost.length > 0) throw lostError(lost);
  return { ...count, loaded };
}

/** Pixels of a band, some of which are the region's. */
export interface RegionPiece {
  readonly pixels: LoadedPixels;
  readonly width: number;
  /** The region's, in threes: row, first column, the one after the last. */
  readonly runs: Int32Array;
}

/** Pixels that are read at a time; larger chunks are read in strips. */
const STRIP_PIXELS = 16 * 1024 ** 2;

function* stripsOf({ row, col, height, width }: Window): Generator<Window> {
  const rows = Math.max(Math.floor(STRIP_PIXELS / width), 1);
  for (let y = 0; y < height; y += rows)
    yield { row: row + y, col, height: Math.min(rows, height - y), width };
}

/**
 * Pieces of one band, each read once, in the order of tiles; the next ones are read meanwhile.
 * @param atATime pieces in memory at the most
 */
export async function* readPieces(
  { cube, session, runs }: RegionView,
  name: string,
  loaded: readonly TileIndex[],
  { atATime, ...options }: ReadOptions & { readonly atATime: number },
): AsyncGenerator<RegionPiece> {
  const { grid } = cube;
  function* jobs() {
    for (const index of loaded)
      for (const strip of stripsOf(grid.tileWindow(index))) {
        const window = around(strip, runsWithin(runs, strip));
        if (window !== undefined) yield { index, window };
      }
  }
  const read = async ({ index: { t }, window }: { index: TileIndex; window: Window }) => ({
    pixels: await readRaster(
      { session },
      {
        path: name,
        shape: window,
        parts: [{ window, row: 0, col: 0 }],
        leading: t === undefined ? [] : [t],
      },
      options,
    ),
    width: window.width,
    runs: runsWithin(runs, window),
  });
  const ahead: Promise<RegionPiece>[] = [];
  try {
    for (const job of jobs()) {
      if (options.signal?.aborted)
        throw new AbortedError('The statistics were stopped.', { cause: options.signal.reason });
      const piece = read(job);
      // Whoever waits for it is told.
      piece.catch(() => {});
      ahead.push(piece);
      if (ahead.length >= atATime) yield await (ahead.shift() as Promise<RegionPiece>);
    }
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) yield await next;
  } finally {
    // Threads write into their memory until then.
    await Promise.allSettled(ahead);
  }
}

/** The part of a window that holds the runs in it. */
function around(window: Window, runs: Int32Array): Window | undefined {
  if (runs.length === 0) return undefined;
  let [left, right] = [window.width, 0];
  for (let k = 0; k < runs.length; k += 3) {
    left = Math.min(left, runs[k + 1] as number);
    right = Math.max(right, runs[k + 2] as number);
  }
  const [top, bottom] = [runs[0] as number, (runs.at(-3) as number) + 1];
  return {
    row: window.row + top,
    col: window.col + left,
    height: bottom - top,
    width: right - left,
  };
}
