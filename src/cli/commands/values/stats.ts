import { Command, Option } from 'commander';
import { Cube } from '../../../cube/cube.js';
import { type BandStats, DEFAULT_QUANTILES, type RegionStats } from '../../../cube/values/stats.js';
import { widestType } from '../../../dataset/band-types.js';
import { formatInstant } from '../../../dataset/period.js';
import { expected } from '../../../errors.js';
import { type Roi, roiWindows } from '../../../grid/roi.js';
import { bytesOf } from '../../../raster/dtype.js';
import { endAtSignal } from '../../interrupt.js';
import {
  addFormatWords,
  asOfOption,
  type FormatWords,
  formatOf,
  storeOption,
  threadsOption,
  timeOption,
} from '../../options/common.js';
import { type ComputeOptions, kernelOption, openPool, threadsFor } from '../../options/pool.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../../options/region.js';
import {
  bandsOption,
  numberWord,
  scaledOption,
  type ValueOptions,
  withWords,
} from '../../options/subject/values.js';
import { stepRecord } from '../../options/time.js';
import { csvLine } from '../../output/csv.js';
import { plural } from '../../output/summary-text.js';
import { print, printJson } from '../../output/terminal.js';

interface Options extends RegionOptions, ComputeOptions, ValueOptions, FormatWords {
  readonly store: string;
  readonly asOf?: string;
  readonly quantiles: readonly number[];
  readonly format: 'text' | 'csv' | 'json';
}

export function statsCommand(): Command {
  const command = new Command('stats').addOption(storeOption());
  addRegionOptions(command)
    .addOption(timeOption())
    .addOption(bandsOption())
    .addOption(asOfOption())
    .addOption(
      new Option('--quantiles <q>', 'quantiles to tell, from 0 to 1, with commas; or none')
        .argParser(readQuantiles)
        .default(DEFAULT_QUANTILES, DEFAULT_QUANTILES.join()),
    )
    .addOption(scaledOption())
    .addOption(
      new Option('--format <format>', 'what to print')
        .choices(['text', 'csv', 'json'])
        .default('text'),
    );
  return addFormatWords(command, ['csv', 'json'])
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addHelpText(
      'after',
      [
        '\nWithout a region it is the whole cube. A polygon has the pixels whose centre lies in it, a box along the grid those it touches, as "load" has it. Counts, extremes and quantiles are exact, whatever the size of the region, mean and std to about 1e-13: std is that of all valid pixels (numpy\'s, ddof=0), quantiles are numpy\'s "linear".',
        '\nExamples:',
        '  $ geocubes stats --store cubes/tctrend --bbox 126,72,128,73',
        '  $ geocubes stats --store cubes/tctrend --roi basins.gpkg --quantiles 0.1,0.9 --csv',
        '  $ geocubes stats --store cubes/alphaearth --bbox 126,72,127,73 --time 2019/2021 --bands TCB_slope --json',
      ].join('\n'),
    )
    .action(run);
}

/** @throws {InvalidInputError} */
export function readQuantiles(text: string): readonly number[] {
  if (text.trim() === 'none') return [];
  return text.split(',').map((part) => {
    const q = part.trim() === '' ? Number.NaN : Number(part);
    if (!(q >= 0 && q <= 1))
      throw expected('numbers from 0 to 1 with commas, or none', '--quantiles', text);
    return q;
  });
}

async function run(options: Options): Promise<void> {
  const { store, asOf, time, bands, quantiles, scaled } = options;
  const format = formatOf(options);
  const region = await regionIn(options);
  const cube = await Cube.open(store, { asOf });
  const roi = region ?? cube.grid.geobox;
  const pool = await openPool(
    { ...options, ...threadsFor(options, workOf(cube, roi, bands)) },
    'chunks',
  );
  const stop = endAtSignal();
  try {
    const stats = await cube.stats(roi, {
      ...{ time, bands, quantiles, scaled, pool, signal: stop.signal },
    });
    if (format === 'json') printJson(recordOf(cube, store, stats), withWords);
    else if (format === 'csv') print(...csvOf(stats, quantiles));
    else print(...textOf(cube, store, stats, quantiles));
  } finally {
    stop.release();
    await pool.close();
  }
}

/** Of one time step: chunks to be read, and bytes of the pixels that come of them, at the most. */
function workOf(
  { grid, dataset }: Cube,
  roi: Roi,
  bands: readonly string[] = dataset.bands.map(({ name }) => name),
) {
  const windows = roiWindows(roi, grid.geobox);
  const pixels = windows.reduce((sum, { height, width }) => sum + height * width, 0);
  return {
    bytes: pixels * bands.length * bytesOf(widestType(dataset)),
    chunks: () => [...grid.tilesIn(windows)].length * bands.length,
  };
}

const valuesWord = ({ scaled }: RegionStats) => (scaled ? 'scaled' : 'stored');

function recordOf({ dataset }: Cube, store: string, stats: RegionStats) {
  return {
    title: dataset.title,
    store,
    values: valuesWord(stats),
    missingTiles: stats.missingTiles,
    stats: stats.each.map(({ band, step, ...numbers }) => ({
      band,
      ...(step === undefined ? {} : { time: stepRecord(step) }),
      ...numbers,
    })),
  };
}

const NUMBERS = ['min', 'max', 'mean', 'std'] as const;

/** A heading, and what stands below it for a band at a step; empty where there is none. */
type Column = readonly [name: string, cell: (stats: BandStats) => string | number | undefined];

function columnsOf(stats: RegionStats, quantiles: readonly number[]): Column[] {
  const hasSteps = stats.each.some(({ step }) => step !== undefined);
  return [
    ['band', ({ band }) => band],
    ...(hasSteps
      ? [['time', ({ step }) => (step === undefined ? '' : formatInstant(step.start))] as Column]
      : []),
    ...(['pixels', 'valid', 'nodata', 'missing', ...NUMBERS] as const).map(
      (name): Column => [name, (each) => each[name]],
    ),
    ...quantiles.map((q, i): Column => [`q${q}`, (each) => each.quantiles?.[i]?.value]),
  ];
}

function csvOf(stats: RegionStats, quantiles: readonly number[]): string[] {
  const columns: Column[] = [
    ...columnsOf(stats, quantiles),
    ['dtype', ({ dtype }) => dtype],
    ['units', ({ units }) => units],
    ['values', () => valuesWord(stats)],
  ];
  const cellOf = (value: string | number | undefined) =>
    typeof value === 'number' ? numberWord(value) : (value ?? '');
  return [
    csvLine(columns.map(([name]) => name)),
    ...stats.each.map((each) => csvLine(columns.map(([, cell]) => cellOf(cell(each))))),
  ];
}

/** Digits on the terminal; CSV and JSON have all of them. */
const DIGITS = 7;

function textOf(
  { dataset }: Cube,
  store: string,
  stats: RegionStats,
  quantiles: readonly number[],
): string[] {
  const columns = columnsOf(stats, quantiles);
  const cellOf = (value: string | number | undefined) => {
    if (typeof value !== 'number') return value ?? '';
    return Number.isInteger(value) || !Number.isFinite(value)
      ? numberWord(value)
      : String(Number(value.toPrecision(DIGITS)));
  };
  const rows = [
    columns.map(([name]) => name),
    ...stats.each.map((each) => columns.map(([, cell]) => cellOf(cell(each)))),
  ];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const missing =
    stats.missingTiles === 0
      ? ''
      : `; ${plural(stats.missingTiles, 'tile')} of the region ${stats.missingTiles === 1 ? 'is' : 'are'} not loaded`;
  const values = stats.scaled ? 'number * scale + offset' : 'the stored numbers';
  return [
    `${dataset.title} at ${store}, ${values}${missing}`,
    ...rows.map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    ),
  ];
}
