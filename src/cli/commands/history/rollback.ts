import { Command } from 'commander';
import { Cube } from '../../../cube/cube.js';
import { formatOption, quietOption, storeOption } from '../../options/common.js';
import { print, printJson } from '../../output/terminal.js';

interface Options {
  readonly store: string;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function rollbackCommand(): Command {
  return new Command('rollback')
    .argument(
      '<version>',
      'the state to go back to: a tag, the id of a commit, or a time such as 2026-11-28 (UTC)',
    )
    .addOption(storeOption())
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nNothing is deleted: the state that was left is found by its id, which is printed.\n\nExample:\n  $ geocubes rollback v2026 --store cubes/tctrend',
    )
    .action(run);
}

async function run(version: string, { store, format, quiet }: Options): Promise<void> {
  const cube = await Cube.open(store);
  const { from, to } = await cube.resetTo(version);
  if (quiet) return;
  if (format === 'json') printJson({ from, to });
  else if (from.id === to.id) print(`${store} is at ${to.id} already`);
  else
    print(
      `${store} is at ${to.id} of ${to.writtenAt} again: ${to.message}`,
      `Undo it: geocubes rollback ${from.id} --store ${store}`,
    );
}
