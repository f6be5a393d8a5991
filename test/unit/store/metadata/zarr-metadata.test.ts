import { describe, expect, test } from 'vitest';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { presetDataset } from '../../../../src/dataset/presets.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { bloscFor } from '../../../../src/raster/codec.js';
import { chunkKey, metadataOf } from '../../../../src/store/metadata/zarr-metadata.js';

type Document = Readonly<Record<string, unknown>>;

const DATASET = parseDataset({
  title: 'NDVI',
  collection: 'c',
  bands: [{ name: 'NDVI', attributes: { long_name: 'Index', scale: 0.0001 } }, 'EVI'],
  dtype: 'int16',
  nodata: -32_768,
  grid: { crs: 'EPSG:3413', bounds: [-1000, -500, 1000, 500], resolution: 10, chunk: [64, 128] },
});

const CODEC = bloscFor('int16', 1);
const COORDINATES = bloscFor('float64', 5);
const documents = metadataOf(DATASET, CODEC, COORDINATES);

function document(path: string, all: Map<string, Document> = documents): Document {
  const found = all.get(path);
  if (found === undefined) throw new Error(`no ${path} among ${[...all.keys()].join(', ')}`);
  return found;
}

const attributes = (path: string, all?: Map<string, Document>) =>
  document(path, all).attributes as Document;

describe('the documents of a cube', () => {
  test('are those of a smart-geocubes cube and a group of our own', () => {
    expect([...documents.keys()].sort()).toEqual([
      'EVI/zarr.json',
      'NDVI/zarr.json',
      'geocubes/ledger/zarr.json',
      'geocubes/zarr.json',
      'spatial_ref/zarr.json',
      'x/zarr.json',
      'y/zarr.json',
      'zarr.json',
    ]);
  });

  test('are JSON without loss, NaN included, and all of Zarr format 3', () => {
    const float = metadataOf({ ...presetDataset('demo'), dtype: 'float32' }, CODEC, COORDINATES);
    for (const one of [...documents.values(), ...float.values()]) {
      expect(JSON.parse(JSON.stringify(one))).toEqual(one);
      expect(one.zarr_format).toBe(3);
    }
  });
});

describe('a band', () => {
  test('has the shape, chunks, dtype, fill value and codecs that its chunks are written with', () => {
    expect(document('NDVI/zarr.json')).toMatchObject({
      node_type: 'array',
      shape: [100, 200],
      data_type: 'int16',
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [64, 128] } },
      chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
      fill_value: -32_768,
      codecs: [
        { name: 'bytes', configuration: { endian: 'little' } },
        {
          name: 'blosc',
          configuration: {
            typesize: 2,
            cname: 'zstd',
            clevel: 1,
            shuffle: 'shuffle',
            blocksize: 0,
          },
        },
      ],
      dimension_names: ['y', 'x'],
    });
  });

  test('keeps its own attributes and names its grid mapping and nodata', () => {
    const common = { _FillValue: -32_768, grid_mapping: 'spatial_ref', coordinates: 'spatial_ref' };
    expect(attributes('NDVI/zarr.json')).toEqual({ long_name: 'Index', scale: 0.0001, ...common });
    expect(attributes('EVI/zarr.json')).toEqual(common);
  });

  test('of uint8 without nodata is filled with 0 and claims no _FillValue, because 0 is data', () => {
    const all = metadataOf(presetDataset('TCTrend'), bloscFor('uint8', 1), COORDINATES);
    const band = document('TCB_slope/zarr.json', all);
    expect(band.fill_value).toBe(0);
    expect(band.codecs).toEqual([
      { name: 'bytes' },
      {
        name: 'blosc',
        configuration: {
          typesize: 1,
          cname: 'zstd',
          clevel: 1,
          shuffle: 'bitshuffle',
          blocksize: 0,
        },
      },
    ]);
    expect('_FillValue' in attributes('TCB_slope/zarr.json', all)).toBe(false);
  });

  test('of floats is filled with NaN, written as Zarr writes it', () => {
    const float = metadataOf(
      { ...presetDataset('demo'), dtype: 'float32' },
      bloscFor('float32', 1),
      COORDINATES,
    );
    expect(document('TCB_slope/zarr.json', float).fill_value).toBe('NaN');
    // xarray keeps a _FillValue of floats as base64 of the little-endian float64.
    const nan = Buffer.from(String(attributes('TCB_slope/zarr.json', float)._FillValue), 'base64');
    expect(nan).toHaveLength(8);
    expect(nan.readDoubleLE()).toBeNaN();
  });

  test('compressed by gzip, or not at all, says so', () => {
    const gzip = metadataOf(DATASET, { name: 'gzip', level: 1 }, COORDINATES);
    expect(document('NDVI/zarr.json', gzip).codecs).toEqual([
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'gzip', configuration: { level: 1 } },
    ]);
    const plain = metadataOf(DATASET, { name: 'uncompressed' }, COORDINATES);
    expect(document('NDVI/zarr.json', plain).codecs).toHaveLength(1);
  });
});

describe('coordinates', () => {
  test('are float64 vectors in one chunk, named by their axis', () => {
    expect(document('x/zarr.json')).toMatchObject({
      shape: [200],
      data_type: 'float64',
      chunk_grid: { configuration: { chunk_shape: [200] } },
      dimension_names: ['x'],
    });
    expect(document('y/zarr.json')).toMatchObject({ shape: [100], dimension_names: ['y'] });
  });

  test('of a projected grid have CF names and units of length', () => {
    expect(attributes('x/zarr.json')).toEqual({
      standard_name: 'projection_x_coordinate',
      units: 'metre',
      axis: 'X',
      resolution: 10,
      crs: 'EPSG:3413',
    });
    expect(attributes('y/zarr.json')).toMatchObject({
      standard_name: 'projection_y_coordinate',
      axis: 'Y',
      resolution: -10,
    });
  });

  test('of a geographic grid are longitude and latitude', () => {
    const all = metadataOf(presetDataset('demo'), CODEC, COORDINATES);
    expect(attributes('x/zarr.json', all)).toMatchObject({
      standard_name: 'longitude',
      units: 'degrees_east',
    });
    expect(attributes('y/zarr.json', all)).toMatchObject({
      standard_name: 'latitude',
      units: 'degrees_north',
    });
  });
});

describe('the CRS', () => {
  test("stands in spatial_ref as WKT and as GDAL's geotransform: origin and pixel size, x before y", () => {
    const { wkt } = parseCrs('EPSG:3413');
    expect(attributes('spatial_ref/zarr.json')).toEqual({
      spatial_ref: wkt,
      crs_wkt: wkt,
      GeoTransform: '-1000 10 0 500 0 -10',
    });
    expect(document('spatial_ref/zarr.json')).toMatchObject({
      shape: [],
      data_type: 'int32',
      dimension_names: [],
      chunk_grid: { configuration: { chunk_shape: [] } },
    });
  });

  test('stands in the root by its code, with the shape, transform and bounds of the grid', () => {
    expect(attributes('zarr.json')).toMatchObject({
      'proj:code': 'EPSG:3413',
      'spatial:dimensions': ['y', 'x'],
      'spatial:shape': [100, 200],
      'spatial:transform': [10, 0, -1000, 0, -10, 500],
      'spatial:bbox': [-1000, -500, 1000, 500],
    });
    expect('proj:wkt2' in attributes('zarr.json')).toBe(false);
  });

  test('without a code stands in the root only as WKT 2, which is what the convention knows', () => {
    const withCrs = (crs: string) => {
      const { grid } = DATASET;
      const own = { ...DATASET, grid: { ...grid, geobox: { ...grid.geobox, crs } } };
      return attributes('zarr.json', metadataOf(own, CODEC, COORDINATES));
    };
    const wkt1 = parseCrs('EPSG:3413').wkt.replace(/,\s*AUTHORITY\["EPSG","3413"\]\]$/, ']');
    expect('proj:wkt2' in withCrs(wkt1)).toBe(false);
    expect('proj:code' in withCrs(wkt1)).toBe(false);
    const wkt2 =
      'GEOGCRS["own",DATUM["own",ELLIPSOID["GRS 1980",6378137,298.257222101]],CS[ellipsoidal,2],' +
      'AXIS["longitude",east],AXIS["latitude",north],ANGLEUNIT["degree",0.0174532925199433]]';
    expect(withCrs(wkt2)['proj:wkt2']).toBe(wkt2);
  });

  test.each([
    ['TCTrend', [-180, -90, 180, 90]],
    ['AlphaEarth', undefined],
  ])(
    'bounds that go a part of a pixel beyond the earth are told as the earth has them: %s',
    (name, known) => {
      const dataset = presetDataset(name);
      const all = metadataOf(dataset, CODEC, COORDINATES);
      const bbox = attributes('zarr.json', all)['spatial:bbox'] as number[];
      const [west = 0, south = 0, east = 0, north = 0] = bbox;
      expect(west >= -180 && south >= -90 && east <= 180 && north <= 90).toBe(true);
      if (known !== undefined) expect(bbox).toEqual(known);
      // The grid is what it is.
      const { affine, shape } = dataset.grid.geobox;
      expect(attributes('zarr.json', all)).toMatchObject({
        'spatial:transform': affine,
        'spatial:shape': shape,
      });
    },
  );

  test.each([
    ['of a projected grid', 'EPSG:3413', [10, 0, -1000, 0, -10, 500], [-1000, -500, 1000, 500]],
    ['that go on around the earth', 'EPSG:4326', [1, 0, 100, 0, -1, 50], [100, -50, 300, 50]],
  ] as const)('bounds %s stay as they are', (_, crs, affine, bbox) => {
    const geobox = { crs, affine, shape: [100, 200] } as const;
    const own = { ...DATASET, grid: { ...DATASET.grid, geobox } };
    expect(attributes('zarr.json', metadataOf(own, CODEC, COORDINATES))['spatial:bbox']).toEqual(
      bbox,
    );
  });
});

describe('our own records', () => {
  test('our own group holds the dataset and the codec, so that a cube needs no recipe beside it', () => {
    expect(attributes('geocubes/zarr.json')).toEqual({ layout: 1, dataset: DATASET, codec: CODEC });
  });

  test('the root holds only attributes that copy into other formats: no objects, and no lists of any', () => {
    const root = attributes('zarr.json');
    expect(root).toMatchObject({ title: 'NDVI', loaded_patches: [], Conventions: 'CF-1.10' });
    const objects = Object.values(root)
      .flat()
      .filter((value) => typeof value === 'object');
    expect(objects).toEqual([]);
  });

  test('the ledger is an array of tiles in a subgroup, where xarray does not see it among the bands', () => {
    expect(document('geocubes/zarr.json')).toMatchObject({ node_type: 'group' });
    expect(document('geocubes/ledger/zarr.json')).toMatchObject({
      shape: [2, 2],
      data_type: 'uint8',
      fill_value: 0,
      chunk_grid: { configuration: { chunk_shape: [64, 64] } },
      codecs: [{ name: 'bytes' }, { name: 'gzip', configuration: { level: 1 } }],
      dimension_names: ['tile_row', 'tile_col'],
    });
  });
});

describe('the documents of a temporal cube', () => {
  const time = { kind: 'regular', start: '2017-01-01', step: '1 year', count: 9 } as const;
  const temporal = metadataOf({ ...DATASET, time }, CODEC, COORDINATES);

  test('are those of a cube without a time axis, and the coordinate', () => {
    expect([...temporal.keys()].sort()).toEqual([...documents.keys(), 'time/zarr.json'].sort());
    for (const path of ['x/zarr.json', 'y/zarr.json', 'spatial_ref/zarr.json', 'zarr.json'])
      expect(document(path, temporal)).toEqual(document(path));
  });

  test('bands have time as their first dimension, in chunks of one step', () => {
    expect(document('NDVI/zarr.json', temporal)).toEqual({
      ...document('NDVI/zarr.json'),
      shape: [9, 100, 200],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [1, 64, 128] } },
      dimension_names: ['time', 'y', 'x'],
    });
  });

  test('the coordinate is 64-bit integers in one chunk, in days since the first step as CF has them', () => {
    expect(document('time/zarr.json', temporal)).toMatchObject({
      shape: [9],
      data_type: 'int64',
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [9] } },
      fill_value: 0,
      codecs: [
        { name: 'bytes', configuration: { endian: 'little' } },
        { name: 'blosc', configuration: { typesize: 8 } },
      ],
      attributes: {
        standard_name: 'time',
        axis: 'T',
        units: 'days since 2017-01-01 00:00:00',
        calendar: 'proleptic_gregorian',
      },
      dimension_names: ['time'],
    });
  });

  test('the ledger has a chunk of 64 x 64 tiles for each step', () => {
    expect(document('geocubes/ledger/zarr.json', temporal)).toMatchObject({
      shape: [9, 2, 2],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [1, 64, 64] } },
      dimension_names: ['time', 'tile_row', 'tile_col'],
    });
  });

  test('say that the layout is another than that of cubes without a time axis', () => {
    expect(attributes('geocubes/zarr.json')).toMatchObject({ layout: 1 });
    expect(attributes('geocubes/zarr.json', temporal)).toMatchObject({
      layout: 2,
      dataset: { time },
    });
  });
});

test('chunks lie under row and column, in temporal cubes under the time step before', () => {
  expect(chunkKey('NDVI', { row: 3, col: 4 })).toBe('NDVI/c/3/4');
  expect(chunkKey('NDVI', { t: 0, row: 3, col: 4 })).toBe('NDVI/c/0/3/4');
});
