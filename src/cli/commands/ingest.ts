import { Command, Option } from 'commander';
import type { Rate } from '../../cube/cost/estimate.js';
import { isTileList } from '../../cube/fill/ingest-options.js';
import { parsePeriod } from '../../dataset/period.js';
import { expected } from '../../errors.js';
import { pathFor, storeOption, timeOption } from '../options/common.js';
import { besidePool } from '../options/pool.js';
import { addRegionOptions } from '../options/region.js';
import { addServiceLimits, type ServiceLimits } from '../options/run-limits.js';
import { addServiceOptions, openService, type ServiceOptions } from '../options/service.js';
import {
  addShardOptions,
  cubeToFill,
  fillBranchOption,
  openToFill,
  ownStoreOption,
  type ShardOptions,
  shardOf,
} from '../options/shard.js';
import { type TargetOptions, targetOf, tilesOption } from '../options/subject/tiles.js';
import { readTileList } from '../options/tile-list.js';
import { tell } from '../output/terminal.js';
import { addRunOptions, type RunOptions, runIngest } from '../run-ingest.js';
import { type PlanOptions, rateOption, showPlan } from './plan.js';

interface Options extends TargetOptions, ServiceOptions, RunOptions, ServiceLimits, ShardOptions {
  readonly store: string;
  readonly retryFailed?: string;
  readonly dryRun?: boolean;
  readonly refresh?: Date;
  readonly ifChanged?: boolean;
  readonly rate?: Rate;
  readonly ownStore?: boolean;
  readonly branch?: string;
}

export function ingestCommand(): Command {
  const command = new Command('ingest').addOption(storeOption());
  addRegionOptions(command)
    .addOption(timeOption())
    .addOption(tilesOption('retryFailed', 'shard', 'shards'))
    .addOption(
      new Option(
        '--retry-failed <list>',
        'in place of a region: the tiles in a list of --failed, of a report (failures.ndjson), of --format json or ndjson, or ids one a line',
      )
        .argParser(pathFor('--retry-failed'))
        .conflicts(['bbox', 'roi', 'time', 'dryRun', 'shard']),
    );
  command.addOption(
    new Option(
      '--refresh [before]',
      'fetch loaded tiles of the region again, in place of missing ones: those fetched before this run, or before a time such as 2026-11-28 (UTC); a refresh that broke off goes on with the time it told',
    )
      .argParser(readRefresh)
      .preset('now')
      .conflicts('dryRun'),
  );
  command.option(
    '--if-changed',
    'of --refresh only tiles of which an image was changed at the service since they were fetched',
  );
  addShardOptions(command).addOption(ownStoreOption().conflicts(['refresh', 'dryRun', 'branch']));
  command.addOption(fillBranchOption().conflicts('dryRun'));
  return addRunOptions(addServiceLimits(addServiceOptions(command)))
    .option(
      '--dry-run',
      'tell what would be fetched and what it would cost, as "geocubes plan" does',
    )
    .addOption(rateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes ingest --store cubes/tctrend --bbox 122,71.5,130,74 --project my-project\n  $ geocubes ingest --store cubes/tctrend --roi basins.gpkg --where "name = \'Lena\'" --project my-project\n  $ geocubes ingest --store cubes/tctrend --bbox 122,71.5,130,74 --project my-project --until 07:00 --failed failed.ndjson\n  $ geocubes ingest --store cubes/tctrend --retry-failed failed.ndjson --project my-project\n  $ geocubes ingest --store cubes/tctrend --bbox 122,71.5,130,74 --project my-project --shard 3/40\n  $ geocubes ingest --store cubes/tctrend --bbox 122,71.5,130,74 --project my-project --shard 3/40 --own-store\n  $ geocubes ingest --store cubes/tctrend --bbox 126,72,128,73 --project my-project --branch night\n  $ geocubes ingest --store cubes/tctrend --bbox 126,72,128,73 --project my-project --refresh\n  $ geocubes status --store cubes/tctrend --bbox 126,72,128,73 --missing | geocubes ingest --store cubes/tctrend --tiles - --project my-project',
    )
    .action(run);
}

/** The moment before which tiles are old. */
function readRefresh(text: string): Date {
  if (text === 'now') return new Date();
  return new Date(parsePeriod(text, '--refresh').start);
}

async function run(options: Options): Promise<void> {
  const { dryRun, refresh, ifChanged } = options;
  if (ifChanged && refresh === undefined)
    throw expected('--refresh', 'what --if-changed is of', 'none');
  if (dryRun && (options.shard ?? options.shards) !== undefined)
    throw expected('none', '--shard beside --dry-run, which tells of the whole region', 'one');
  if (dryRun) return showPlan(planOptions(options));
  const part = shardOf(options);
  await besidePool(options, (pool) => ingest({ ...options, part, pool }));
}

async function ingest(options: Options & Pick<Parameters<typeof runIngest>[3], 'part' | 'pool'>) {
  const { retryFailed, refresh, part } = options;
  const target =
    retryFailed === undefined
      ? await targetOf(options)
      : (await readTileList(retryFailed, '--retry-failed')).map(({ id }) => id);
  const cube = await cubeToFill(await openToFill(options), part, options);
  // What lies outside the cube is told before anyone is asked for credentials.
  if (isTileList(target)) cube.tilesOf(target);
  else cube.windowsOf(target);
  cube.stepsOf(options.time);
  const source = await openService(cube.dataset, options, part);
  const mayBorrow = options.quota !== undefined;
  if (refresh !== undefined)
    tell(
      `Refreshing what was fetched before ${refresh.toISOString()}; if this breaks off, go on with --refresh ${refresh.toISOString()}`,
    );
  await runIngest(cube, target, source, { ...options, mayBorrow });
}

/** A plan is told at once: a stream of events would be one record. */
function planOptions({ format, ...options }: Options): PlanOptions {
  return { ...options, format: format === 'text' ? 'text' : 'json' };
}
