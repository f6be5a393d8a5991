import { Command } from 'commander';
import { Cube } from '../../../cube/cube.js';
import { expected } from '../../../errors.js';
import { formatOption, quietOption, storeOption, timeOption } from '../../options/common.js';
import { addRegionOptions } from '../../options/region.js';
import { type TargetOptions, targetIn, tilesOption } from '../../options/subject/tiles.js';
import { plural } from '../../output/summary-text.js';
import { print, printJson } from '../../output/terminal.js';

interface Options extends TargetOptions {
  readonly store: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function dropCommand(): Command {
  const command = new Command('drop').addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .addOption(tilesOption('all'))
    .option('--all', 'in place of a region: the whole cube')
    .option('--dry-run', 'tell what would be taken out, and change nothing')
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nThe tiles that the region touches count as not loaded then, and the next ingest fetches them anew. The history of an Icechunk repository keeps them: "geocubes rollback" brings them back.\n\nExamples:\n  $ geocubes drop --store cubes/tctrend --bbox 126,72,128,73 --dry-run\n  $ geocubes drop --store cubes/alphaearth --time 2017 --all\n  $ echo 0-1 | geocubes drop --store cubes/tctrend --tiles - --dry-run',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, all = false, dryRun = false, format, quiet, time } = options;
  const target = await targetIn(options);
  if ((target !== undefined) === all)
    throw expected(
      'either a region (--bbox or --roi), a list (--tiles) or --all',
      'what to drop',
      all ? 'both' : 'neither',
    );
  const cube = await Cube.open(store);
  const report = await cube.drop(target ?? cube.grid.geobox, {
    dryRun,
    ...(time === undefined ? {} : { time }),
  });
  if (quiet) return;
  if (format === 'json') {
    printJson(report);
    return;
  }
  const { tiles, loaded, empty, snapshot } = report;
  const what = `${plural(loaded, 'tile that was', 'tiles that were')} loaded and ${empty} that ${empty === 1 ? 'was' : 'were'} loaded and empty, of ${tiles}`;
  if (dryRun) print(`Would drop ${what}`);
  else print(`Dropped ${what}${snapshot === '' ? '' : ` (${snapshot})`}`);
}
