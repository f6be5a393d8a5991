import { fromArrayBuffer } from 'geotiff';
import { describe, expect, test } from 'vitest';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { encodeGeoTiff } from '../../../../src/loopback/image/geotiff.js';
import { parseReplyFormat } from '../../../../src/loopback/reply-format/words.js';
import { inFormat } from '../../../../src/loopback/reply-format/write.js';
import { allocate, WORK_TYPES, type WorkType } from '../../../../src/raster/dtype.js';
import { ask, withServer } from '../faults/support.js';
import { readTiff } from '../support.js';

const BOX = GeoBox.fromRecord({
  crs: 'EPSG:32631',
  shape: [21, 37],
  affine: [30, 0, 500_010, 0, -30, 4_600_020],
});

function plain(dtype: WorkType, box = BOX): Uint8Array {
  const bands = [0, 1, 2].map((band) => {
    const pixels = allocate(dtype, box.width * box.height);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 7 + band * 31) % 127;
    return pixels;
  });
  return encodeGeoTiff(box, bands, dtype);
}

/** Tags of the first image, as geotiff.js has them. */
async function tagsOf(bytes: Uint8Array) {
  const file = await fromArrayBuffer(Uint8Array.from(bytes).buffer);
  const image = await file.getImage();
  const directory = image.fileDirectory;
  const names = ['ModelPixelScale', 'ModelTiepoint', 'ModelTransformation', 'GDAL_NODATA'] as const;
  const loaded = await Promise.all(
    [...names, 'Compression', 'Predictor', 'PlanarConfiguration', 'TileWidth', 'RowsPerStrip'].map(
      async (name) => {
        const value: unknown = await directory.loadValue(name as 'Compression');
        return [name, typeof value === 'object' ? Array.from(value as number[]) : value] as const;
      },
    ),
  );
  return {
    ...Object.fromEntries(loaded.filter(([, value]) => value !== undefined)),
    isPoint: image.getGeoKeys()?.GTRasterTypeGeoKey === 2,
    isBigTiff: file.bigTiff,
    isLittleEndian: file.littleEndian,
  };
}

describe('a GeoTIFF in another form', () => {
  test.each([
    ['tiepoint', { ModelPixelScale: [30, 30, 0], ModelTiepoint: [0, 0, 0, 500_010, 4_600_020, 0] }],
    ['point', { ModelTiepoint: [0, 0, 0, 500_025, 4_600_005, 0], isPoint: true }],
    ['matrix', { ModelTransformation: matrix(500_010, 4_600_020), isPoint: false }],
    ['matrix,point', { ModelTransformation: matrix(500_025, 4_600_005), isPoint: true }],
    [
      'tiepoints',
      {
        ModelTiepoint: [
          ...[0, 0, 0, 500_010, 4_600_020, 0, 37, 0, 0, 501_120, 4_600_020, 0],
          ...[0, 21, 0, 500_010, 4_599_390, 0, 37, 21, 0, 501_120, 4_599_390, 0],
        ],
      },
    ],
    ['striped=4', { RowsPerStrip: 4 }],
    ['tiled=16', { TileWidth: 16 }],
    ['uncompressed', { Compression: 1 }],
    ['none,band-interleaved', { Compression: 1, PlanarConfiguration: 2 }],
    ['deflate', { Compression: 8 }],
    ['lzw,predictor=2', { Compression: 5, Predictor: 2 }],
    ['packbits,pixel-interleaved', { Compression: 32_773, PlanarConfiguration: 1 }],
    ['bigtiff', { isBigTiff: true, isLittleEndian: true }],
    ['big-endian', { isBigTiff: false, isLittleEndian: false }],
    ['nodata=-9999', { GDAL_NODATA: '-9999\0' }],
    ['nodata=nan,bigtiff', { GDAL_NODATA: 'nan\0' }],
  ])('has the tags that %s asks for', async (words, tags) => {
    const bytes = inFormat(plain('uint8'), parseReplyFormat(words));
    expect(await tagsOf(bytes)).toMatchObject(tags);
  });

  function matrix(x: number, y: number): number[] {
    return [30, 0, 0, x, 0, -30, 0, y, 0, 0, 0, 0, 0, 0, 0, 1];
  }

  test('has a matrix or a scale, never both, and no nodata tag where none is asked for', async () => {
    const marked = inFormat(plain('int16'), parseReplyFormat('nodata=5'));
    const tags = await tagsOf(inFormat(marked, parseReplyFormat('matrix,nodata=none')));
    expect(Object.keys(tags)).not.toContain('ModelPixelScale');
    expect(Object.keys(tags)).not.toContain('ModelTiepoint');
    expect(Object.keys(tags)).not.toContain('GDAL_NODATA');
  });

  const CHANCE = ['matrix', 'matrix,point', 'tiepoints', 'tiepoints,point', 'tiepoint,point'];
  const REST = [
    ...['tiled=16,lzw', 'tiled,deflate,predictor=2,bigtiff', 'striped=5,packbits'],
    ...['pixel-interleaved,big-endian,tiled=32', 'big-endian,bigtiff,lzw,predictor=2'],
    'nodata=300',
  ];
  test.each(WORK_TYPES)('of %s pixels is, to GDAL, the same pixels at the same place', (dtype) => {
    const bytes = plain(dtype);
    const wanted = readTiff(bytes);
    for (const placement of CHANCE)
      for (const rest of [...REST, ...(dtype.startsWith('float') ? ['lzw,predictor=3'] : [])]) {
        const words = `${placement},${rest}`;
        expect(readTiff(inFormat(bytes, parseReplyFormat(words))), words).toEqual(wanted);
      }
  });

  test('can be turned, by its matrix alone', () => {
    const turned = GeoBox.fromRecord({ ...BOX.toRecord(), affine: [30, 5, 5e5, -4, -30, 4.6e6] });
    const bytes = plain('uint8', turned);
    expect(readTiff(inFormat(bytes, parseReplyFormat('matrix,point')))).toEqual(readTiff(bytes));
    expect(() => inFormat(bytes, parseReplyFormat('tiepoints'))).toThrow(/north up/);
  });
});

describe('a server', () => {
  test('answers every request in its form, wrong pixels too, and single ones in another', async () => {
    const clean = await withServer({}, (server) => ask(server));
    const faults = {
      rules: [
        { kind: 'format', format: 'big-endian', requests: [2] },
        { kind: 'wrong-crs', requests: [3] },
        { kind: 'wrong-crs', crs: 'EPSG:3857', requests: [4] },
      ],
    } as const;
    await withServer(
      { rules: faults.rules.map((rule) => ({ ...rule, requests: [...rule.requests] })) },
      async (server) => {
        const [first, second, third, fourth] = [
          (await ask(server)).body,
          (await ask(server)).body,
          (await ask(server)).body,
          (await ask(server)).body,
        ];
        expect(readTiff(first)).toEqual(readTiff(clean.body));
        expect(readTiff(second)).toEqual(readTiff(clean.body));
        expect(await tagsOf(first)).toMatchObject({ isBigTiff: true, Compression: 5 });
        expect(await tagsOf(second)).toMatchObject({ isLittleEndian: false, Compression: 1 });
        expect(await tagsOf(third)).toMatchObject({ isBigTiff: true, Compression: 5 });
        expect(readTiff(third).bands).toEqual(readTiff(clean.body).bands);
        expect(readTiff(third).wkt).toContain('"NAD83"');
        expect(readTiff(fourth).wkt).toContain('Pseudo-Mercator');
        expect(server.requests).toMatchObject({ served: 2, faults: { format: 1, 'wrong-crs': 2 } });
      },
      { replyFormat: 'bigtiff,lzw,matrix' },
    );
  });

  test('refuses pixels that cannot take its form', () =>
    withServer(
      {},
      async (server) => {
        const { status, body } = await ask(server);
        expect(status).toBe(400);
        expect(new TextDecoder().decode(body)).toContain('Expected floats for predictor=3');
      },
      { replyFormat: 'lzw,predictor=3' },
    ));
});
