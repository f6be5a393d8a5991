import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import { readDataset } from '../../cube/datasets/read-dataset.js';
import type { BoundsSnap } from '../../dataset/grid/snapped.js';
import type { Bounds } from '../../grid/geobox.js';
import type { KernelName } from '../../pool/messages.js';
import {
  datasetOption,
  formatOption,
  quietOption,
  storeOption,
  trustOption,
} from '../options/common.js';
import { kernelOption, openPool } from '../options/pool.js';
import { stepRecord } from '../options/time.js';
import { print, printJson } from '../output/terminal.js';

interface Options {
  readonly store: string;
  readonly dataset: string;
  readonly icechunkFormat: '1' | '2';
  readonly kernel?: KernelName;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
  readonly like?: string;
  readonly trustInputs?: boolean;
}

export function createCommand(): Command {
  return new Command('create')
    .addOption(storeOption())
    .addOption(datasetOption())
    .option(
      '--like <file>',
      "raster whose grid the cube takes exactly, instead of the dataset's: CRS, transform and shape",
    )
    .addOption(trustOption())
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
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  $ geocubes create --store cubes/tctrend --dataset TCTrend',
        '  $ geocubes create --store cubes/mine --dataset mine.json --like dem.tif',
      ].join('\n'),
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const {
    store,
    dataset: name,
    icechunkFormat,
    kernel,
    format,
    quiet,
    like,
    trustInputs,
  } = options;
  const pool = await openPool({ threads: 0, ...(kernel === undefined ? {} : { kernel }) });
  let snap: BoundsSnap | undefined;
  const onSnap = (told: BoundsSnap) => {
    snap = told;
  };
  const dataset = await readDataset(name, { pool, like, trustInputs, onSnap });
  const cube = await Cube.create(store, dataset, {
    pool,
    icechunkFormat: icechunkFormat === '2' ? 2 : 1,
  });
  await pool.close();
  if (quiet) return;
  if (format === 'json') printJson(cubeRecord(cube, store, snap));
  else print(cubeText(cube, store), ...(snap === undefined ? [] : [snapText(snap, cube)]));
}

function snapText({ asked, became }: BoundsSnap, { grid }: Cube): string {
  const [x, y] = grid.geobox.resolution;
  return `Bounds were snapped to whole pixels of ${x} x ${-y}: asked for ${textOfBounds(asked)}, became ${textOfBounds(became)}`;
}

function textOfBounds({ west, south, east, north }: Bounds): string {
  return [west, south, east, north].join(',');
}

function cubeText({ dataset, grid, timeAxis }: Cube, store: string): string {
  const time = timeAxis === undefined ? '' : `, ${timeAxis}`;
  return `Made an empty cube at ${store}: ${dataset.title}, ${dataset.bands.length} bands of ${dataset.dtype}, ${grid.rows} x ${grid.cols} tiles, ${grid.geobox}${time}`;
}

/** Of grids `[rows, columns]`, as in the library. */
function cubeRecord(
  { dataset, grid, timeAxis }: Cube,
  store: string,
  snap: BoundsSnap | undefined,
) {
  return {
    store,
    title: dataset.title,
    bands: dataset.bands.map(({ name }) => name),
    dtype: dataset.dtype,
    geobox: grid.geobox.toRecord(),
    tiles: [grid.rows, grid.cols],
    chunk: [grid.chunk.height, grid.chunk.width],
    ...(snap === undefined ? {} : { snapped: snap }),
    ...(timeAxis === undefined ? {} : { steps: timeAxis.steps.map(stepRecord) }),
  };
}
