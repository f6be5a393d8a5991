/** Assets of all kinds, as the service would tell of them, and what is made of each. */
import { afterEach, describe, expect, test } from 'vitest';
import {
  type DescribeDatasetOptions,
  describeDataset,
} from '../../../../src/cube/datasets/describe-dataset.js';
import { EarthEngineError, InvalidInputError } from '../../../../src/errors.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { answerError, type SmallServer, serve } from '../small-server.js';

let server: SmallServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const region = parseBoundingBox('126.5,72.3,126.6,72.35');

/** What each path replies, by how it ends; a number is a refusal. */
async function asked(
  replies: Readonly<Record<string, object | number>>,
  options: DescribeDatasetOptions = { region },
  id = 'users/me/asset',
) {
  server = await serve((response, { path }) => {
    const [plain = ''] = path.split('?');
    const found = Object.entries(replies).find(([end]) => plain.endsWith(end));
    const reply = found?.[1] ?? 404;
    if (typeof reply === 'number') return answerError(response, reply, 'Permission denied.');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
  });
  return describeDataset(id, { endpoint: server.url, token: 't', project: 'p', ...options });
}

const GRID = {
  crsCode: 'EPSG:32652',
  dimensions: { width: 200, height: 100 },
  affineTransform: { scaleX: 20, translateX: 400_010, scaleY: -20, translateY: 8_000_010 },
};

/** As proto3 writes them: a bound of 0 is left out. */
const band = (id: string, dataType: object, more: object = {}) => ({
  ...{ id, dataType, grid: GRID },
  ...more,
});
const byte = (id: string, more: object = {}) =>
  band(id, { precision: 'INT', range: { max: 255 } }, more);

const collectionOf = (...images: object[][]) => ({
  ':listImages': {
    images: images.map((bands, at) => ({ id: `users/me/asset/${at}`, type: 'IMAGE', bands })),
  },
  asset: { type: 'IMAGE_COLLECTION', name: 'x' },
});

describe('an image', () => {
  const image = (bands: object[]) => ({
    asset: { type: 'IMAGE', bands, properties: { title: 'Mine' } },
  });

  test('without a region is taken whole, on its own grid', async () => {
    const file = await asked(image([byte('a')]), {});
    expect(file).toMatchObject({
      ...{ image: 'users/me/asset', title: 'Mine', bands: ['a'], dtype: 'uint8' },
      grid: {
        ...{ crs: 'EPSG:32652', shape: [100, 200], chunk: 256 },
        transform: [20, 0, 400_010, 0, -20, 8_000_010],
      },
    });
    expect(file.nodata).toBeUndefined();
    expect(file.notes?.join('\n')).toContain('No nodata: the values may take all of uint8');
    expect(server?.seen.map(({ path }) => path)).toEqual([
      '/v1/projects/earthengine-legacy/assets/users/me/asset',
    ]);
  });

  test('lies on its own pixels in a region too', async () => {
    const { grid } = await asked(image([byte('a')]));
    expect(grid).toMatchObject({ resolution: 20, origin: [400_010, 8_000_010] });
    const [west = 0, south = 0] = grid.bounds ?? [];
    expect([(west - 400_010) % 20, (south - 8_000_010) % 20].map(Math.abs)).toEqual([0, 0]);
  });

  test('of doubles, of 64 bits, and of no range that is told', async () => {
    const long = { precision: 'INT', range: { min: -9.2e18, max: 9.2e18 } };
    expect((await asked(image([band('a', { precision: 'DOUBLE' })]))).dtype).toBe('float64');
    const { dtype, notes } = await asked(image([band('a', long)]));
    expect([dtype, notes?.join()]).toEqual(['float64', expect.stringContaining('exact up to 2')]);
    const unknown = await asked(image([band('a', { precision: 'INT' })]));
    expect([unknown.dtype, unknown.notes?.join()]).toEqual([
      'float64',
      expect.stringContaining('tells no range'),
    ]);
  });

  test('with thousands of bands wants some of them named, and finds those that are', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => byte(`b${at}`));
    await expect(asked(image(many))).rejects.toThrow(
      'Expected 1 to 1024 bands for the dataset of users/me/asset but received "the 3000 that it has". Name those that are wanted (--bands).',
    );
    expect((await asked(image(many), { region, bands: ['b2999'] })).bands).toEqual(['b2999']);
    const wrong = asked(image(many), { region, bands: ['elevation'] });
    await expect(wrong).rejects.toThrow(/It has b0, b1, b2, b3, b4, b5, b6, b7, \.\.\.\.$/);
  });

  test('with arrays for pixels is refused where these are asked for, and else they are left', async () => {
    const array = band('coefficients', { precision: 'DOUBLE', dimensionsCount: 1 });
    expect((await asked(image([array, byte('a')]))).bands).toEqual(['a']);
    await expect(
      asked(image([array, byte('a')]), { region, bands: ['coefficients'] }),
    ).rejects.toThrow('whose pixels are arrays');
  });

  test('has no time, filter and reduction', async () => {
    for (const options of [{ time: '2024' }, { filter: 'a < 1' }, { reduce: 'median' as const }])
      await expect(asked(image([byte('a')]), { region, ...options })).rejects.toThrow(
        /^Expected a collection for a dataset with "(time|filter|reduce)"/,
      );
  });

  test('in a system that nobody knows wants a resolution', async () => {
    const sinusoidal = { ...GRID, crsCode: 'SR-ORG:6974' };
    const odd = { asset: { type: 'IMAGE', bands: [{ ...byte('a'), grid: sinusoidal }] } };
    await expect(asked(odd)).rejects.toThrow('Expected a resolution');
    const { grid } = await asked(odd, { region, resolution: 250 });
    expect(grid).toMatchObject({ crs: 'EPSG:32652', resolution: 250 });
  });
});

describe('a collection', () => {
  test('whose images differ has types that hold all, and leaves what some do not have', async () => {
    const first = [byte('a'), byte('only-first'), byte('b')];
    const second = [band('a', { precision: 'INT', range: { min: -5, max: 10 } }), byte('b')];
    const { dtype, bands, notes } = await asked(collectionOf(first, second));
    expect([dtype, bands]).toEqual(['uint8', ['b']]);
    expect(notes?.join('\n')).toContain('Not in all images alike, and not taken: a, only-first.');
    const named = await asked(collectionOf(first, second), { region, bands: ['a', 'only-first'] });
    expect([named.dtype, named.nodata]).toEqual(['int16', -32_768]);
    expect(named.notes?.join('\n')).toContain('Not in all images alike: a, only-first.');
  });

  test('is looked at where and when the dataset is', async () => {
    await asked(collectionOf([byte('a')]), { region, time: '2024/2025', step: '1 month' });
    const url = new URL(server?.seen[1]?.path ?? '', 'http://x');
    expect(url.pathname).toBe('/v1/projects/earthengine-legacy/assets/users/me/asset:listImages');
    const { region: shape, ...query } = Object.fromEntries(url.searchParams);
    expect(query).toEqual({
      ...{ pageSize: '5', view: 'FULL' },
      ...{ startTime: '2024-01-01T00:00:00.000Z', endTime: '2026-01-01T00:00:00.000Z' },
    });
    expect(JSON.parse(shape ?? '').coordinates[0][2]).toEqual([126.6, 72.35]);
  });

  test('without images is told from one without images there', async () => {
    const none = {
      ':listImages': {},
      asset: { type: 'IMAGE_COLLECTION', startTime: '2016-05-01T00:00:00Z' },
    };
    await expect(asked(none, {})).rejects.toThrow(
      'Expected images for the collection users/me/asset but received "none". It is empty.',
    );
    await expect(asked(none, { region, time: '2015' })).rejects.toThrow(
      'Expected images in that time and in that region for the collection users/me/asset but received "none". Choose others. It begins on 2016-05-01.',
    );
  });

  test('whose images may not be listed has the first one computed', async () => {
    const computed = {
      type: 'Image',
      id: 'users/me/asset/first',
      bands: [
        {
          id: 'a',
          data_type: { type: 'PixelType', precision: 'int', min: 0, max: 100 },
          ...{ crs: 'EPSG:32652', crs_transform: [20, 0, 400_000, 0, -20, 8_000_000] },
          dimensions: [200, 100],
        },
      ],
    };
    const replies = {
      ...{ ':listImages': 403, asset: { type: 'IMAGE_COLLECTION' } },
      'value:compute': { result: computed },
    };
    const file = await asked(replies, { region, time: '2024' });
    expect(file).toMatchObject({ dtype: 'uint8', nodata: 255, grid: { resolution: 20 } });
    expect(server?.seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST']);
    expect(JSON.parse(server?.seen[2]?.body ?? '').expression.values[0]).toMatchObject({
      functionInvocationValue: { functionName: 'Collection.first' },
    });
    const empty = { ...replies, 'value:compute': { result: null } };
    await expect(asked(empty)).rejects.toThrow('It is empty.');
  });

  test('without a region wants one, and with steps a time', async () => {
    await expect(asked(collectionOf([byte('a')]), {})).rejects.toThrow(
      /^Expected a region .*--bbox, --roi, --like/,
    );
    await expect(asked(collectionOf([byte('a')]), { region, step: '1 month' })).rejects.toThrow(
      /^Expected a time, such as 2024 or 2024\/2025, for steps of 1 month/,
    );
  });

  test('of classes, by its pyramids, is not averaged to floats', async () => {
    const classes = byte('class', { pyramidingPolicy: 'MODE' });
    const options = { region, reduce: 'median' as const };
    const { dtype, notes } = await asked(collectionOf([classes]), options);
    expect([dtype, notes?.join()]).toEqual(['uint8', expect.stringContaining('reduce by mode')]);
    expect((await asked(collectionOf([byte('value')]), options)).dtype).toBe('float32');
  });

  test('has no mask by a band that its images lack', async () => {
    await expect(asked(collectionOf([byte('a')]), { region, mask: 's2-scl' })).rejects.toThrow(
      'Expected an asset with the band SCL for the mask s2-scl but received "users/me/asset".',
    );
  });
});

describe('what is no image', () => {
  test.each(['TABLE', 'FOLDER', 'CLASSIFIER', undefined])('%s is refused', async (type) => {
    const error = await asked({ asset: type === undefined ? {} : { type } }).catch((e) => e);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain('Expected an image or a collection of images');
  });

  test('an asset that is not there is told with those beside it', async () => {
    const assets = ['users/me/cropland', 'users/me/forest'].map((id) => ({ id }));
    await expect(
      asked({ ':listAssets': { assets } }, { region }, 'users/me/croplands'),
    ).rejects.toThrow('"users/me/croplands". Near it: users/me/cropland.');
    await expect(asked({}, { region }, 'COPERNICUS/S2_SR_HARMONISED')).rejects.toThrow(
      'Near it: COPERNICUS/S2_SR_HARMONIZED.',
    );
    await expect(asked({}, { region }, 'sentinel2-montly')).rejects.toThrow(
      'Near it: sentinel2-monthly',
    );
  });

  test('who may not read it is told so', async () => {
    await expect(asked({ asset: 403 })).rejects.toMatchObject({ kind: 'permission' });
  });

  test.each([
    [{ type: 'IMAGE', bands: 7 }, 'a list of bands'],
    [{ type: 'IMAGE', bands: [{}] }, 'a name for a band'],
    [{ type: 'IMAGE', bands: [{ id: 'a' }] }, 'a precision'],
    [{ type: 'IMAGE', bands: ['a'] }, 'an object'],
  ])('a reply of another form, %j, is told as such', async (asset, what) => {
    const error = await asked({ asset }).catch((e) => e);
    expect(error).toBeInstanceOf(EarthEngineError);
    expect([error.kind, error.message]).toEqual(['wrong-reply', expect.stringContaining(what)]);
  });
});

describe('a Landsat NDVI', () => {
  test('is one of reflectances, because pixels are not proportional to them', async () => {
    const type = { precision: 'INT', range: { max: 65_535 } };
    const replies = {
      ':listImages': { images: [{ id: 'i', bands: [band('SR_B4', type), band('SR_B5', type)] }] },
      T1_L2: { type: 'IMAGE_COLLECTION' },
    };
    const bands = [
      {
        name: 'NDVI',
        scale: 10_000,
        normalizedDifference: ['SR_B5', 'SR_B4'] as [string, string],
      },
    ];
    const file = await asked(replies, { region, bands }, 'LANDSAT/LC08/C02/T1_L2');
    expect(file).toMatchObject({ dtype: 'int16', nodata: -32_768 });
    expect(file.bands[0]).toEqual({
      ...{ name: 'NDVI', scale: 10_000 },
      normalizedDifference: [
        { name: 'SR_B5', scale: 2.75e-5, offset: -0.2 },
        { name: 'SR_B4', scale: 2.75e-5, offset: -0.2 },
      ],
      attributes: {
        ...{ long_name: 'Normalised difference of SR_B5 and SR_B4', units: '1' },
        ...{ scale_factor: 0.0001, add_offset: 0 },
      },
    });
  });
});
