import { Command } from 'commander';
import { Cube } from '../../cube/cube.js';
import { tileId } from '../../grid/tiling.js';
import { EXIT } from '../exit-codes.js';
import { abortOnSignals } from '../interrupt.js';
import { formatOption, pathFor, quietOption, storeOption, timeOption } from '../options/common.js';
import { checkOutput } from '../options/output-file.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../options/region.js';
import { shardsOption } from '../options/shard.js';
import { writeTileList } from '../options/tile-list.js';
import { print, printJson } from '../output/terminal.js';

interface Options extends RegionOptions {
  readonly store: string;
  readonly shards?: number;
  readonly failed?: string;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function finaliseCommand(): Command {
  const command = new Command('finalise').addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .addOption(
      shardsOption('of how many shards the region was filled; tells those that lack tiles'),
    )
    .option(
      '--failed <file>',
      'file for the tiles that are not loaded, for "ingest --retry-failed"',
      pathFor('--failed'),
    )
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nRun it when all shards have ended: it removes what dead ones left, writes the list that smart-geocubes reads, looks whether each chunk is there, and lists what is missing. It fetches nothing.\n\nExit codes: 0 all is loaded, 1 damaged, 3 tiles are missing.\n\nExample:\n  $ geocubes finalise --store cubes/tctrend --bbox 126,72,128,73',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, shards, failed, format, quiet, time } = options;
  if (failed !== undefined) await checkOutput(failed, '--failed', true);
  const region = await regionIn(options);
  const cube = await Cube.open(store);
  const roi = region ?? cube.grid.geobox;
  const at = time === undefined ? {} : { time };
  const missing: string[] = [];
  const damaged: string[] = [];
  const interrupt = abortOnSignals('Stopping: tiles stay as they are.');
  const report = await cube
    .finalise(roi, {
      ...at,
      ...(shards === undefined ? {} : { shards }),
      onMissing: (tile) => missing.push(tileId(tile)),
      onDamage: ({ id, message }) => damaged.push(`tile ${id} ${message}`),
      signal: interrupt.signal,
    })
    .finally(interrupt.release);
  if (failed !== undefined)
    await writeTileList(
      failed,
      missing.map((tile) => `${JSON.stringify({ tile })}\n`),
    );
  if (report.damaged > 0) process.exitCode = EXIT.failed;
  else if (report.missing > 0) process.exitCode = EXIT.partial;
  if (quiet) return;
  if (format === 'json') printJson(report);
  else {
    const { tiles, loaded, empty, lacking } = report;
    print(
      ...damaged,
      `${tiles} tiles: ${loaded} loaded, ${empty} loaded and empty, ${report.missing} missing, ${report.damaged} damaged`,
      ...lacking.map(
        ({ shard, tiles: count }) => `shard ${shard + 1} of ${shards} lacks ${count} tiles`,
      ),
      ...(report.missing > 0
        ? ['Run the shards again, or "geocubes ingest": what is loaded is not fetched again']
        : []),
    );
  }
}
