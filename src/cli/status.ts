import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { Cube, type StepCounts, TileState } from '../cube/cube.js';
import { formatInstant } from '../dataset/period.js';
import type { TimeStep } from '../dataset/time-axis.js';
import type { Toi } from '../dataset/toi.js';
import type { Roi } from '../grid/roi.js';
import { renderPng } from '../picture/png.js';
import { drawStateMap } from '../picture/state-map.js';
import { storeOption, timeOption } from './options.js';
import { addRegionOptions, type RegionOptions, regionIn } from './region.js';
import { writeTileFeatures } from './tile-features.js';
import { timeWords } from './time.js';

interface Options extends RegionOptions {
  readonly store: string;
  readonly png?: string;
  readonly format: 'text' | 'json' | 'geojson';
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('count what is loaded in a region or the whole cube, list it, and draw it')
    .addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .addOption(
      new Option('--format <format>', 'what to print; geojson has a feature for each tile')
        .choices(['text', 'json', 'geojson'])
        .default('text'),
    )
    .option(
      '--png <file>',
      'map of the loaded tiles to write; of temporal cubes those loaded at any of the steps',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes status --store cubes/tctrend --png state.png\n  $ geocubes status --store cubes/alphaearth --time 2020/2022\n  $ geocubes status --store cubes/tctrend --format geojson > tiles.geojson\n  $ geocubes status --store cubes/tctrend --roi basins.gpkg',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, png, format, time } = options;
  const region = await regionIn(options);
  const cube = await Cube.open(store);
  const roi = region ?? cube.grid.geobox;
  const at = time === undefined ? {} : { time };
  if (format === 'geojson') await writeTileFeatures(cube, roi, at);
  else {
    const counts = await cube.countStates(roi, at);
    process.stdout.write(
      format === 'json'
        ? `${JSON.stringify(statusRecord(cube, store, counts), undefined, 2)}\n`
        : statusText(cube, store, counts),
    );
  }
  if (png === undefined) return;
  await writeFile(png, await renderPng(await stateMap(cube, roi, at)));
  if (format === 'text') process.stdout.write(`Wrote ${png}\n`);
}

/** One line for each step, and one for all where there are several. */
function statusText({ dataset }: Cube, store: string, counts: readonly StepCounts[]): string {
  const lines = counts.map(
    (count) => `${dataset.title} at ${store}${stepWords(count.step)}: ${countWords(count)}`,
  );
  if (counts.length > 1)
    lines.push(`${dataset.title} at ${store}, ${counts.length} steps: ${countWords(sum(counts))}`);
  return `${lines.join('\n')}\n`;
}

function statusRecord({ dataset }: Cube, store: string, counts: readonly StepCounts[]) {
  return {
    title: dataset.title,
    store,
    ...withShare(sum(counts)),
    ...(counts[0]?.step === undefined
      ? {}
      : {
          steps: counts.map(({ step, ...rest }) => ({
            start: step === undefined ? undefined : formatInstant(step.start),
            end: step === undefined ? undefined : formatInstant(step.end),
            ...withShare(rest),
          })),
        }),
  };
}

type Counts = Omit<StepCounts, 'step'>;

function sum(counts: readonly Counts[]): Counts {
  const all = { loaded: 0, empty: 0, missing: 0 };
  for (const { loaded, empty, missing } of counts) {
    all.loaded += loaded;
    all.empty += empty;
    all.missing += missing;
  }
  return all;
}

/** `share`: of the tiles that are loaded, empty or not; 0 to 1. */
function withShare({ loaded, empty, missing }: Counts) {
  const tiles = loaded + empty + missing;
  return { tiles, loaded, empty, missing, share: (loaded + empty) / tiles };
}

function stepWords(step: TimeStep | undefined): string {
  return step === undefined ? '' : `, ${formatInstant(step.start)}`;
}

function countWords(counts: Counts): string {
  const { tiles, loaded, empty, missing, share } = withShare(counts);
  return `${loaded} tiles loaded, ${empty} loaded and empty, ${missing} of ${tiles} not loaded (${(100 * share).toFixed(1)} % done)`;
}

/** The cube's map as SVG. A tile that is loaded at one step and empty at another counts as loaded. */
export async function stateMap(
  cube: Cube,
  roi: Roi = cube.grid.geobox,
  at: { readonly time?: Toi } = {},
): Promise<string> {
  const { grid } = cube;
  const states = new Uint8Array(grid.rows * grid.cols);
  for await (const { row, col, state } of cube.walkStates(roi, at)) {
    const place = row * grid.cols + col;
    if (state === TileState.loaded || states[place] === 0) states[place] = state;
  }
  return drawStateMap({
    title: `${cube.dataset.title}${timeWords(cube.stepsOf(at.time))}`,
    grid,
    states,
  });
}
