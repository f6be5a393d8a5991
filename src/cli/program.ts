import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { createCommand } from './create.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { logCommand } from './history.js';
import { importCommand } from './import.js';
import { ingestCommand } from './ingest.js';
import { loadCommand } from './load.js';
import { loopbackCommand } from './loopback.js';
import { planCommand } from './plan.js';
import { addSettings, SETTINGS_HELP } from './settings.js';
import { statusCommand } from './status.js';
import { COMMANDER_OUTPUT } from './terminal.js';
import { verifyCommand } from './verify.js';

/** The whole command, ready to parse. */
export function createProgram(): Command {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const geocubes = new Command('geocubes')
    .description('Fill Zarr datacubes in Icechunk repositories from Google Earth Engine.')
    .version(version)
    .addHelpText(
      'after',
      [
        `\n${SETTINGS_HELP}`,
        '\nExit codes: 0 done, 1 failed, 2 wrong call, 3 some tiles failed, 4 credentials or quota, 5 Earth Engine differs (doctor --live), 130 interrupted.',
        '\nExample:\n  $ geocubes ingest --help',
      ].join('\n'),
    );
  for (const command of [
    demoCommand(),
    createCommand(),
    planCommand(),
    ingestCommand(),
    importCommand(),
    loadCommand(),
    statusCommand(),
    logCommand(),
    verifyCommand(),
    loopbackCommand(),
    doctorCommand(),
  ]) {
    geocubes.addCommand(command.showHelpAfterError('(--help tells more)'));
  }
  addSettings(geocubes.commands);
  // Commander would end the process with code 1 for a wrong call.
  for (const command of [geocubes, ...geocubes.commands])
    command.exitOverride().configureOutput(COMMANDER_OUTPUT);
  return geocubes;
}
