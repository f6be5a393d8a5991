/** Which tiles are meant: by a region and a time, by a list, by an index. */
import type { TimeAxis, TimeStep } from '../dataset/time-axis.js';
import { selectSteps, type Toi } from '../dataset/toi.js';
import { expected } from '../errors.js';
import type { GeoBox } from '../grid/geobox.js';
import { type Roi, tilesOf } from '../grid/roi.js';
import { type Grid, parseTileId, type TileIndex, tileId } from '../grid/tiling.js';

/** Which time is meant. */
export interface TimeOptions {
  /** Which steps of a temporal cube are meant. Default: all. Not allowed for cubes without a time axis. */
  readonly time?: Toi | undefined;
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

/** As `Cube.tilesOf`. */
export function listedTiles(tiles: readonly (TileIndex | string)[], space: TileSpace): TileIndex[] {
  const found = new Map(
    tiles.map((tile) => {
      const index = indexOf(tile);
      // Refuses what is not in the grid, or not on the time axis.
      space.grid.tileWindow(index);
      timeOf(index, space.timeAxis);
      return [tileId(index), index];
    }),
  );
  return [...found.values()].sort(
    (one, other) => (one.t ?? 0) - (other.t ?? 0) || one.row - other.row || one.col - other.col,
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
