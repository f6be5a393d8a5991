import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { Cube } from '../cube/cube.js';
import { renderPng } from '../picture/png.js';
import { drawStateMap } from '../picture/state-map.js';
import { storeOption } from './options.js';

export function statusCommand(): Command {
  return new Command('status')
    .description('count what is loaded, and draw it')
    .addOption(storeOption())
    .option('--png <file>', 'map of the loaded tiles to write')
    .addHelpText('after', '\nExample:\n  $ geocubes status --store cubes/tctrend --png state.png')
    .action(async ({ store, png }: { store: string; png?: string }) => {
      const cube = await Cube.open(store);
      const states = await cube.tileStates(cube.grid.geobox);
      const loaded = states.filter(({ state }) => state === 1).length;
      const empty = states.filter(({ state }) => state === 2).length;
      process.stdout.write(
        `${cube.dataset.title} at ${store}: ${loaded} tiles loaded, ${empty} loaded and empty, ${states.length - loaded - empty} of ${states.length} not loaded\n`,
      );
      if (png === undefined) return;
      await writeFile(png, await renderPng(await stateMap(cube)));
      process.stdout.write(`Wrote ${png}\n`);
    });
}

/** The cube's map as SVG. */
export async function stateMap(cube: Cube): Promise<string> {
  const states = await cube.tileStates(cube.grid.geobox);
  return drawStateMap({
    title: cube.dataset.title,
    grid: cube.grid,
    states: states.filter(({ state }) => state !== 0),
  });
}
