import { byteCount } from '../../arguments.js';
import { expected } from '../../errors.js';
import type { Pool } from '../../pool/pool.js';
import type { TileSource } from '../../tile.js';
import { checkCount } from '../fill/ingest-options.js';
import { type IngestPlan, largestTile, planTarget } from '../fill/plan.js';
import { recipesOf } from '../fill/recipe.js';
import { type MemoryPlan, planMemory } from '../fill/run/memory-plan.js';
import type { OpenedCube } from '../opened-cube.js';
import { checkShardCount } from '../shards/shard.js';
import { type IngestTarget, isTileList, type TimeOptions } from '../tiles.js';
import { estimateIngest, type IngestEstimate, type Rate } from './estimate.js';
import { estimateShards } from './estimate-shards.js';
import { type SampleResult, sampleTiles } from './sample.js';

/** How `Cube.estimate` estimates. */
export interface EstimateOptions extends TimeOptions {
  /** Threads that will compute. Default: the pool's, else 1. */
  readonly threads?: number;
  /** How fast tiles come, where that is known. */
  readonly rate?: Rate | undefined;
  /** As an ingest is told. */
  readonly memory?: number | string | undefined;
  /** Requests that all shards may have in flight together. Default: the service's quota for a project, 40. */
  readonly concurrency?: number | undefined;
  /** Fetches and processes so many tiles, spread over the region, without writing them. */
  readonly sample?: { readonly tiles: number; readonly source: TileSource; readonly pool: Pool };
  /** Cuts the region into so many parts, each for a process of its own, and tells what each has to do. */
  readonly shards?: number | undefined;
  readonly signal?: AbortSignal;
}

/** As `Cube.estimate`. */
export async function estimateRegion(
  cube: OpenedCube,
  target: IngestTarget,
  options: EstimateOptions,
): Promise<IngestEstimate> {
  const { sample, rate, time, signal, shards, memory: given } = options;
  const { threads = sample?.pool.size ?? 1 } = options;
  if (sample !== undefined) checkCount(sample.tiles, 'sample');
  if (shards !== undefined) checkShardCount(shards);
  if (shards !== undefined && isTileList(target))
    throw expected('none', 'the shards beside a list of tiles', shards);
  const { dataset } = cube;
  const planner =
    sample?.source ?? (await import('../../earth-engine/source.js')).earthEnginePlanner(dataset);
  const plan = await planTarget(cube, target, planner, { time });
  const memory = planMemory({
    ...{ dataset, plan, threads, mask: planner.mask, tile: largestTile(cube, planner) },
    memory: given === undefined ? undefined : byteCount(given, 'memory'),
  });
  const measured =
    sample === undefined ? undefined : await measure(cube, plan, { ...sample, memory, signal });
  const estimate = estimateIngest(plan, { dataset, threads, memory, rate, sample: measured });
  if (shards === undefined || isTileList(target)) return estimate;
  const by = { time, shards, concurrency: options.concurrency };
  return { ...estimate, shards: await estimateShards(cube, target, planner, estimate, by) };
}

function measure(
  { dataset, codec }: OpenedCube,
  plan: IngestPlan,
  {
    tiles,
    source,
    pool,
    memory,
    signal,
  }: NonNullable<EstimateOptions['sample']> & {
    readonly memory: MemoryPlan;
    readonly signal: AbortSignal | undefined;
  },
): Promise<SampleResult> {
  return sampleTiles({
    tiles: plan.sampleTiles(tiles),
    ...{ source, pool, signal },
    recipes: recipesOf(dataset, codec, source),
    ...{ dataset, memory },
  });
}
