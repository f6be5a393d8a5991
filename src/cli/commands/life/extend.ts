import { Command, Option } from 'commander';
import { Cube } from '../../../cube/cube.js';
import { parseToi, type Toi } from '../../../dataset/toi.js';
import { formatOption, quietOption, storeOption } from '../../options/common.js';
import { stepRecord, timeWords } from '../../options/time.js';
import { print, printJson } from '../../output/terminal.js';

interface Options {
  readonly store: string;
  readonly time: Toi;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function extendCommand(): Command {
  return new Command('extend')
    .addOption(storeOption())
    .addOption(
      new Option(
        '--time <time>',
        'up to when: ../2026 or 2026 adds each step that begins until then, by the rule of the cube; where its steps are listed one by one, each time is one step more',
      )
        .argParser(parseToi)
        .makeOptionMandatory(),
    )
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nNo chunk is touched, readers and running ingests go on. A cube that reaches so far already stays as it is.\n\nExample:\n  $ geocubes extend --store cubes/alphaearth --time ../2026',
    )
    .action(run);
}

async function run({ store, time, format, quiet }: Options): Promise<void> {
  const cube = await Cube.open(store);
  const { added, snapshot } = await cube.extend({ time });
  if (quiet) return;
  const axis = cube.timeAxis;
  if (format === 'json') printJson({ added: added.map(stepRecord), steps: axis?.length, snapshot });
  else if (added.length === 0) print(`${store} reaches so far already: ${axis}`);
  else
    print(
      `Added ${added.length} ${added.length === 1 ? 'step' : 'steps'}${timeWords(added)}: ${store} has ${axis}`,
    );
}
