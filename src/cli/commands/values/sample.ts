import { Command, Option } from 'commander';
import { Cube } from '../../../cube/cube.js';
import type { SampledPoints } from '../../../cube/values/sample.js';
import { formatInstant } from '../../../dataset/period.js';
import { expected } from '../../../errors.js';
import { type Crs, parseCrs } from '../../../grid/crs/crs.js';
import type { GeoBox } from '../../../grid/geobox.js';
import { looksSwapped } from '../../../grid/roi.js';
import { endAtSignal } from '../../interrupt.js';
import {
  addFormatWords,
  asOfOption,
  type FormatWords,
  formatOf,
  pathFor,
  storeOption,
  threadsOption,
  timeOption,
} from '../../options/common.js';
import { type ComputeOptions, kernelOption, openPool } from '../../options/pool.js';
import type { RegionOptions } from '../../options/region.js';
import { type PointTable, readPoints } from '../../options/subject/point-table.js';
import {
  bandsOption,
  numberWord,
  scaledOption,
  type ValueOptions,
} from '../../options/subject/values.js';
import { csvLine } from '../../output/csv.js';
import { OutputBuffer } from '../../output/output.js';
import { tell } from '../../output/terminal.js';

interface Options extends ComputeOptions, ValueOptions, FormatWords, Pick<RegionOptions, 'time'> {
  readonly store: string;
  readonly asOf?: string;
  readonly points: string;
  readonly crs: string;
  readonly format: 'csv' | 'json';
}

export function sampleCommand(): Command {
  const command = new Command('sample')
    .addOption(storeOption())
    .addOption(
      new Option(
        '--points <lon,lat|file>',
        'lon,lat of one or several ("126.5,72.5 127,73"), a CSV file with columns lon and lat, GeoJSON of points, or - for one of these files from standard input',
      )
        .argParser(pathFor('--points'))
        .makeOptionMandatory(),
    )
    .addOption(new Option('--crs <crs>', 'CRS of the points, x before y').default('EPSG:4326'))
    .addOption(timeOption())
    .addOption(bandsOption())
    .addOption(asOfOption())
    .addOption(scaledOption())
    .addOption(
      new Option('--format <format>', 'what to print').choices(['csv', 'json']).default('csv'),
    );
  return addFormatWords(command, ['csv', 'json'])
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addHelpText(
      'after',
      [
        '\nA row for each point, and in temporal cubes for each step, with the columns that the points came with and one for each band: the pixel that contains the point. Where there is no value (outside the grid, in a tile that is not loaded, a pixel without one) the cell is empty, in JSON null; how many are outside or not loaded is told on stderr.',
        '\nExamples:',
        '  $ geocubes sample --store cubes/tctrend --points 126.5,72.5',
        '  $ geocubes sample --store cubes/tctrend --points sites.csv --bands TCB_slope > values.csv',
        '  $ geocubes sample --store cubes/alphaearth --points "126.5,72.5 127,73" --time 2019/2021 --json',
      ].join('\n'),
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, asOf, time, bands, scaled, crs, threads = 0 } = options;
  const table = await readPoints(options.points);
  const cube = await Cube.open(store, { asOf });
  const pool = await openPool({ ...options, threads }, 'chunks');
  const stop = endAtSignal();
  try {
    const found = await cube.sample(table.points, {
      ...{ time, bands, scaled, pool, crs: parseCrs(crs), signal: stop.signal },
    });
    const names = [...(found.steps === undefined ? [] : ['time']), ...found.bands.keys()];
    const taken = names.find((name) => table.columns.includes(name));
    if (taken !== undefined)
      throw expected(
        `points without a column "${taken}", which the values have`,
        '--points',
        table.columns.join(', '),
      );
    await write(table, found, [...table.columns, ...names], formatOf(options));
    report(found);
    if (found.outside === found.points && areSwapped(table, parseCrs(crs), cube.grid.geobox))
      tell('With latitude and longitude swapped they would lie in it: longitudes come first');
  } finally {
    stop.release();
    await pool.close();
  }
}

async function write(
  table: PointTable,
  { bands, steps }: SampledPoints,
  columns: readonly string[],
  format: 'csv' | 'json',
): Promise<void> {
  const output = new OutputBuffer();
  await output.write(format === 'json' ? '[' : `${csvLine(columns)}\n`);
  let separator = '\n';
  for (const [number, row] of table.rows.entries())
    for (const [i, step] of (steps ?? [undefined]).entries()) {
      const time = step === undefined ? [] : [formatInstant(step.start)];
      const values = [...bands.values()].map(
        (all) => all[i * table.rows.length + number] as number,
      );
      if (format === 'csv') {
        const cells = values.map((value) => (Number.isNaN(value) ? '' : numberWord(value)));
        await output.write(`${csvLine([...row, ...time, ...cells])}\n`);
        continue;
      }
      // Infinite ones are words: JSON has no number for them.
      const told = values.map((value) =>
        Number.isNaN(value) ? null : Number.isFinite(value) ? value : numberWord(value),
      );
      const all = [...row, ...time, ...told];
      const record = Object.fromEntries(columns.map((name, at) => [name, all[at]]));
      await output.write(`${separator}${JSON.stringify(record)}`);
      separator = ',\n';
    }
  await output.write(format === 'json' ? '\n]\n' : '');
  await output.flush();
}

/** Whether points that lie outside would not, were their two numbers taken the other way round. */
function areSwapped({ points }: PointTable, crs: Crs, grid: GeoBox): boolean {
  if (!crs.isGeographic) return false;
  const coordinates = points.map(([x, y]) => [x, y]);
  return looksSwapped({ type: 'MultiPoint', coordinates }, grid);
}

function report({ points, outside, notLoaded, steps }: SampledPoints): void {
  if (outside > 0) tell(`${outside} of ${points} points lie outside the cube: no value`);
  if (notLoaded === 0) return;
  const times = steps === undefined ? '' : `, of ${points} points at ${steps.length} steps`;
  tell(`${notLoaded} values lie in tiles that are not loaded${times}: no value`);
}
