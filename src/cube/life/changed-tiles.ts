/** Which tiles are of images that were changed since. */
import type { TimeStep } from '../../dataset/time-axis.js';
import { expected, InvalidInputError } from '../../errors.js';
import type { Grid, TileIndex } from '../../grid/tiling.js';
import type { CubeStore } from '../../store/session.js';
import { type FetchRecord, FetchRecords } from '../../store/tiles/fetch-records.js';
import type { SourceUpdate, TileSource } from '../../tile.js';
import { TileRuns } from '../state/tile-runs.js';

/**
 * How much longer ago than its fetch an image must have been changed for the tile to have the change for sure: the
 * service's clock may be ahead of that of the machine that fetched, and what it computes from may be older than what it
 * lists. Too much costs one fetch in vain; the next look finds a later fetch.
 */
const MARGIN_MS = 3_600_000;

/** Where to look for changes. */
export interface ChangesOf {
  readonly source: Pick<TileSource, 'updates'>;
  readonly grid: Grid;
  readonly store: CubeStore;
  /** The steps that the tiles are of; `undefined` in cubes without a time axis. */
  readonly steps: readonly TimeStep[] | undefined;
}

/**
 * Those of the tiles that lie where an image of their time step was changed after they were fetched, and those of which
 * it is not known when they were. One question to the source for each step.
 *
 * @throws {InvalidInputError} where the source does not tell.
 */
export async function changedAmong(
  tiles: Iterable<TileIndex>,
  { source, grid, store, steps }: ChangesOf,
): Promise<TileRuns> {
  if (source.updates === undefined)
    throw expected(
      'a source that tells when it was changed',
      'a refresh of what was changed',
      'one that does not',
    );
  const records = new FetchRecords(store);
  const changed = new TileRuns(grid.rows, grid.cols);
  const boundsOf = boundsReader(grid);
  const byStep = new Map(steps?.map((step) => [step.index, step]));
  let known:
    | { readonly t: number | undefined; readonly updates: readonly SourceUpdate[] }
    | undefined;
  for (const index of tiles) {
    if (known === undefined || known.t !== index.t) {
      const step = index.t === undefined ? undefined : byStep.get(index.t);
      known = { t: index.t, updates: await source.updates(step) };
    }
    const record = await records.get(index);
    const isChanged = known.updates.some(
      (update) => isNews(update, record) && meets(update.bounds, boundsOf(index)),
    );
    if (isChanged) changed.add(index);
  }
  return changed;
}

/** Of an asset that the tile was made of as a whole, its own time tells, whatever the clocks say. */
function isNews({ updatedAt, isWhole }: SourceUpdate, record: FetchRecord | undefined): boolean {
  if (record === undefined || updatedAt > record.fetchedAt - MARGIN_MS) return true;
  return isWhole === true && record.sourceUpdatedAt !== undefined
    ? updatedAt !== record.sourceUpdatedAt
    : false;
}

type Bounds = NonNullable<SourceUpdate['bounds']>;

/** `undefined`: everywhere. */
function meets(one: Bounds | undefined, other: Bounds | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  return one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];
}

/** Where a tile lies, in degrees; the steps of a cube share their places. */
function boundsReader(grid: Grid): (index: TileIndex) => Bounds | undefined {
  const known = new Map<string, Bounds | undefined>();
  return ({ row, col }) => {
    const key = `${row}-${col}`;
    if (!known.has(key)) known.set(key, boundsOf(grid, { row, col }));
    return known.get(key);
  };
}

function boundsOf(grid: Grid, index: TileIndex): Bounds | undefined {
  try {
    const { coordinates } = grid.tileGeoBox(index).geographicExtent;
    const points = coordinates.flat(2) as unknown as (number | number[])[];
    // A polygon's rings are one level less deep than those of several.
    const flat = (typeof points[0] === 'number' ? coordinates.flat(1) : points) as number[][];
    const [xs, ys] = [0, 1].map((axis) => flat.map((point) => point[axis] ?? 0)) as [
      number[],
      number[],
    ];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  } catch (error) {
    // Of no place on earth it is not known what lies there.
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
}
