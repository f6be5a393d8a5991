import { describe, expect, test } from 'vitest';
import { checkReply, type ExpectedReply } from '../../../src/earth-engine/check-reply.js';
import { EarthEngineError } from '../../../src/errors.js';
import { toGeoTransform } from '../../../src/grid/affine.js';
import { parseCrs } from '../../../src/grid/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { loadGdal, uniqueName } from '../../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../../src/kernel/gdal/raw-dataset.js';
import type { DType } from '../../../src/raster/dtype.js';

const GEOBOX = new GeoBox(
  parseCrs('EPSG:3031'),
  { height: 40, width: 60 },
  [100, 0, -3000, 0, -100, 2000],
);

const WANTED: ExpectedReply = {
  request: {
    window: { row: 0, col: 0, height: 40, width: 60 },
    geobox: GEOBOX.toRecord(),
    bands: [0, 1],
    bytes: 0,
  },
  bands: 2,
  dtype: 'int16',
};

interface Tiff {
  readonly geobox?: GeoBox;
  readonly bands?: number;
  readonly dtype?: DType;
  readonly options?: string[];
}

function tiff({
  geobox = GEOBOX,
  bands = 2,
  dtype = 'int16',
  options = [],
}: Tiff = {}): Uint8Array<ArrayBuffer> {
  const gdal = loadGdal();
  const name = uniqueName('.tif');
  const dataset = gdal.drivers
    .get('GTiff')
    .create(name, geobox.width, geobox.height, bands, GDAL_TYPES[dtype], options);
  dataset.geoTransform = [...toGeoTransform(geobox.affine)];
  dataset.srs = gdal.SpatialReference.fromEPSG(geobox.crs.epsg ?? 0);
  dataset.bands.forEach((band) => {
    band.fill(7);
  });
  dataset.close();
  return new Uint8Array(gdal.vsimem.release(name));
}

const check = (bytes: Uint8Array<ArrayBuffer>, contentType = 'image/tiff') =>
  checkReply({ bytes, contentType }, WANTED);

async function refusal(
  bytes: Uint8Array<ArrayBuffer>,
  contentType?: string,
): Promise<EarthEngineError> {
  const error = await check(bytes, contentType).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EarthEngineError);
  return error as EarthEngineError;
}

describe('a reply', () => {
  test.each([
    ['striped', []],
    ['tiled', ['TILED=YES', 'BLOCKXSIZE=16', 'BLOCKYSIZE=16']],
    ['deflated', ['COMPRESS=DEFLATE']],
    ['band by band', ['INTERLEAVE=BAND']],
    ['BigTIFF', ['BIGTIFF=YES']],
  ])('with the pixels asked for passes, %s', async (_, options) => {
    await expect(check(tiff({ options }))).resolves.toBeUndefined();
  });

  test.each<[string, Tiff, RegExp]>([
    [
      'another size',
      { geobox: GEOBOX.pad(1) },
      /Expected 60 x 40 pixels for the reply but received 62 x 42/,
    ],
    ['another number of bands', { bands: 3 }, /Expected 2 bands for the reply but received 3/],
    ['another type', { dtype: 'uint16' }, /Expected int16 pixels/],
    [
      'a grid that is shifted by half a pixel',
      { geobox: new GeoBox(GEOBOX.crs, GEOBOX.shape, [100, 0, -2950, 0, -100, 2000]) },
      /Expected the transform/,
    ],
    [
      'another CRS',
      { geobox: new GeoBox(parseCrs('EPSG:3413'), GEOBOX.shape, GEOBOX.affine) },
      /Expected EPSG:3031 for the reply but received EPSG:3413/,
    ],
  ])('with %s is refused, and worth another try', async (_, what, message) => {
    const error = await refusal(tiff(what));
    expect(error.message).toMatch(message);
    expect(error.kind).toBe('transient');
  });

  test('cut anywhere is refused, and worth another try', async () => {
    const whole = tiff();
    for (let length = 0; length < whole.length; length += 97) {
      expect(
        (await refusal(whole.slice(0, length))).kind,
        `cut to ${length} of ${whole.length} bytes`,
      ).toBe('transient');
    }
    expect((await refusal(whole.slice(0, -1))).kind).toBe('transient');
  });

  test('cut in memory that holds the rest of an earlier one is refused as well', async () => {
    // GDAL writes the directory last where pixels are compressed: all of it lies behind the cut.
    for (const options of [[], ['COMPRESS=DEFLATE']]) {
      const whole = tiff({ options });
      for (let length = 0; length < whole.length; length += 97)
        expect((await refusal(whole.subarray(0, length))).kind, `${length}`).toBe('transient');
    }
  });

  test("of JSON is the service's own error", async () => {
    const body = new TextEncoder().encode(
      JSON.stringify({ error: { code: 400, message: 'User memory limit exceeded.' } }),
    );
    expect(await refusal(new Uint8Array(body), 'application/json; charset=UTF-8')).toMatchObject({
      kind: 'too-large',
    });
  });

  test('of something else is refused, with its type', async () => {
    expect((await refusal(new Uint8Array([60, 104, 116, 109, 108]), 'text/html')).message).toMatch(
      /5 bytes that begin otherwise, called text\/html/,
    );
  });
});

test('a reply placed by a ModelTransformation is taken', async () => {
  // GDAL writes the matrix as soon as there is shear, however little.
  const affine = [100, 1e-12, -3000, 0, -100, 2000] as const;
  const geobox = new GeoBox(GEOBOX.crs, { height: 40, width: 60 }, affine);
  const bytes = tiff({ geobox });
  const entry = Buffer.from([0xd8, 0x85, 12, 0, 16, 0, 0, 0]);
  expect(Buffer.from(bytes).includes(entry)).toBe(true);
  await expect(check(bytes)).resolves.toBeUndefined();
});
