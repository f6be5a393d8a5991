import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import { readDataset } from '../../cube/datasets/read-dataset.js';
import { readGeoBox } from '../../cube/read/raster-files.js';
import { typeGroups, typesInWords } from '../../dataset/band-types.js';
import { TEMPLATE_NAMES, templateOf } from '../../dataset/choose/templates.js';
import type { Dataset } from '../../dataset/dataset.js';
import type { BoundsSnap } from '../../dataset/grid/snapped.js';
import { parseDataset } from '../../dataset/parse.js';
import { expected } from '../../errors.js';
import type { Bounds } from '../../grid/geobox.js';
import type { KernelName } from '../../pool/messages.js';
import type { Pool } from '../../pool/pool.js';
import { type AccountOptions, addAccountOptions } from '../options/account.js';
import { datasetOption, formatOption, quietOption, storeOption } from '../options/common.js';
import {
  addDatasetOptions,
  DATASET_OPTION_NAMES,
  type DatasetOptions,
  innerChunkOption,
  wishesOf,
} from '../options/dataset.js';
import { kernelOption, openPool } from '../options/pool.js';
import { stepRecord } from '../options/time.js';
import { print, printJson, tell } from '../output/terminal.js';

interface Options extends DatasetOptions, AccountOptions {
  readonly store: string;
  readonly dataset?: string;
  readonly asset?: string;
  readonly icechunkFormat: '1' | '2';
  readonly overviews?: boolean;
  readonly innerChunk?: number;
  readonly kernel?: KernelName;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function createCommand(): Command {
  const command = new Command('create')
    .addOption(storeOption())
    .addOption(datasetOption())
    .addOption(
      new Option(
        '--asset <id|name>',
        `in place of --dataset: an asset of Earth Engine, or ${TEMPLATE_NAMES.join(', ')}; the options below then say what the dataset is like, as in "geocubes dataset"`,
      ).conflicts('dataset'),
    )
    .option(
      '--like <file>',
      "raster whose grid the cube takes exactly, instead of the dataset's: CRS, transform and shape",
    )
    .addOption(
      new Option(
        '--icechunk-format <format>',
        'format of the repository; smart-geocubes reads 1 only',
      )
        .choices(['1', '2'])
        .default('1'),
    )
    .option(
      '--overviews',
      'keep reduced levels beside the bands, as "geocubes overviews" makes them',
    )
    .addOption(innerChunkOption())
    .addOption(kernelOption())
    .addOption(formatOption())
    .addOption(quietOption());
  addDatasetOptions(command);
  addAccountOptions(command);
  return command
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  $ geocubes create --store cubes/tctrend --dataset TCTrend',
        '  $ geocubes create --store cubes/mine --dataset mine.json --like dem.tif',
        '  $ geocubes create --store cubes/s2 --asset sentinel2-monthly --bbox 126.50,72.30,126.60,72.35 --time 2024',
      ].join('\n'),
    )
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const { store, icechunkFormat, overviews = false, kernel, format, quiet } = options;
  checkWords(options, command);
  const pool = await openPool(
    { threads: 0, ...(kernel === undefined ? {} : { kernel }) },
    'chunks',
  );
  let snap: BoundsSnap | undefined;
  const onSnap = (told: BoundsSnap) => {
    snap = told;
  };
  let cube: Cube;
  try {
    const { dataset, notes } = await datasetOf(options, pool, onSnap);
    const { innerChunk = dataset.innerChunk } = options;
    const wanted = innerChunk === undefined ? dataset : { ...dataset, innerChunk };
    cube = await Cube.create(store, wanted, {
      ...{ pool, overviews },
      icechunkFormat: icechunkFormat === '2' ? 2 : 1,
    });
    if (!quiet) tell(...notes);
  } finally {
    await pool.close();
  }
  if (quiet) return;
  if (format === 'json') printJson(cubeRecord(cube, store, snap));
  else print(cubeText(cube, store), ...(snap === undefined ? [] : [snapText(snap, cube)]));
}

/** @throws {InvalidInputError} for no dataset, and for words that only an asset has a use for. */
function checkWords({ dataset, asset }: Options, command: Command): void {
  if (asset !== undefined) return;
  if (dataset === undefined) throw expected('--dataset or --asset', 'a new cube', 'neither');
  if (templateOf(dataset) !== undefined)
    throw expected(
      `--asset ${dataset}`,
      'a dataset that is made for a region',
      `--dataset ${dataset}`,
    );
  // What the environment or a file of settings has is meant for other commands.
  const stray = DATASET_OPTION_NAMES.find((name) => command.getOptionValueSource(name) === 'cli');
  if (stray === undefined) return;
  const flag = command.options.find((option) => option.attributeName() === stray)?.long ?? stray;
  throw expected('--asset', flag, `--dataset ${dataset}`, 'A dataset says all of it.');
}

/** By name or file, or made for an asset, which Earth Engine is asked for. */
async function datasetOf(
  options: Options,
  pool: Pool,
  onSnap: (snap: BoundsSnap) => void,
): Promise<{ readonly dataset: Dataset; readonly notes: readonly string[] }> {
  const { dataset: name = '', asset, like, trustInputs } = options;
  if (asset === undefined)
    return { dataset: await readDataset(name, { pool, like, trustInputs, onSnap }), notes: [] };
  const { endpoint, project, keyFile, tokenCommand, insecureHttp } = options;
  const { describeDataset } = await import('../../cube/datasets/describe-dataset.js');
  const trust = trustInputs === undefined ? {} : { trustInputs };
  const file = await describeDataset(asset, {
    ...(await wishesOf(options)),
    like: like === undefined ? undefined : await readGeoBox(like, { pool, ...trust }),
    ...{ endpoint, project, keyFile, tokenCommand, insecureHttp },
  });
  return { dataset: parseDataset(file), notes: file.notes ?? [] };
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
  return `Made an empty cube at ${store}: ${dataset.title}, ${dataset.bands.length} bands of ${typesInWords(dataset)}, ${grid.rows} x ${grid.cols} tiles, ${grid.geobox}${time}`;
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
    ...(typeGroups(dataset).length === 1
      ? {}
      : { dtypes: dataset.bands.map((band) => band.dtype ?? dataset.dtype) }),
    geobox: grid.geobox.toRecord(),
    tiles: [grid.rows, grid.cols],
    chunk: [grid.chunk.height, grid.chunk.width],
    ...(snap === undefined ? {} : { snapped: snap }),
    ...(timeAxis === undefined ? {} : { steps: timeAxis.steps.map(stepRecord) }),
  };
}
