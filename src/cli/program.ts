import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addSettings, SETTINGS_HELP } from './options/settings.js';
import { addStoreWord } from './options/words.js';
import { COMMANDER_OUTPUT } from './output/terminal.js';

export { joinNumbers } from './options/words.js';

/**
 * The commands in the order of the help. What a command stands on is loaded when it is meant: nobody who
 * asks for the version waits for a store.
 */
const COMMANDS: readonly {
  readonly name: string;
  readonly description: string;
  /** Beside its options, as the list of commands shows them. */
  readonly parameters?: string;
  readonly load: () => Promise<Command>;
}[] = [
  {
    name: 'demo',
    description: 'fill a cube from a loopback Earth Engine and show what happened',
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
  {
    name: 'dataset',
    description: 'write a dataset file for an asset of Earth Engine',
    parameters: '<asset>',
    load: async () => (await import('./commands/datasets/dataset.js')).datasetCommand(),
  },
  {
    name: 'create',
    description: 'make an empty cube',
    load: async () => (await import('./commands/create.js')).createCommand(),
  },
  {
    name: 'plan',
    description: 'tell what an ingest would fetch and cost; without --sample nothing is fetched',
    load: async () => (await import('./commands/plan.js')).planCommand(),
  },
  {
    name: 'ingest',
    description: 'fetch, process and store the tiles of a region that are not loaded yet',
    load: async () => (await import('./commands/ingest.js')).ingestCommand(),
  },
  {
    name: 'import',
    description: 'fill a cube from raster files on disk; tiles that are loaded stay as they are',
    parameters: '[files...]',
    load: async () => (await import('./commands/import.js')).importCommand(),
  },
  {
    name: 'load',
    description: 'read a region of a cube into a GeoTIFF or a picture, on its own grid or another',
    load: async () => (await import('./commands/load.js')).loadCommand(),
  },
  {
    name: 'status',
    description: 'count what is loaded in a region or the whole cube, list it, and draw it',
    load: async () => (await import('./commands/status.js')).statusCommand(),
  },
  {
    name: 'stats',
    description:
      'tell count, extremes, mean, deviation and quantiles of a region, by band and step',
    load: async () => (await import('./commands/values/stats.js')).statsCommand(),
  },
  {
    name: 'sample',
    description: 'tell the values at points, and their time series',
    load: async () => (await import('./commands/values/sample.js')).sampleCommand(),
  },
  {
    name: 'view',
    description: 'show a cube on a map, in a browser on this machine',
    load: async () => (await import('./commands/values/view.js')).viewCommand(),
  },
  {
    name: 'log',
    description: 'list the commits, newest first',
    load: async () => (await import('./commands/history/log.js')).logCommand(),
  },
  {
    name: 'tag',
    description: 'name a state of a cube, or list the names',
    parameters: '[name]',
    load: async () => (await import('./commands/history/tag.js')).tagCommand(),
  },
  {
    name: 'rollback',
    description: 'go back to an older state of a cube',
    parameters: '<version>',
    load: async () => (await import('./commands/history/rollback.js')).rollbackCommand(),
  },
  {
    name: 'extend',
    description: 'add time steps at the end of a cube',
    load: async () => (await import('./commands/life/extend.js')).extendCommand(),
  },
  {
    name: 'drop',
    description: 'take tiles out of a cube',
    load: async () => (await import('./commands/life/drop.js')).dropCommand(),
  },
  {
    name: 'overviews',
    description: 'make reduced levels of a cube, or bring them up to date with what is committed',
    load: async () => (await import('./commands/life/overviews.js')).overviewsCommand(),
  },
  {
    name: 'finalise',
    description: 'end what several processes have filled: sweep, list what is missing',
    load: async () => (await import('./commands/finalise.js')).finaliseCommand(),
  },
  {
    name: 'verify',
    description: 'check that the chunks of loaded tiles are there and can be decoded',
    load: async () => (await import('./commands/verify.js')).verifyCommand(),
  },
  {
    name: 'job',
    description: 'write the script or manifest by which a cluster fills a cube, part by part',
    parameters: '<platform>',
    load: async () => (await import('./commands/job.js')).jobCommand(),
  },
  {
    name: 'quota',
    description: 'share the requests of one project among several ingests, on any machines',
    load: async () => (await import('./commands/quota.js')).quotaCommand(),
  },
  {
    name: 'loopback',
    description: 'serve an Earth Engine on 127.0.0.1, for trying things out',
    load: async () => (await import('./commands/loopback.js')).loopbackCommand(),
  },
  {
    name: 'doctor',
    description:
      'tell what this machine has, and whether cubes can be filled on it; or ask Earth Engine what its documentation leaves open',
    load: async () => (await import('./commands/machine/doctor.js')).doctorCommand(),
  },
  {
    name: 'setup',
    description: 'make ready what is native in this package: GDAL, Blosc, resampling',
    load: async () => (await import('./commands/machine/setup.js')).setupCommand(),
  },
  {
    name: 'completion',
    description: 'print the script by which a shell completes commands and options',
    parameters: '<shell>',
    load: async () => (await import('./commands/machine/completion.js')).completionCommand(),
  },
];

/** Has to know all the others whole. */
const KNOWS_ALL = 'completion';

/**
 * The command, ready to parse.
 *
 * @param words of the command line, by which the commands that are meant are known: of the others there is
 * no more than the name and what they are for. Default: all of them whole.
 */
export async function createProgram(words?: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const geocubes = new Command('geocubes')
    .description('Fill Zarr datacubes in Icechunk repositories from Google Earth Engine.')
    .version(version)
    // All words after a command are the command's.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      [
        `\n${SETTINGS_HELP}`,
        '\nExit codes: 0 done, 1 failed, 2 wrong call, 3 some tiles failed, 4 credentials or quota, 5 Earth Engine differs (doctor --live), 130 interrupted.',
        '\nExample:\n  $ geocubes ingest --help',
      ].join('\n'),
    );
  const wantsAll = words === undefined || words[0] === KNOWS_ALL || hasSettingsFile(words);
  const isMeant = wantsAll ? () => true : among(words);
  for (const known of COMMANDS) {
    const { name, description } = known;
    const command = isMeant(name) ? await known.load() : nameOf(known);
    geocubes.addCommand(command.description(description).showHelpAfterError('(--help tells more)'));
  }
  addStoreWord(geocubes.commands);
  addSettings(geocubes.commands);
  // Commander would end the process with code 1 for a wrong call.
  for (const command of [geocubes, ...geocubes.commands])
    command.exitOverride().configureOutput(COMMANDER_OUTPUT);
  return geocubes;
}

function nameOf({ name, parameters }: (typeof COMMANDS)[number]): Command {
  const command = new Command(name);
  return parameters === undefined ? command : command.argument(parameters);
}

/** A command is named by any word at all: also after `help`, or after a flag that does not belong there. */
function among(words: readonly string[]): (name: string) => boolean {
  const meant = new Set(words);
  return (name) => meant.has(name);
}

/** It may have options of every command. */
function hasSettingsFile(words: readonly string[]): boolean {
  const { GEOCUBES_CONFIG: file = '' } = process.env;
  return file !== '' || words.some((word) => /^--config(?:=|$)/.test(word));
}
