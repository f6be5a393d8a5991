import { Command } from 'commander';
import { Cube, type Rate } from '../cube/cube.js';
import { storeOption, timeOption } from './options.js';
import { rateOption, showPlan } from './plan.js';
import { addRegionOptions, type RegionOptions, regionOf } from './region.js';
import { addRunOptions, type RunOptions, runIngest } from './run-ingest.js';
import { addServiceOptions, openService, type ServiceOptions } from './service.js';

interface Options extends RegionOptions, ServiceOptions, RunOptions {
  readonly store: string;
  readonly dryRun?: boolean;
  readonly rate?: Rate;
}

export function ingestCommand(): Command {
  const command = new Command('ingest')
    .description('fetch, process and store the tiles of a region that are not loaded yet')
    .addOption(storeOption());
  addServiceOptions(addRegionOptions(command).addOption(timeOption()));
  return addRunOptions(command)
    .option(
      '--dry-run',
      'tell what would be fetched and what it would cost, as "geocubes plan" does',
    )
    .addOption(rateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes ingest --store cubes/tctrend --bbox 122,71.5,130,74 --project my-project\n  $ geocubes ingest --store cubes/tctrend --roi basins.gpkg --where "name = \'Lena\'" --project my-project',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.dryRun) return showPlan(options);
  const roi = await regionOf(options);
  const cube = await Cube.open(options.store);
  // A region or a time outside the cube is told before anyone is asked for credentials.
  cube.windowsOf(roi);
  cube.stepsOf(options.time);
  await runIngest(cube, roi, await openService(cube.dataset, options), options);
}
