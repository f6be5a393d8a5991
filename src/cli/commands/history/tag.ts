import { Command } from 'commander';
import { Cube } from '../../../cube/cube.js';
import { expected } from '../../../errors.js';
import { asOfOption, formatOption, storeOption } from '../../options/common.js';
import { print, printJson } from '../../output/terminal.js';

interface Options {
  readonly store: string;
  readonly asOf?: string;
  readonly delete?: boolean;
  readonly format: 'text' | 'json';
}

export function tagCommand(): Command {
  return new Command('tag')
    .argument('[name]', 'what to call the state from now on; without it the tags are listed')
    .addOption(storeOption())
    .addOption(asOfOption())
    .option('--delete', 'remove the name; the state stays, and the name is not taken again')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes tag --store cubes/tctrend\n  $ geocubes tag v2026 --store cubes/tctrend',
    )
    .action(run);
}

async function run(name: string | undefined, options: Options): Promise<void> {
  const { store, asOf, format } = options;
  if (options.delete && (name === undefined || asOf !== undefined))
    throw expected('a name and no --as-of', 'what to --delete', name ?? 'none');
  if (name === undefined && asOf !== undefined)
    throw expected('a name', `the tag of ${asOf}`, 'none');
  const cube = await Cube.open(store);
  if (options.delete) {
    await cube.deleteTag(name as string);
    if (format === 'json') printJson({ deleted: name });
    else print(`Deleted the tag ${name}`);
  } else if (name !== undefined) {
    const commit = await cube.tag(name, asOf);
    if (format === 'json') printJson({ name, commit });
    else print(`${name} is ${commit.id} of ${commit.writtenAt}: ${commit.message}`);
  } else {
    const tags = await cube.tags();
    if (format === 'json') printJson(tags);
    else if (tags.length === 0) print(`${store} has no tags`);
    else
      print(
        ...tags.map(
          ({ name: each, commit }) =>
            `${each}  ${commit.id}  ${commit.writtenAt}  ${commit.message}`,
        ),
      );
  }
}
