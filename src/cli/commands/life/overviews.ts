import { Command, Option } from 'commander';
import { Cube } from '../../../cube/cube.js';
import type { OverviewState } from '../../../cube/overviews/stale.js';
import type { OverviewReport } from '../../../cube/overviews/update.js';
import { expected } from '../../../errors.js';
import { abortOnSignals } from '../../interrupt.js';
import { formatOption, quietOption, storeOption, threadsOption } from '../../options/common.js';
import { type ComputeOptions, kernelOption, openPool } from '../../options/pool.js';
import {
  type OverviewWords,
  overviewOptions,
  settingsOf,
} from '../../options/subject/overviews.js';
import { livingText } from '../../output/summary-text.js';
import { print, printJson, tell } from '../../output/terminal.js';

interface Options extends ComputeOptions, OverviewWords {
  readonly store: string;
  readonly rebuild?: boolean;
  readonly dryRun?: boolean;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function overviewsCommand(): Command {
  const command = new Command('overviews').addOption(storeOption());
  for (const option of overviewOptions()) command.addOption(option);
  return command
    .addOption(
      new Option('--rebuild', 'make all of them anew, also what is up to date').conflicts('dryRun'),
    )
    .option('--dry-run', 'tell how many tiles are not up to date, and change nothing')
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      [
        "\nReduced levels of all bands, for whoever looks at a large region. Each of a level's pixels is made of the cube's own ones that it covers: their average, their most frequent value, or the one in its middle; pixels without a value do not count. A call brings them up to date with what is committed, tile by tile; after an interruption the same call goes on.",
        '\nExamples:',
        '  $ geocubes overviews --store cubes/tctrend',
        '  $ geocubes overviews --store cubes/tctrend --dry-run',
        '  $ geocubes overviews --store cubes/tctrend --reduction average --rebuild',
      ].join('\n'),
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, rebuild = false, dryRun = false, format, quiet } = options;
  const cube = await Cube.open(store);
  if (dryRun) {
    const state = await cube.overviewState();
    if (quiet) return;
    if (format === 'json') printJson({ ...counted(state), levels: levelsOf(state) });
    else print(stateText(state, store));
    return;
  }
  if (rebuild && (await cube.levels()).length === 0)
    throw expected('a cube that has overviews', '--rebuild', `${store}, which has none`);
  const pool = await openPool(options, 'chunks');
  const interrupt = abortOnSignals();
  try {
    const report = await cube.updateOverviews({
      ...settingsOf(options),
      ...{ pool, rebuild, signal: interrupt.signal },
      onProgress: (done, of) => {
        if (!quiet && done < of) tell(`${done} of ${of} tiles`);
      },
      onWait: (processes, ms) => {
        if (!quiet) tell(livingText(processes, ms));
      },
    });
    if (quiet) return;
    const { updated, current, commits, snapshot } = report;
    if (format === 'json')
      printJson({ updated, current, commits, snapshot, levels: levelsOf(report) });
    else print(reportText(report, store));
  } finally {
    interrupt.release();
    await pool.close();
  }
}

function counted({ current, stale }: OverviewState) {
  return { current, stale };
}

function levelsOf({ levels }: Pick<OverviewReport, 'levels'>) {
  return levels.map(({ factor, path, geobox, chunk, reductions }) => ({
    ...{ factor, path, geobox: geobox.toRecord(), chunk },
    reductions: Object.fromEntries(reductions),
  }));
}

function levelsText({ levels }: Pick<OverviewReport, 'levels'>): string {
  const methods = [...new Set(levels.flatMap(({ reductions }) => [...reductions.values()]))];
  return `levels of 1/${levels.map(({ factor }) => factor).join(', 1/')} (${methods.join(', ')})`;
}

function stateText(state: OverviewState, store: string): string {
  if (state.levels.length === 0) return `${store} has no overviews`;
  return `${store} has ${levelsText(state)}: ${state.current} tiles are up to date, ${state.stale} are not`;
}

function reportText(report: OverviewReport, store: string): string {
  const { updated, current, snapshot } = report;
  const done =
    updated === 0
      ? 'nothing was to be done'
      : `${updated} tiles were brought up to date${snapshot === '' ? '' : ` (${snapshot})`}`;
  return `${store} has ${levelsText(report)}: ${done}, ${current} were`;
}
