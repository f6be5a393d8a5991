/** Whether the overviews have a region as it is. */
import type { TileIndex } from '../../grid/tiling.js';
import { readOverviewRecord } from '../../store/metadata/overview-documents.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import type { OpenedCube } from '../opened-cube.js';
import { type OverviewLevel, overviewLevels } from './levels.js';
import { TileMarks } from './tile-marks.js';

/** What the overviews have of some tiles. */
export interface OverviewState {
  readonly levels: readonly OverviewLevel[];
  /** Loaded tiles that they have as they are. */
  readonly current: number;
  /** Tiles that they have otherwise, or not: loaded since, fetched again, or taken out. */
  readonly stale: number;
}

/** As `Cube.levels`. */
export async function levelsOf({ repository, grid }: OpenedCube): Promise<OverviewLevel[]> {
  const record = await readOverviewRecord((await repository.readSession()).store);
  return record === undefined ? [] : overviewLevels(record, grid);
}

/** As `Cube.overviewState`; without overviews all that is loaded is stale. */
export async function overviewState(
  cube: OpenedCube,
  tiles: Iterable<TileIndex>,
): Promise<OverviewState> {
  const { store } = await cube.repository.readSession();
  const record = await readOverviewRecord(store);
  const marks = new TileMarks(store, await readLedger(store, cube.dataset));
  const count = { current: 0, stale: 0 };
  for (const index of tiles) {
    if (!(await marks.isCurrent(index))) count.stale++;
    else if (marks.isLoaded(index)) count.current++;
  }
  return { levels: record === undefined ? [] : overviewLevels(record, cube.grid), ...count };
}
