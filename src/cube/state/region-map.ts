/** A region of a cube in words and as a map, as reports have it. */
import { formatInstant } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { boundsOf } from '../../grid/frame.js';
import { type Roi, roiWindows } from '../../grid/roi.js';
import type { Grid, TileIndex } from '../../grid/tiling.js';
import { drawStateMap } from '../../picture/state-map.js';
import { TileState, type TileStatus } from './tile-states.js';

/** What is drawn. */
export interface RegionMapOptions {
  readonly grid: Grid;
  /** The dataset's title. */
  readonly title: string;
  /** The states of all tiles of the cube, at one step. */
  readonly statesAt: (step: TimeStep | undefined) => AsyncIterable<TileStatus>;
  /** Steps that are meant; `undefined` in cubes without a time axis. */
  readonly steps: readonly TimeStep[] | undefined;
  /** Outlined. */
  readonly region?: Roi | undefined;
  /** Shown as failed, whatever they are at other steps. */
  readonly failed: Iterable<TileIndex>;
}

/** The cube as it is now, as SVG. */
export async function drawRegionMap({
  grid,
  title,
  statesAt,
  steps,
  region,
  failed,
}: RegionMapOptions): Promise<string> {
  const loaded: { row: number; col: number; state: number }[] = [];
  // One step after the other: together the tiles of a large temporal cube would fill the memory.
  for (const step of steps ?? [undefined])
    for await (const { row, col, state } of statesAt(step))
      if (state !== TileState.notLoaded) loaded.push({ row, col, state });
  // A tile that is loaded at one step and empty at another counts as loaded: the last word is taken.
  loaded.sort((one, other) => other.state - one.state);
  return drawStateMap({
    title: steps === undefined ? title : `${title}, ${timeWords(steps)}`,
    grid,
    states: [...loaded, ...Array.from(failed, ({ row, col }) => ({ row, col, state: 3 }))],
    ...(region === undefined ? {} : { region: roiWindows(region, grid.geobox) }),
  });
}

export function regionWords(roi: Roi): string {
  if ('type' in roi) return `GeoJSON ${roi.type}`;
  const { west, south, east, north } = 'affine' in roi ? boundsOf(roi) : roi;
  const [w, s, e, n] = [west, south, east, north].map((value) => Number(value.toPrecision(9)));
  return `${w},${s},${e},${n} (${roi.crs.name})`;
}

export function timeWords(steps: readonly TimeStep[]): string {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return 'none';
  return `${steps.length === 1 ? '' : `${steps.length} steps, `}${formatInstant(first.start)} to ${formatInstant(last.end)}`;
}
