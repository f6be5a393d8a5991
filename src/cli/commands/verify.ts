import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import type { RollBack } from '../../cube/open.js';
import type { DamagedTile, VerifyReport } from '../../cube/state/verify-tiles.js';
import { expected } from '../../errors.js';
import { EXIT } from '../exit-codes.js';
import { abortOnSignals } from '../interrupt.js';
import {
  asOfOption,
  quietOption,
  readBranchOption,
  storeOption,
  threadsOption,
  timeOption,
} from '../options/common.js';
import { type ComputeOptions, kernelOption, openPool } from '../options/pool.js';
import { addRegionOptions } from '../options/region.js';
import { addShardOptions, type ShardOptions, shardOf } from '../options/shard.js';
import { type TargetOptions, targetIn, tilesOption } from '../options/subject/tiles.js';
import { companionText, megabytes, plural } from '../output/summary-text.js';
import { print, printJson } from '../output/terminal.js';

interface Options extends TargetOptions, ComputeOptions, ShardOptions {
  readonly store: string;
  readonly asOf?: string;
  readonly branch?: string;
  readonly quick?: boolean;
  readonly repair?: boolean;
  readonly format: 'text' | 'json' | 'ndjson';
  readonly quiet?: boolean;
}

export function verifyCommand(): Command {
  const command = new Command('verify').addOption(storeOption());
  addRegionOptions(command)
    .addOption(timeOption())
    .addOption(tilesOption('shard', 'shards'))
    .addOption(asOfOption())
    .addOption(readBranchOption());
  return addShardOptions(command)
    .option('--quick', 'check that chunks are there, and do not decode them')
    .option(
      '--repair',
      'reopen damaged tiles, so that the next ingest fetches them again; coordinates are written again, overviews are left to the next pass, and a cube whose newest commit cannot be read goes back to the newest that can',
    )
    .addOption(
      new Option('--format <format>', 'what to print; ndjson is a line for each damaged tile')
        .choices(['text', 'json', 'ndjson'])
        .default('text'),
    )
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 all right, 1 damaged, 3 damaged and mended: an ingest fetches the rest.\n\nExamples:\n  $ geocubes verify --store cubes/tctrend --quick\n  $ geocubes verify --store cubes/tctrend --bbox 126,72,128,73 --repair\n  $ geocubes verify --store cubes/tctrend --bbox 122,71.5,130,74 --shard 3/40',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, asOf, branch, quick = false, repair = false, format, quiet, time } = options;
  if (repair && asOf !== undefined)
    throw expected('the newest state', 'what to --repair', `the one of ${asOf}`);
  const shard = shardOf(options);
  const target = await targetIn(options);
  const rolledBack = repair ? await Cube.rollBack(store) : undefined;
  if (rolledBack !== undefined && !quiet && format === 'text') print(rollBackText(rolledBack));
  const cube = await Cube.open(store, { asOf, branch });
  const pool = quick ? undefined : await openPool(options, 'chunks');
  const damaged: DamagedTile[] = [];
  const interrupt = abortOnSignals('Stopping: nothing was changed.');
  let report: VerifyReport;
  try {
    report = await cube.verify(target ?? cube.grid.geobox, {
      pool,
      ...(time === undefined ? {} : { time }),
      quick,
      repair,
      shard,
      onDamage: (tile) => {
        if (quiet) return;
        if (format === 'text') print(`tile ${tile.id} ${tile.message}`);
        else if (format === 'ndjson') printJson(tile, undefined, 0);
        else damaged.push(tile);
      },
      signal: interrupt.signal,
    });
  } finally {
    interrupt.release();
    await pool?.close();
  }
  for (const companion of quiet ? [] : report.companions)
    if (format === 'text') print(companionText(companion));
    else if (format === 'ndjson') printJson(companion, undefined, 0);
  if (format === 'json' && !quiet)
    printJson({
      ...report,
      tilesDamaged: damaged,
      ...(rolledBack === undefined ? {} : { rolledBack }),
    });
  else if (format === 'text' && !quiet) print(...verifyText(report).split('\n'));
  const all = report.damaged + report.companions.length;
  if (all > 0)
    process.exitCode =
      report.repaired + report.companionsMended === all ? EXIT.partial : EXIT.failed;
  else if (rolledBack !== undefined) process.exitCode = EXIT.partial;
}

function rollBackText({ problem, to }: RollBack): string {
  const where =
    to === undefined
      ? 'Their tiles count as not loaded'
      : `The cube is back at the newest commit that can be read, of ${to.writtenAt} ("${to.message}")`;
  return `Damaged: ${problem}. ${where}; "geocubes ingest" fetches the rest again`;
}

export function verifyText(report: VerifyReport): string {
  const { tiles, loaded, empty, chunks, bytes, damaged, repaired, quick } = report;
  const { companions, companionsMended, levelChunks, overviewsStale = 0 } = report;
  const ofLevels = levelChunks === 0 ? '' : `, and ${levelChunks} of overviews`;
  const read = quick
    ? `${plural(chunks, 'chunk is', 'chunks are')} there${ofLevels} (not decoded)`
    : `${plural(chunks, 'chunk')} decoded (${megabytes(bytes)})${ofLevels}`;
  const lines = [`${plural(tiles, 'tile')}: ${loaded} loaded, ${empty} loaded and empty; ${read}`];
  if (damaged + companions.length === 0) lines.push('No damage found');
  if (companionsMended > 0) lines.push(`${companionsMended} of what lies beside the tiles: mended`);
  else if (companions.length > 0)
    lines.push(
      `${companions.length} of what lies beside the tiles: damaged. "geocubes verify --repair" mends it`,
    );
  if (overviewsStale > 0)
    lines.push(
      `${plural(overviewsStale, 'tile is', 'tiles are')} not in the overviews as ${overviewsStale === 1 ? 'it is' : 'they are'}. "geocubes overviews" brings them up to date`,
    );
  if (damaged === 0) return lines.join('\n');
  if (repaired === 0)
    lines.push(
      `${plural(damaged, 'tile is', 'tiles are')} damaged. "geocubes verify --repair" reopens ${damaged === 1 ? 'it' : 'them'}`,
    );
  else
    lines.push(
      `${plural(repaired, 'damaged tile was', 'damaged tiles were')} reopened. "geocubes ingest" fetches ${repaired === 1 ? 'it' : 'them'} again`,
    );
  return lines.join('\n');
}
