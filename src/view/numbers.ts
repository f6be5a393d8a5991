/** Values at a point, through time, and of a box. */

import { loadRegion } from '../cube/read/load.js';
import { TileState } from '../cube/state/tile-states.js';
import { timeOf } from '../cube/tiles.js';
import { regionHistogram } from '../cube/values/histogram.js';
import { regionStats } from '../cube/values/stats.js';
import { expected } from '../errors.js';
import { type TileIndex, tileId } from '../grid/tiling.js';
import type { Window } from '../grid/window.js';
import { rangeOf } from '../picture/stretch.js';
import type { Pool } from '../pool/pool.js';
import { placeOf } from './description.js';
import { firstFrom, lengthAt } from './levels.js';
import { MOST_PIXELS, type PixelReader } from './pixels/reader.js';
import type { Snapshot } from './snapshot.js';
import type { BoxStats, Point, Series, Values } from './told.js';

const STATES = {
  [TileState.notLoaded]: 'not loaded',
  [TileState.loaded]: 'loaded',
  [TileState.empty]: 'loaded, empty',
} as const;

/** What is known of a pixel at a step: where it lies, its tile, and the stored numbers; `null` where there is no value. */
export async function valuesAt(
  reader: PixelReader,
  snapshot: Snapshot,
  { row, col }: Point,
  t: number | undefined,
  bands: readonly string[],
  signal: AbortSignal,
): Promise<Values> {
  const tile = tileAt(snapshot, { row, col }, t);
  const values: Record<string, number | null> = {};
  for (const band of bands) {
    const window = { level: 0, row, col, height: 1, width: 1 };
    const read = await reader.read(snapshot, { band, t }, window, signal);
    const { nodata } = await snapshot.band(band);
    values[band] = valueIn(read?.pixels[0], read?.isLoaded[0] === 1, nodata);
  }
  return {
    ...{ row, col },
    ...placeOf(snapshot.cube.grid, col + 0.5, row + 0.5),
    tile: tileId(tile),
    state: STATES[await snapshot.stateOf(tile)],
    values,
  };
}

/** Of a series: more points than a chart has pixels are thinned. */
const MOST_STEPS = 400;

/** The numbers of one band at a pixel through time, at equal distances where there are many steps. */
export async function seriesAt(
  snapshot: Snapshot,
  { row, col }: Point,
  band: string,
  pool: Pool,
  signal: AbortSignal,
): Promise<Series> {
  const { grid, timeAxis } = snapshot.cube;
  const all = timeAxis?.steps ?? [];
  const every = Math.ceil(all.length / MOST_STEPS);
  const geobox = grid.geobox.crop({ row, col, height: 1, width: 1 });
  const { nodata } = await snapshot.band(band);
  const series: { t: number; value: number | null }[] = [];
  for (const step of all) {
    if (step.index % every !== 0) continue;
    const tile = tileAt(snapshot, { row, col }, step.index);
    if ((await snapshot.stateOf(tile)) !== TileState.loaded) {
      series.push({ t: step.index, value: null });
      continue;
    }
    const { bands } = await loadRegion(snapshot.view, geobox, {
      ...{ bands: [band], steps: [step], pool, signal },
    });
    series.push({ t: step.index, value: valueIn(bands.get(band)?.[0], true, nodata) });
  }
  return { every, series };
}

function valueIn(
  value: number | undefined,
  isLoaded: boolean,
  nodata: number | undefined,
): number | null {
  return value === undefined || !isLoaded || value === nodata || Number.isNaN(value) ? null : value;
}

function tileAt({ cube: { grid } }: Snapshot, { row, col }: Point, t: number | undefined) {
  const place = {
    row: Math.floor(row / grid.chunk.height),
    col: Math.floor(col / grid.chunk.width),
  };
  return (t === undefined ? place : { t, ...place }) satisfies TileIndex;
}

/** Pixels of a side of what percentiles are taken of. */
const SAMPLE_SIDE = 512;

/** Percentiles of a band in a part of the cube, by the pixels of the level that shows it in {@link SAMPLE_SIDE} pixels. */
export async function percentilesIn(
  reader: PixelReader,
  snapshot: Snapshot,
  { row, col, height, width }: Window,
  t: number | undefined,
  band: string,
  percentiles: readonly [low: number, high: number],
  signal: AbortSignal,
): Promise<readonly [low: number, high: number] | undefined> {
  const { geobox } = snapshot.cube.grid;
  const level = Math.max(0, Math.ceil(Math.log2(Math.max(height, width) / SAMPLE_SIDE)));
  const start = {
    row: Math.min(firstFrom(row, level, geobox.height), lengthAt(level, geobox.height) - 1),
    col: Math.min(firstFrom(col, level, geobox.width), lengthAt(level, geobox.width) - 1),
  };
  const window = {
    ...{ level, ...start },
    height: Math.max(1, firstFrom(row + height, level, geobox.height) - start.row),
    width: Math.max(1, firstFrom(col + width, level, geobox.width) - start.col),
  };
  const read = await reader.read(snapshot, { band, t }, window, signal);
  if (read === undefined) return undefined;
  const { nodata } = await snapshot.band(band);
  const { pixels, isLoaded } = read;
  let count = 0;
  for (let i = 0; i < isLoaded.length; i++) {
    if (pixels[i] === nodata || !Number.isFinite(pixels[i])) isLoaded[i] = 0;
    count += isLoaded[i] as number;
  }
  return count === 0 ? undefined : rangeOf({ percentiles }, pixels, isLoaded);
}

const BINS = 64;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Of the pixels of a box, each of them: as `Cube.stats` has it, and a histogram between the extremes. */
export async function statsOf(
  snapshot: Snapshot,
  window: Window,
  t: number | undefined,
  bands: readonly string[],
  { pool, signal }: { readonly pool: Pool; readonly signal: AbortSignal },
): Promise<BoxStats> {
  const { cube } = snapshot;
  const pixels = window.height * window.width * bands.length;
  if (pixels > 4 * MOST_PIXELS)
    throw expected(
      `${4 * MOST_PIXELS} pixels at most`,
      'the box',
      pixels,
      '"geocubes stats" takes regions of any size.',
    );
  const roi = cube.grid.geobox.crop(window);
  const time = timeOf(t === undefined ? { row: 0, col: 0 } : { t, row: 0, col: 0 }, cube.timeAxis);
  const { each } = await regionStats(cube, roi, {
    ...{ ...time, bands, quantiles: QUANTILES, pool, signal },
  });
  const told = [];
  for (const { step: _, ...stats } of each) {
    const { band, min, max } = stats;
    const isSpread = min !== undefined && max !== undefined;
    const histogram = isSpread
      ? await regionHistogram(cube, roi, {
          ...{ band, t, range: [min, max], bins: BINS, pool, signal },
        })
      : undefined;
    told.push({ ...stats, ...(histogram === undefined ? {} : { histogram }) });
  }
  return { bands: told };
}
