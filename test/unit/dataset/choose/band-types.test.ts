import { describe, expect, test } from 'vitest';
import { composeDataset, type DatasetWishes } from '../../../../src/dataset/choose/compose.js';
import type { SourceAsset } from '../../../../src/dataset/choose/source-asset.js';
import type { PixelDataType } from '../../../../src/dataset/choose/values.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';

const int = (min: number, max: number): PixelDataType => ({
  precision: 'INT',
  min,
  max,
});

const asset = (bands: Readonly<Record<string, PixelDataType>>): SourceAsset => ({
  ...{ id: 'someone/something', kind: 'image', differing: [], images: [] },
  bands: Object.entries(bands).map(([name, type]) => {
    return { name, type, areClasses: false, arrayDimensions: 0 };
  }),
});

const BOX = { west: 12, south: 50, east: 12.1, north: 50.1, crs: parseCrs('EPSG:4326') };
const GRID = { crs: 'EPSG:32633', resolution: 100, region: BOX } as const;

function compose(bands: Readonly<Record<string, PixelDataType>>, wishes: DatasetWishes = {}) {
  const file = composeDataset(asset(bands), { ...GRID, ...wishes }, 48 * 1024 ** 2);
  // What is written is a dataset.
  parseDataset(file);
  const { dtype, nodata, notes = [], bands: entries } = file;
  return { dtype, nodata, bands: entries, notes: notes.join(' ') };
}

const DEM = { precision: 'FLOAT' } as const;

describe('the types that a dataset of an asset has', () => {
  test('are one where all bands need the same', () => {
    const { notes: _, ...looks } = compose({ a: int(1, 9), b: int(0, 200) });
    expect(looks).toEqual({ dtype: 'uint8', nodata: 255, bands: ['a', 'b'] });
  });

  test("are each band's own where they need different ones, with its code and its reason", () => {
    const { notes, ...looks } = compose({ dem: DEM, mask: int(0, 1), slope: int(-90, 90) });
    expect(looks).toEqual({
      dtype: 'float32',
      bands: [
        'dem',
        { name: 'mask', dtype: 'uint8', nodata: 255 },
        { name: 'slope', dtype: 'int8', nodata: -128 },
      ],
    });
    expect(notes).toContain('mask: dtype uint8 for values from 0 to 1. nodata 255');
    expect(notes).toContain('slope: dtype int8 for values from -90 to 90. nodata -128');
  });

  test('of a band whose values take all of it have no code, whatever others have', () => {
    const { notes, ...looks } = compose({ mask: int(1, 9), change: int(-128, 127), dem: DEM });
    expect(looks).toEqual({
      ...{ dtype: 'uint8', nodata: 0 },
      bands: [
        'mask',
        { name: 'change', dtype: 'int8', nodata: null },
        { name: 'dem', dtype: 'float32', nodata: null },
      ],
    });
    expect(notes).toContain('a wider type (--dtype int16)');
  });

  test.each([
    ['a type that is asked for', { dtype: 'int16' }, { dtype: 'int16', nodata: -32_768 }],
    ['a code that not all could hold', { nodata: -9999 }, { dtype: 'int16', nodata: -9999 }],
  ] as const)('are one with %s', (_, wishes, looks) => {
    const found = compose({ mask: int(0, 1), height: int(-500, 9000) }, wishes);
    expect(found).toMatchObject({ ...looks, bands: ['mask', 'height'] });
  });

  test('keep a code that is asked for where each can hold it, and none', () => {
    const bands = { mask: int(0, 1), height: int(-500, 9000) };
    expect(compose(bands, { nodata: 99 })).toMatchObject({
      ...{ dtype: 'uint8', nodata: 99, bands: ['mask', { name: 'height', dtype: 'int16' }] },
    });
    expect(compose(bands, { nodata: null })).toMatchObject({
      ...{ dtype: 'uint8', nodata: undefined, bands: ['mask', { name: 'height', dtype: 'int16' }] },
    });
  });
});
