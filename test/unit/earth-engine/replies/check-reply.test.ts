import { describe, expect, test } from 'vitest';
import { checkReply, type ExpectedReply } from '../../../../src/earth-engine/check-reply.js';
import { EarthEngineError } from '../../../../src/errors.js';
import { toGeoTransform } from '../../../../src/grid/affine.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { loadGdal, uniqueName } from '../../../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../../../src/kernel/gdal/raw-dataset.js';
import type { WorkType } from '../../../../src/raster/dtype.js';

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
  readonly dtype?: WorkType;
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
    ['big-endian in many strips', ['ENDIANNESS=BIG', 'BLOCKYSIZE=8']],
    ['big-endian in many tiles', ['ENDIANNESS=BIG', 'TILED=YES', 'BLOCKXSIZE=16', 'BLOCKYSIZE=16']],
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

  test.each<[string, string, string, RegExp]>([
    [
      'a web page, with its title',
      '<html><title>Log in\nto the network</title>',
      'text/html',
      /received a web page "Log in to the network", called text\/html\. .* a proxy, or a network that wants a login/,
    ],
    [
      'a page that is called pixels',
      '<!DOCTYPE html>',
      'image/tiff',
      /a web page, called image\/tiff/,
    ],
    [
      'JSON that is no error',
      '{"a":1}',
      'application/json',
      /JSON without an error of the service/,
    ],
    ['JSON that is called nothing', ' [1]', '', /JSON without an error .* called nothing/],
    [
      'another format',
      '\x93NUMPY..',
      'image/tiff',
      /9 bytes that begin otherwise, called image\/tiff/,
    ],
    ['no bytes', '', 'image/tiff', /0 bytes that begin otherwise/],
  ])('of something else is refused, with what it is: %s', async (_, text, type, message) => {
    const error = await refusal(new Uint8Array(Buffer.from(text, 'utf8')), type);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ kind: 'transient', mismatch: expect.any(String) });
  });

  test('that does not fit is the same as another where the same came, and else is not', async () => {
    const mismatches = async (...replies: Uint8Array<ArrayBuffer>[]) =>
      Promise.all(replies.map(async (reply) => (await refusal(reply)).mismatch));
    for (const one of [tiff({ bands: 3 }), tiff().slice(0, -1), tiff().slice(0, 12)]) {
      const [first, second] = await mismatches(one, one.slice());
      expect(first).toBeDefined();
      expect(second).toBe(first);
    }
    const others = [
      tiff({ bands: 4 }),
      tiff().slice(0, -2),
      tiff().slice(0, 13),
      tiff({ bands: 3 }),
    ];
    expect(new Set(await mismatches(...others)).size).toBe(others.length);
  });

  test('of a page is the same whatever the page says of its time', async () => {
    const pages = ['<html>09:00:01, request 4711', '<html>09:00:02'];
    const [one, other] = await Promise.all(
      pages.map((page) => refusal(new Uint8Array(Buffer.from(page)), 'text/html')),
    );
    expect(one?.mismatch).toBe(other?.mismatch);
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
