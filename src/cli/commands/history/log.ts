import { Command, Option } from 'commander';
import { Cube } from '../../../cube/cube.js';
import { visible } from '../../../visible.js';
import { storeOption, wholeNumber } from '../../options/common.js';
import { OutputBuffer } from '../../output/output.js';
import { printJson } from '../../output/terminal.js';

const DEFAULT_COUNT = 20;

interface Options {
  readonly store: string;
  readonly number: number;
  readonly format: 'text' | 'json' | 'ndjson';
}

export function logCommand(): Command {
  return new Command('log')
    .addOption(storeOption())
    .addOption(
      new Option('-n, --number <n>', 'commits to list at the most')
        .default(DEFAULT_COUNT)
        .argParser(wholeNumber('-n', 1, 1_000_000_000)),
    )
    .addOption(
      new Option('--format <format>', 'what to print; ndjson is a line for each commit')
        .choices(['text', 'json', 'ndjson'])
        .default('text'),
    )
    .addHelpText('after', '\nExample:\n  $ geocubes log --store cubes/tctrend -n 5')
    .action(run);
}

async function run({ store, number, format }: Options): Promise<void> {
  const commits = await (await Cube.open(store)).history();
  const newest = commits.slice(0, number);
  if (format === 'json') {
    printJson(newest);
    return;
  }
  const output = new OutputBuffer();
  for (const commit of newest) {
    const { id, writtenAt, message } = commit;
    await output.write(
      `${format === 'ndjson' ? JSON.stringify(commit) : visible(`${id}  ${writtenAt}  ${message}`)}\n`,
    );
  }
  if (format === 'text') {
    const older = commits.length - newest.length;
    if (commits.length === 0)
      await output.write(`${visible(store)} keeps no history: it is a plain Zarr directory\n`);
    else if (older > 0) await output.write(`and ${older} older (-n ${commits.length} lists all)\n`);
  }
  await output.flush();
}
