import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { Cube, TileState, type TileStatus } from '../cube/cube.js';
import { formatInstant } from '../dataset/period.js';
import type { TimeStep } from '../dataset/time-axis.js';
import type { Toi } from '../dataset/toi.js';
import { renderPng } from '../picture/png.js';
import { drawStateMap } from '../picture/state-map.js';
import { storeOption, timeOption } from './options.js';
import { addRegionOptions, type RegionOptions, regionIn } from './region.js';
import { timeWords } from './time.js';

interface Options extends RegionOptions {
  readonly store: string;
  readonly png?: string;
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('count what is loaded, in a region or the whole cube, and draw it')
    .addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .option(
      '--png <file>',
      'map of the loaded tiles to write; of temporal cubes those loaded at any of the steps',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes status --store cubes/tctrend --png state.png\n  $ geocubes status --store cubes/alphaearth --time 2020/2022\n  $ geocubes status --store cubes/tctrend --roi basins.gpkg',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, time, png } = options;
  const region = await regionIn(options);
  const cube = await Cube.open(store);
  const steps = cube.stepsOf(time);
  // One step after the other: together the tiles of a large temporal cube would fill the memory.
  const loaded: TileStatus[] = [];
  for (const step of steps ?? [undefined]) {
    const states = await cube.tileStates(region ?? cube.grid.geobox, atStep(step));
    const touched = states.filter(({ state }) => state !== TileState.notLoaded);
    process.stdout.write(
      `${cube.dataset.title} at ${store}${stepWords(step)}: ${countWords(touched, states.length)}\n`,
    );
    for (const tile of touched) loaded.push(tile);
  }
  if (png === undefined) return;
  await writeFile(png, await renderPng(drawMap(cube, loaded, steps)));
  process.stdout.write(`Wrote ${png}\n`);
}

function atStep(step: TimeStep | undefined): { time?: Toi } {
  return step === undefined ? {} : { time: { kind: 'at', time: new Date(step.start) } };
}

function stepWords(step: TimeStep | undefined): string {
  return step === undefined ? '' : `, ${formatInstant(step.start)}`;
}

function countWords(touched: readonly TileStatus[], tiles: number): string {
  const empty = touched.filter(({ state }) => state === TileState.empty).length;
  return `${touched.length - empty} tiles loaded, ${empty} loaded and empty, ${tiles - touched.length} of ${tiles} not loaded`;
}

/** The cube's map as SVG. */
export async function stateMap(cube: Cube): Promise<string> {
  const states = await cube.tileStates(cube.grid.geobox);
  return drawMap(
    cube,
    states.filter(({ state }) => state !== TileState.notLoaded),
    cube.stepsOf(),
  );
}

/** A tile that is loaded at one step and empty at another counts as loaded. */
function drawMap(
  cube: Cube,
  touched: readonly TileStatus[],
  steps: readonly TimeStep[] | undefined,
): string {
  const emptyFirst = [...touched].sort((one, other) => other.state - one.state);
  return drawStateMap({
    title: `${cube.dataset.title}${timeWords(steps)}`,
    grid: cube.grid,
    states: emptyFirst,
  });
}
