import { describe, expect, test } from 'vitest';
import { toGeoTransform } from '../../../src/grid/affine.js';
import { affineOfTags, type GeoreferencingTags } from '../../../src/grid/georeferencing.js';
import { loadGdal, uniqueName } from '../../../src/kernel/gdal/load.js';

/** A little-endian TIFF of one pixel with just these tags. */
function tiffOf({ scale, tiepoints, matrix, pixelIsPoint }: GeoreferencingTags): Buffer {
  const doubles = (
    [
      [33550, scale],
      [33922, tiepoints],
      [34264, matrix],
    ] as const
  ).flatMap(([tag, values]) => (values === undefined ? [] : [[tag, Array.from(values)] as const]));
  const keys = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, pixelIsPoint ? 2 : 1, 3072, 0, 1, 32631];
  const count = 9 + doubles.length + 1;
  let end = 8 + 2 + count * 12 + 4;
  const file = Buffer.alloc(2000);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(count, 8);
  let at = 10;
  const entry = (tag: number, type: number, n: number, value: number) => {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(n, at + 4);
    file.writeUInt32LE(value, at + 8);
    at += 12;
  };
  const short = [
    [256, 1],
    [257, 1],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 1900],
    [277, 1],
    [278, 1],
    [279, 1],
  ];
  for (const [tag, value] of short) entry(tag as number, 3, 1, value as number);
  for (const [tag, values] of doubles) {
    entry(tag, 12, values.length, end);
    for (const value of values) end = file.writeDoubleLE(value, end);
  }
  entry(34735, 3, keys.length, end);
  for (const key of keys) end = file.writeUInt16LE(key, end);
  return file;
}

const TIE = [0, 0, 0, 500000, 4600000, 0];
const MATRIX = [30, 0, 0, 400000, 0, -30, 0, 4500000, 0, 0, 0, 0, 0, 0, 0, 1];
const LAYOUTS: Record<string, Omit<GeoreferencingTags, 'pixelIsPoint'>> = {
  'tie point and scale': { scale: [10, 20, 0], tiepoints: TIE },
  'a tie point elsewhere': { scale: [10, 20, 0], tiepoints: [3, 7, 0, 500000, 4600000, 0] },
  'a negative scale': { scale: [10, -20, 0], tiepoints: TIE },
  'a matrix': { matrix: MATRIX },
  'a rotated matrix': { matrix: [30, 5, 0, 400000, -4, -30, 0, 4500000, 0, 0, 1, 9, 0, 0, 0, 1] },
  'a matrix that points up': { matrix: MATRIX.with(5, 30) },
  both: { scale: [10, 20, 0], tiepoints: TIE, matrix: MATRIX },
  'a scale of zero and a matrix': { scale: [0, 0, 0], tiepoints: TIE, matrix: MATRIX },
};

describe.each(Object.entries(LAYOUTS))('a GeoTIFF with %s', (_, layout) => {
  test.each([false, true])('lies where GDAL says, PixelIsPoint %s', (pixelIsPoint) => {
    const tags = { ...layout, pixelIsPoint };
    const file = tiffOf(tags);
    const gdal = loadGdal();
    const name = uniqueName('.tif');
    gdal.vsimem.set(file, name);
    const dataset = gdal.open(name);
    const placed = dataset.geoTransform;
    dataset.close();
    gdal.vsimem.release(name);
    const affine = affineOfTags(tags);
    expect(affine && toGeoTransform(affine)).toEqual(placed);
  });
});

test('numbers that are not finite place nothing', () => {
  const matrix = MATRIX.with(3, Number.NaN);
  expect(affineOfTags({ matrix, pixelIsPoint: false })).toBeUndefined();
});
