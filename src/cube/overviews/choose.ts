/** Which reduced level a load may be made from. */
import type { Resampling } from '../../dataset/dataset.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import type { Grid } from '../../grid/tiling.js';
import type { Reduction } from '../../kernel/region/reduce.js';
import {
  type OverviewRecord,
  readOverviewRecord,
} from '../../store/metadata/overview-documents.js';
import type { Session } from '../../store/session.js';
import type { Ledger } from '../../store/tiles/ledger.js';
import { tilesOfPlan } from '../read/load.js';
import type { LoadPlan } from '../read/load-plan.js';
import { scalesOf } from '../read/reproject.js';
import { atSteps } from '../tiles.js';
import { levelGrid, levelPlaces } from './levels.js';
import { TileMarks } from './tile-marks.js';

/** A level in place of the cube's own bands. */
export interface LevelView {
  readonly factor: number;
  /** Of the group that the bands lie in. */
  readonly path: string;
  readonly grid: Grid;
}

/** What is to be read. */
export interface LevelRequest {
  readonly grid: Grid;
  readonly session: Session;
  readonly ledger: Ledger;
  readonly plan: LoadPlan;
  readonly names: readonly string[];
  readonly steps: readonly TimeStep[] | undefined;
  readonly resampling: Resampling;
  /** Of the session, where it was read before. */
  readonly record?: OverviewRecord | undefined;
  /** Of the session, where more than one choice is made in it. */
  readonly marks?: TileMarks | undefined;
}

/**
 * How values must have been made for a resampling to be of them: an average of averages, the most frequent of the most
 * frequent, what interpolates of averages. `near` takes pixels as they are, whatever made them.
 */
const MADE_FOR: Readonly<Record<Resampling, readonly Reduction[]>> = {
  near: ['near', 'average', 'mode'],
  bilinear: ['average'],
  cubic: ['average'],
  average: ['average'],
  mode: ['mode'],
};

/** Scales are found by computing places. */
const TOLERANCE = 1e-6;

/**
 * The coarsest level that is nowhere coarser than what is asked for, that was made as it is resampled, and that has all
 * tiles of the region as they are by now; `undefined` where there is none.
 */
export async function chooseLevel(request: LevelRequest): Promise<LevelView | undefined> {
  const { grid, session, ledger, plan, names, steps, resampling } = request;
  if (plan.kind !== 'reprojected') return undefined;
  const record = request.record ?? (await readOverviewRecord(session.store));
  if (record === undefined) return undefined;
  const suits = MADE_FOR[resampling];
  if (!names.every((name) => suits.includes(record.reductions[name] as Reduction)))
    return undefined;
  let finest = Number.POSITIVE_INFINITY;
  for (const region of plan.regions)
    for (const scales of scalesOf(region, { grid, target: plan.target }))
      for (const scale of scales) finest = Math.min(finest, scale > 0 ? 1 / scale : 1);
  const level = levelPlaces(record, grid)
    .filter(({ factor }) => factor <= finest * (1 + TOLERANCE))
    .at(-1);
  if (level === undefined) return undefined;
  const marks = request.marks ?? new TileMarks(session.store, ledger);
  for (const index of atSteps(tilesOfPlan(grid, plan, resampling), steps))
    if (!(await marks.isCurrent(index))) return undefined;
  return { factor: level.factor, path: level.path, grid: levelGrid(level) };
}
