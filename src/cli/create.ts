import { Command, Option } from 'commander';
import { Cube } from '../cube/cube.js';
import type { KernelName } from '../pool/messages.js';
import { datasetOption, formatOption, quietOption, readDataset, storeOption } from './options.js';
import { kernelOption, openPool } from './pool.js';
import { print, printJson } from './terminal.js';
import { stepRecord } from './time.js';

interface Options {
  readonly store: string;
  readonly dataset: string;
  readonly icechunkFormat: '1' | '2';
  readonly kernel?: KernelName;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function createCommand(): Command {
  return new Command('create')
    .description('make an empty cube')
    .addOption(storeOption())
    .addOption(datasetOption())
    .addOption(
      new Option(
        '--icechunk-format <format>',
        'format of the repository; smart-geocubes reads 1 only',
      )
        .choices(['1', '2'])
        .default('1'),
    )
    .addOption(kernelOption())
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText('after', '\nExample:\n  $ geocubes create --store cubes/tctrend --dataset TCTrend')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, dataset: name, icechunkFormat, kernel, format, quiet } = options;
  const dataset = await readDataset(name);
  const pool = await openPool({ threads: 0, ...(kernel === undefined ? {} : { kernel }) });
  const cube = await Cube.create(store, dataset, {
    pool,
    icechunkFormat: icechunkFormat === '2' ? 2 : 1,
  });
  await pool.close();
  if (quiet) return;
  if (format === 'json') printJson(cubeRecord(cube, store));
  else print(cubeText(cube, store));
}

function cubeText({ dataset, grid, timeAxis }: Cube, store: string): string {
  const time = timeAxis === undefined ? '' : `, ${timeAxis}`;
  return `Made an empty cube at ${store}: ${dataset.title}, ${dataset.bands.length} bands of ${dataset.dtype}, ${grid.rows} x ${grid.cols} tiles, ${grid.geobox}${time}`;
}

/** Of grids `[rows, columns]`, as in the library. */
function cubeRecord({ dataset, grid, timeAxis }: Cube, store: string) {
  return {
    store,
    title: dataset.title,
    bands: dataset.bands.map(({ name }) => name),
    dtype: dataset.dtype,
    geobox: grid.geobox.toRecord(),
    tiles: [grid.rows, grid.cols],
    chunk: [grid.chunk.height, grid.chunk.width],
    ...(timeAxis === undefined ? {} : { steps: timeAxis.steps.map(stepRecord) }),
  };
}
