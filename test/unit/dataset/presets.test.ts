import { describe, expect, test } from 'vitest';
import { type Dataset, fillValueOf } from '../../../src/dataset/dataset.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { PRESET_NAMES, presetDataset } from '../../../src/dataset/presets.js';
import { TimeAxis, type TimeAxisRecord } from '../../../src/dataset/time-axis.js';
import { Grid } from '../../../src/grid/tiling.js';

describe('presets', () => {
  test('are the trends of four years, AlphaEarth and two for demos, found in upper and lower case alike', () => {
    expect(PRESET_NAMES).toEqual([
      'TCTrend',
      'TCTrend2019',
      'TCTrend2020',
      'TCTrend2022',
      'TCTrend2024',
      'AlphaEarth',
      'demo',
      'demo-annual',
    ]);
    expect(presetDataset('tctrend')).toBe(presetDataset('TCTrend2024'));
    expect(presetDataset('DEMO').title).toBe('Demo');
  });

  test('an unknown name is refused with the names there are', () => {
    expect(() => presetDataset('TCVIS')).toThrow(
      'Expected one of TCTrend, TCTrend2019, TCTrend2020, TCTrend2022, TCTrend2024, AlphaEarth, demo, demo-annual, or the path of a .json file for the dataset but received "TCVIS".',
    );
  });

  test('TCTrend has the three slopes of smart-geocubes as uint8 without a nodata code', () => {
    const dataset = presetDataset('TCTrend');
    expect(dataset.bands.map(({ name }) => name)).toEqual(['TCB_slope', 'TCG_slope', 'TCW_slope']);
    expect(dataset.dtype).toBe('uint8');
    expect(dataset.nodata).toBeUndefined();
    expect(dataset.source).toEqual({
      kind: 'collection',
      id: 'projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS',
    });
  });

  test.each([
    ['TCTrend2019', 'users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS'],
    ['TCTrend2020', 'users/ingmarnitze/TCTrend_SR_2001-2020_TCVIS'],
    ['TCTrend2022', 'users/ingmarnitze/TCTrend_SR_2003-2022_TCVIS'],
    ['TCTrend2024', 'projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS'],
  ])('%s has the title, names and collection of smart-geocubes, and no time axis', (name, id) => {
    const dataset = presetDataset(name);
    expect(dataset).toMatchObject({ title: name, source: { kind: 'collection', id } });
    expect(dataset.time).toBeUndefined();
    expect(dataset.bands[0]?.attributes).toEqual({
      long_name: 'Tasseled Cap Brightness Trend',
      data_source: `ee:${id.replace('users/', '')}`,
    });
  });

  test('AlphaEarth has 64 float32 bands in the years 2017 to 2025, on the grid of smart-geocubes', () => {
    const dataset = presetDataset('AlphaEarth');
    expect(dataset).toMatchObject({ title: 'AlphaEarthEmbeddings', dtype: 'float32' });
    expect(dataset.bands).toHaveLength(64);
    expect([dataset.bands[0]?.name, dataset.bands[63]?.name]).toEqual(['A00', 'A63']);
    expect(dataset.bands[7]?.attributes).toEqual({
      long_name: 'AlphaEarth Embedding Band 7',
      data_source: 'ee:GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL',
    });
    const grid = Grid.fromRecord(dataset.grid);
    expect(grid.geobox.shape).toEqual({ height: 2_003_752, width: 4_007_502 });
    expect([grid.rows, grid.cols]).toEqual([557, 1114]);
    const { steps } = TimeAxis.fromRecord(dataset.time as TimeAxisRecord);
    expect(steps.map(({ start }) => start)).toEqual(
      [2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025].map((year) => Date.UTC(year, 0, 1)),
    );
  });

  test('TCTrend has 186 x 372 chunks of 3600 pixels', () => {
    const grid = Grid.fromRecord(presetDataset('TCTrend').grid);
    expect([grid.rows, grid.cols]).toEqual([186, 372]);
    expect(grid.chunk).toEqual({ height: 3600, width: 3600 });
    expect(grid.geobox.shape).toEqual({ height: 667_918, width: 1_335_834 });
  });

  test('a tile of demo lies where the same tile of TCTrend lies, at a third of its resolution', () => {
    const fine = Grid.fromRecord(presetDataset('TCTrend').grid);
    const coarse = Grid.fromRecord(presetDataset('demo').grid);
    const index = { row: 60, col: 305 };
    const [one, other] = [fine.tileGeoBox(index).bounds, coarse.tileGeoBox(index).bounds];
    for (const edge of ['west', 'south', 'east', 'north'] as const)
      expect(Math.abs(one[edge] - other[edge])).toBeLessThan(coarse.geobox.resolution[0]);
    expect(coarse.chunk).toEqual({ height: 1200, width: 1200 });
  });

  test.each(PRESET_NAMES)('%s is plain data that survives JSON', (name) => {
    const dataset = presetDataset(name);
    expect(JSON.parse(JSON.stringify(dataset))).toEqual(dataset);
  });
});

/** As its file would say it. */
function fileOf(dataset: Dataset): unknown {
  const { source, grid, time, processing, ...rest } = dataset;
  const { crs, affine, shape } = grid.geobox;
  const named = source.kind === 'collection' || source.kind === 'image' ? source.id : true;
  return {
    ...rest,
    ...processing,
    [source.kind]: source.kind === 'expression' ? source.expression : named,
    grid: { crs, transform: affine, shape, chunk: grid.chunk },
    ...(time === undefined ? {} : { time: timeEntryOf(time) }),
  };
}

function timeEntryOf(time: TimeAxisRecord): unknown {
  if (time.kind !== 'regular')
    throw new Error('Expected regular steps; say here how a file lists.');
  const { kind: _, ...entry } = time;
  return entry;
}

test.each(PRESET_NAMES)(
  '%s is what a dataset file may say, to the pixel and the last field',
  (name) => {
    const dataset = presetDataset(name);
    expect(parseDataset(fileOf(dataset))).toEqual(dataset);
  },
);

test('no two presets have one name but for upper and lower case', () => {
  const names = PRESET_NAMES.map((name) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
});

describe('fillValueOf', () => {
  test('float cubes hold NaN whatever their nodata is', () => {
    expect(fillValueOf({ dtype: 'float32' })).toBeNaN();
    expect(fillValueOf({ dtype: 'float64', nodata: -9999 })).toBeNaN();
  });

  test('integer cubes hold their nodata code, or 0 without one', () => {
    expect(fillValueOf({ dtype: 'int16', nodata: -32_768 })).toBe(-32_768);
    expect(fillValueOf({ dtype: 'uint8', nodata: 0 })).toBe(0);
    expect(fillValueOf({ dtype: 'uint8' })).toBe(0);
  });
});

test('a dataset file with the numbers of TCTrend gives the grid of TCTrend', () => {
  const { grid } = parseDataset({
    title: 'same',
    collection: 'x',
    bands: ['a'],
    dtype: 'uint8',
    grid: {
      crs: 'EPSG:4326',
      bounds: [-180, -90, 180, 90],
      resolution: 0.00026949458523585647,
      chunk: 3600,
    },
  });
  expect(grid).toEqual(presetDataset('TCTrend').grid);
});
