/** Which tiles are meant: by a region and a time, by a list, by an index. */
import type { TimeAxis, TimeStep } from '../dataset/time-axis.js';
import { selectSteps, type Toi } from '../dataset/toi.js';
import { expected, InvalidInputError } from '../errors.js';
import type { GeoBox } from '../grid/geobox.js';
import { type Roi, tilesIn, tilesOf } from '../grid/roi.js';
import { type Grid, parseTileId, type TileIndex, tileId } from '../grid/tiling.js';

/** Which time is meant. */
export interface TimeOptions {
  /** Which steps of a temporal cube are meant. Default: all. Not allowed for cubes without a time axis. */
  readonly time?: Toi | undefined;
}

/** What is filled, looked at or taken out: a region, or the tiles of a list, each by its index or its id. */
export type IngestTarget = Roi | readonly (TileIndex | string)[];

/** Whether a target is a list of tiles. */
export function isTileList(target: IngestTarget): target is readonly (TileIndex | string)[] {
  return Array.isArray(target);
}

/** A tile that a region touches. */
export interface AdjacentTile {
  /** `row-col`, in temporal cubes `t-row-col`. */
  readonly id: string;
  readonly index: TileIndex;
  readonly geobox: GeoBox;
}

/** A cube's tiles, in space and time. */
export interface TileSpace {
  readonly grid: Grid;
  readonly timeAxis: TimeAxis | undefined;
}

/**
 * The tiles at each time step, one step after the other, so that what is committed together lies in one.
 *
 * @param tiles are gone through once for each step.
 */
export function* atSteps(
  tiles: Iterable<TileIndex>,
  steps: readonly TimeStep[] | undefined,
): Generator<TileIndex> {
  if (steps === undefined) yield* tiles;
  else for (const { index: t } of steps) for (const { row, col } of tiles) yield { t, row, col };
}

/** As `Cube.adjacentTiles`. */
export function adjacentTiles(
  roi: Roi,
  { grid, timeAxis }: TileSpace,
  { time }: TimeOptions,
): AdjacentTile[] {
  const tiles = atSteps([...tilesOf(roi, grid)], selectSteps(timeAxis, time));
  return Array.from(tiles, (index) => ({
    id: tileId(index),
    index,
    geobox: grid.tileGeoBox(index),
  }));
}

/**
 * The tiles that a target means: those of a region at each of the steps that are meant, or those of a list.
 * @throws {InvalidInputError} for a time beside a list, which has one in each of its tiles.
 */
export function tilesMeant(
  target: IngestTarget,
  space: TileSpace,
  time: Toi | undefined,
): Iterable<TileIndex> {
  if (!isTileList(target))
    return atSteps(tilesIn(target, space.grid), selectSteps(space.timeAxis, time));
  if (time !== undefined)
    throw expected('none', 'the time beside a list of tiles, which have one each', 'one');
  return listedTiles(target, space);
}

/** Of tiles that a cube does not have, so many are named. */
const NAMED = 10;

/** As `Cube.tilesOf`. */
export function listedTiles(tiles: readonly (TileIndex | string)[], space: TileSpace): TileIndex[] {
  const found = new Map<string, TileIndex>();
  const refused = new Map<string, InvalidInputError>();
  for (const tile of tiles) {
    try {
      const index = indexOf(tile);
      // Refuses what is not in the grid, or not on the time axis.
      space.grid.tileWindow(index);
      timeOf(index, space.timeAxis);
      found.set(tileId(index), index);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      refused.set(typeof tile === 'string' ? tile : tileId(tile), error);
    }
  }
  const [first, ...others] = refused.values();
  if (first !== undefined && others.length === 0) throw first;
  if (first !== undefined) throw notOfTheCube([...refused.keys()], space);
  return [...found.values()].sort(
    (one, other) => (one.t ?? 0) - (other.t ?? 0) || one.row - other.row || one.col - other.col,
  );
}

function notOfTheCube(ids: readonly string[], { grid, timeAxis }: TileSpace): InvalidInputError {
  const [form, steps] =
    timeAxis === undefined ? ['row-col', ''] : ['t-row-col', `${timeAxis.steps.length} steps, `];
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  return expected(
    `ids of tiles (${form}, of ${steps}${grid.rows} rows and ${grid.cols} columns)`,
    'the list of tiles',
    `${ids.slice(0, NAMED).join(', ')}${more}`,
  );
}

/** The index that an index or an id means. */
export function indexOf(tile: TileIndex | string): TileIndex {
  return typeof tile === 'string' ? parseTileId(tile) : tile;
}

/** The time of a tile's step. @throws {InvalidInputError} where the cube has no such step. */
export function timeOf({ t }: TileIndex, timeAxis: TimeAxis | undefined): TimeOptions {
  const steps = timeAxis?.steps;
  if (steps === undefined && t === undefined) return {};
  const step = t === undefined ? undefined : steps?.[t];
  if (step === undefined) {
    const wanted = steps === undefined ? 'none' : `a step from 0 to ${steps.length - 1}`;
    throw expected(wanted, "the time of the tile's index", t === undefined ? 'none' : t);
  }
  return { time: { kind: 'at', time: new Date(step.start) } };
}
