/** Documents as smart-geocubes writes them, cut down to what is read; test/interop has the real ones. */
import { describe, expect, test } from 'vitest';
import { Repository } from '../../../../src/store/repository.js';
import {
  recogniseSeedCube,
  UNKNOWN_SOURCE,
} from '../../../../src/store/smart-geocubes/read-cube.js';
import { axisOf, startsOf } from '../../../../src/store/smart-geocubes/time.js';

type Json = Record<string, unknown>;

const BLOSC = {
  name: 'blosc',
  configuration: { typesize: 1, cname: 'zstd', clevel: 9, shuffle: 'bitshuffle', blocksize: 0 },
};
const LITTLE = { name: 'bytes', configuration: { endian: 'little' } };

function array(shape: number[], chunk: number[], names: string[], more: Json = {}): Json {
  return {
    shape,
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [{ name: 'bytes' }, BLOSC],
    attributes: {},
    dimension_names: names,
    zarr_format: 3,
    node_type: 'array',
    ...more,
  };
}

const band = (more: Json = {}) => array([30, 40], [10, 20], ['y', 'x'], more);
const coordinate = (length: number, name: string, more: Json = {}) =>
  array([length], [length], [name], {
    data_type: 'float64',
    codecs: [LITTLE],
    ...more,
  });

const SPATIAL_REF = { crs_wkt: 'LOCAL_CS["x"]', GeoTransform: '10 0.5 0 51 0 -0.25' };

/** A store of smart-geocubes; each part may be changed, or left out by `undefined`. */
async function store(
  changes: Record<string, Json | Buffer | undefined> = {},
  { title = 'TCTrend2020', list = 'loaded_patches' } = {},
) {
  const entries: Record<string, Json | Buffer | undefined> = {
    'zarr.json': { attributes: { title, [list]: [] }, zarr_format: 3, node_type: 'group' },
    'TCB/zarr.json': band({ attributes: { long_name: 'Brightness', _FillValue: 1, grid: {} } }),
    'TCW/zarr.json': band(),
    'x/zarr.json': coordinate(40, 'x', { attributes: { crs: 'EPSG:4326', resolution: 0.5 } }),
    'y/zarr.json': coordinate(30, 'y', { attributes: { resolution: -0.25 } }),
    'spatial_ref/zarr.json': array([], [], [], {
      data_type: 'int32',
      codecs: [LITTLE],
      attributes: SPATIAL_REF,
    }),
    ...changes,
  };
  const repository = await Repository.create({ kind: 'memory' }, { format: 1 });
  const session = await repository.writeSession();
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) continue;
    const bytes = value instanceof Buffer ? value : Buffer.from(JSON.stringify(value));
    await session.store.set(key, bytes);
  }
  await repository.commit(session, 'Initialize', async () => {});
  return repository.readSession();
}

describe('a cube of smart-geocubes', () => {
  test.each(['loaded_patches', 'loaded_tiles'])(
    'with the list %s is known by its title, with its grid, bands, codec and source',
    async (list) => {
      expect(await recogniseSeedCube(await store({}, { list }))).toEqual({
        dataset: {
          title: 'TCTrend2020',
          source: { kind: 'collection', id: 'users/ingmarnitze/TCTrend_SR_2001-2020_TCVIS' },
          bands: [
            { name: 'TCB', attributes: { long_name: 'Brightness' } },
            { name: 'TCW', attributes: {} },
          ],
          dtype: 'uint8',
          grid: {
            geobox: { crs: 'EPSG:4326', shape: [30, 40], affine: [0.5, 0, 10, 0, -0.25, 51] },
            chunk: [10, 20],
          },
          processing: {
            fill: 'nearest',
            maxFillDistance: null,
            clipToObserved: true,
            resampling: 'near',
          },
          codec: 'default',
        },
        codec: { name: 'blosc', typesize: 1, cname: 'zstd', clevel: 9, shuffle: 'bitshuffle' },
      });
    },
  );

  test('called TCTrend holds the data of 2019, which the first version of that class read', async () => {
    const cube = await recogniseSeedCube(await store({}, { title: 'TCTrend' }));
    expect(cube?.dataset.source).toEqual({
      kind: 'collection',
      id: 'users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS',
    });
  });

  test('of an unknown title can be read, and tells why it cannot be extended', async () => {
    const cube = await recogniseSeedCube(await store({}, { title: 'constructor' }));
    expect(cube).toMatchObject({
      readOnlyBecause: UNKNOWN_SOURCE,
      dataset: { source: { kind: 'none' }, processing: { fill: 'none' } },
    });
  });

  test('of bands of two types has both', async () => {
    const cube = await recogniseSeedCube(
      await store({ 'TCW/zarr.json': band({ data_type: 'uint16', fill_value: 9 }) }),
    );
    const types = cube?.dataset.bands.map(({ name, dtype, nodata }) => ({ name, dtype, nodata }));
    expect(cube?.dataset.dtype).toBe('uint8');
    expect(types).toContainEqual({ name: 'TCW', dtype: 'uint16', nodata: 9 });
  });

  test('without a GeoTransform lies where its coordinates say, through the filters of 0.0.x', async () => {
    const filters = (offset: number, scale: number) => ({
      codecs: [
        {
          name: 'numcodecs.fixedscaleoffset',
          configuration: { offset, scale, dtype: 'float64', astype: '<i8' },
        },
        { name: 'numcodecs.delta', configuration: { dtype: '<i8', astype: '<i2' } },
        LITTLE,
      ],
    });
    // Steps 0, 1, 2, … are stored as their differences: 0, 1, 1, …
    const steps = (length: number) =>
      Buffer.from(Int16Array.from({ length }, (_, i) => Math.min(i, 1)).buffer);
    const session = await store({
      'spatial_ref/zarr.json': array([], [], [], { attributes: {} }),
      'x/zarr.json': coordinate(40, 'x', {
        ...filters(10.25, 2),
        attributes: { crs: 'EPSG:4326' },
      }),
      'y/zarr.json': coordinate(30, 'y', filters(50.875, -4)),
      'x/c/0': steps(40),
      'y/c/0': steps(30),
    });
    const cube = await recogniseSeedCube(session);
    expect(cube?.dataset.grid.geobox.affine).toEqual([0.5, 0, 10, 0, -0.25, 51]);
  });

  test.each([
    ['bands of two shapes', { 'TCW/zarr.json': array([3, 4], [3, 4], ['y', 'x']) }, 'differ'],
    [
      'a type cubes cannot have',
      { 'TCB/zarr.json': band({ data_type: 'int64' }), 'TCW/zarr.json': undefined },
      'of type int64',
    ],
    [
      'other axes',
      { 'TCB/zarr.json': array([3, 3], [3, 3], ['lat', 'lon']), 'TCW/zarr.json': undefined },
      'axes lat, lon',
    ],
  ])('with %s is refused, in words', async (_, changes, words) => {
    const recognise = recogniseSeedCube(await store(changes));
    await expect(recognise).rejects.toMatchObject({ tag: 'store', kind: 'not-a-cube' });
    await expect(recognise).rejects.toThrow(words);
  });

  test.each([
    [
      'another compressor',
      { codecs: [{ name: 'bytes' }, { name: 'zstd', configuration: { level: 0 } }] },
      'compressed in a way',
    ],
    [
      'floats that are 0 where there is no value',
      { data_type: 'float32', codecs: [LITTLE] },
      'hold 0 where there is no value',
    ],
  ])('with %s is read only', async (_, more, words) => {
    const changes = { 'TCB/zarr.json': band(more), 'TCW/zarr.json': band(more) };
    const cube = await recogniseSeedCube(await store(changes));
    expect(cube?.readOnlyBecause).toContain(words);
  });

  test('with a time axis has the steps of its coordinate', async () => {
    const bands = array([2, 30, 40], [1, 10, 20], ['time', 'y', 'x']);
    const session = await store({
      'TCB/zarr.json': bands,
      'TCW/zarr.json': bands,
      'time/zarr.json': array([2], [2], ['time'], {
        data_type: 'int64',
        codecs: [LITTLE],
        attributes: { units: 'days since 2017-01-01 00:00:00' },
      }),
      'time/c/0': Buffer.from(BigInt64Array.of(0n, 365n).buffer),
    });
    expect((await recogniseSeedCube(session))?.dataset.time).toEqual({
      kind: 'regular',
      start: '2017-01-01',
      step: '1 year',
      count: 2,
    });
  });

  test.each([
    [
      'no list',
      { 'zarr.json': { attributes: { title: 'x' }, zarr_format: 3, node_type: 'group' } },
    ],
    ['no bands', { 'TCB/zarr.json': undefined, 'TCW/zarr.json': undefined }],
  ])('is not what a store with %s holds', async (_, changes) => {
    expect(await recogniseSeedCube(await store(changes))).toBeUndefined();
  });
});

describe('time coordinates', () => {
  test('are read in days, hours and their like', () => {
    expect(startsOf([0, 2], 'days since 2017-01-01')).toEqual(
      ['2017-01-01', '2017-01-03'].map(Date.parse),
    );
    expect(startsOf([6], 'hours since 2017-01-01 12:00:00')).toEqual([
      Date.parse('2017-01-01T18:00Z'),
    ]);
    expect(() => startsOf([0], 'months since 2017-01-01')).toThrow('months since');
    expect(() => startsOf([0], undefined)).toThrow('time coordinate');
  });

  test('that are not regular become steps one by one', () => {
    expect(axisOf(['2017-01-01', '2017-01-05', '2017-01-08'].map(Date.parse))).toEqual({
      kind: 'listed',
      steps: [
        { start: '2017-01-01', end: '2017-01-05' },
        { start: '2017-01-05', end: '2017-01-08' },
        { start: '2017-01-08', end: '2017-01-11' },
      ],
    });
  });
});
