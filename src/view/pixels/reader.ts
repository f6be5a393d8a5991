/** Pixels of any level and window of a cube, from chunks that are decoded once and kept. */
import { loadRegion } from '../../cube/read/load.js';
import { TileState } from '../../cube/state/tile-states.js';
import { typedForName } from '../../dataset/band-types.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { intersect, type Window } from '../../grid/window.js';
import { memoryOfMachine } from '../../machine/memory.js';
import { Gate } from '../../pool/gate.js';
import type { Pool } from '../../pool/pool.js';
import { allocate } from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import { firstFrom, lengthAt, sourceOf } from '../levels.js';
import type { Snapshot } from '../snapshot.js';
import type { Layer, LevelPixels, LevelWindow } from './level-window.js';
import { type Overview, overviewFor, readOverview } from './overview.js';
import { SharedReads } from './shared-reads.js';

export type { Layer, LevelPixels, LevelWindow } from './level-window.js';

/** Ten chunks of 3600 pixels of float32, and no more than an eighth of the memory. */
const KEPT_BYTES = 512 * 1024 ** 2;

/** Decoding so many pixels takes a second or two: whoever wants more has to come nearer. */
export const MOST_PIXELS = 2 ** 28;

export class PixelReader {
  readonly #whole: SharedReads;
  readonly #reduced: SharedReads;
  readonly #gate: Gate;

  constructor(
    private readonly pool: Pool,
    keptBytes = KEPT_BYTES,
  ) {
    const kept = Math.min(keptBytes, memoryOfMachine() / 8);
    this.#whole = new SharedReads(kept);
    this.#reduced = new SharedReads(kept / 4);
    this.#gate = new Gate(Math.max(2, pool.size));
  }

  /**
   * From the cube's reduced levels where they are up to date, else pixels of the cube.
   * @returns `undefined` where too much would have to be decoded; see {@link MOST_PIXELS}.
   */
  async read(
    snapshot: Snapshot,
    layer: Layer,
    window: LevelWindow,
    signal: AbortSignal,
  ): Promise<LevelPixels | undefined> {
    const overview = await overviewFor(snapshot, layer, window);
    return this.readFrom(snapshot, layer, { window, overview }, signal);
  }

  /** The same from what {@link overviewFor} has chosen for the window. */
  async readFrom(
    snapshot: Snapshot,
    layer: Layer,
    { window, overview }: { readonly window: LevelWindow; readonly overview: Overview | undefined },
    signal: AbortSignal,
  ): Promise<LevelPixels | undefined> {
    if (overview !== undefined)
      return this.#gate.run(
        () => readOverview(snapshot, layer, { window, overview }, { pool: this.pool, signal }),
        signal,
      );
    const { dtype } = typedForName(snapshot.cube.dataset, layer.band);
    const pixels = allocate(dtype, window.height * window.width);
    const isLoaded = new Uint8Array(pixels.length);
    const pieces = await this.#pieces(snapshot, layer, window);
    const toDecode = pieces.filter(({ isKept, state }) => !isKept && state === TileState.loaded);
    const { chunk } = snapshot.cube.grid;
    if (toDecode.length > 1 && toDecode.length * chunk.height * chunk.width > MOST_PIXELS)
      return undefined;
    await Promise.all(
      pieces.map(async ({ index, stamp, state, samples, part }) => {
        fillIn(isLoaded, window, part, 1);
        if (state !== TileState.loaded) {
          // Tiles that are loaded and empty have no value anywhere.
          const { nodata = Number.NaN } = await snapshot.band(layer.band);
          fillIn(pixels, window, part, nodata);
          return;
        }
        const from = await this.#samples(snapshot, layer, index, stamp, window.level, signal);
        for (let y = 0; y < part.height; y++) {
          const start = (part.row + y - samples.row) * samples.width + part.col - samples.col;
          const place = (part.row + y - window.row) * window.width + part.col - window.col;
          pixels.set(from.subarray(start, start + part.width) as never, place);
        }
      }),
    );
    return { pixels, isLoaded };
  }

  /** The tiles of a window that are loaded, each with its pixels of the level, and those that are wanted. */
  async #pieces(snapshot: Snapshot, { band, t }: Layer, window: LevelWindow) {
    const { grid } = snapshot.cube;
    const { level } = window;
    const { height, width } = grid.geobox;
    const rowOf = (row: number) => sourceOf(row, level, height);
    const colOf = (col: number) => sourceOf(col, level, width);
    const last = { row: window.row + window.height - 1, col: window.col + window.width - 1 };
    const range = grid.tileRange({
      row: rowOf(window.row),
      col: colOf(window.col),
      height: rowOf(last.row) - rowOf(window.row) + 1,
      width: colOf(last.col) - colOf(window.col) + 1,
    });
    const pieces = [];
    for (let row = range.row; row < range.row + range.height; row++)
      for (let col = range.col; col < range.col + range.width; col++) {
        const index: TileIndex = t === undefined ? { row, col } : { t, row, col };
        const samples = samplesOf(grid.tileWindow(index), level, height, width);
        const part = intersect(samples, window);
        if (part === undefined) continue;
        const state = await snapshot.stateOf(index);
        if (state === TileState.notLoaded) continue;
        const stamp = await snapshot.stampOf(index);
        const isKept =
          this.#whole.holds(keyOf(band, index, stamp)) ||
          this.#reduced.holds(keyOf(band, index, stamp, level));
        pieces.push({ index, state, stamp, samples, part, isKept });
      }
    return pieces;
  }

  /** A tile's pixels at a level. */
  #samples(
    snapshot: Snapshot,
    { band }: Layer,
    index: TileIndex,
    stamp: string,
    level: number,
    signal: AbortSignal,
  ): Promise<LoadedPixels> {
    const whole = (wanted: AbortSignal) =>
      this.#whole.get(
        keyOf(band, index, stamp),
        (stop) => this.#gate.run(() => this.#decode(snapshot, band, index, stop), stop),
        wanted,
      );
    if (level === 0) return whole(signal);
    return this.#reduced.get(
      keyOf(band, index, stamp, level),
      async (stop) => reduce(await whole(stop), snapshot, index, level),
      signal,
    );
  }

  async #decode(
    { cube: { grid, timeAxis }, view }: Snapshot,
    band: string,
    index: TileIndex,
    signal: AbortSignal,
  ): Promise<LoadedPixels> {
    const steps =
      index.t === undefined || timeAxis === undefined ? {} : { steps: [timeAxis.step(index.t)] };
    const { bands } = await loadRegion(view, grid.tileGeoBox(index), {
      ...{ bands: [band], pool: this.pool, signal },
      ...steps,
    });
    return bands.get(band) as LoadedPixels;
  }
}

function keyOf(band: string, index: TileIndex, stamp: string, level = 0): string {
  return `${level} ${tileId(index)} ${stamp} ${band}`;
}

/** The pixels of a level that show pixels of a tile. */
function samplesOf(tile: Window, level: number, height: number, width: number): Window {
  const [row, col] = [firstFrom(tile.row, level, height), firstFrom(tile.col, level, width)];
  return {
    ...{ row, col },
    height: firstFrom(tile.row + tile.height, level, height) - row,
    width: firstFrom(tile.col + tile.width, level, width) - col,
  };
}

function reduce(
  whole: LoadedPixels,
  { cube: { grid } }: Snapshot,
  index: TileIndex,
  level: number,
): LoadedPixels {
  const { height, width } = grid.geobox;
  const tile = grid.tileWindow(index);
  const samples = samplesOf(tile, level, height, width);
  const reduced = whole.slice(0, samples.height * samples.width);
  for (let y = 0, at = 0; y < samples.height; y++) {
    const start = (sourceOf(samples.row + y, level, height) - tile.row) * tile.width - tile.col;
    for (let x = 0; x < samples.width; x++)
      reduced[at++] = whole[start + sourceOf(samples.col + x, level, width)] as number;
  }
  return reduced;
}

function fillIn(raster: LoadedPixels, window: Window, part: Window, value: number): void {
  for (let y = part.row - window.row; y < part.row - window.row + part.height; y++) {
    const start = y * window.width + part.col - window.col;
    raster.fill(value, start, start + part.width);
  }
}

/** The part of a level that one of its pictures shows, by column and row from the north-west; there is such a one. */
export function pictureWindow(
  { x, y, level, side }: { x: number; y: number; level: number; side: number },
  { height, width }: { readonly height: number; readonly width: number },
): LevelWindow {
  const [row, col] = [y * side, x * side];
  return {
    ...{ level, row, col },
    height: Math.min(side, lengthAt(level, height) - row),
    width: Math.min(side, lengthAt(level, width) - col),
  };
}
