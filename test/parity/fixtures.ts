import { readFileSync } from 'node:fs';
import { fromBytes, type PixelArray, type WorkType } from '../../src/raster/dtype.js';

interface SavedArray {
  readonly offset: number;
  readonly dtype: WorkType;
  readonly shape: readonly [number, number];
}

interface SavedGrid {
  readonly crs: string;
  readonly affine: readonly [number, number, number, number, number, number];
  readonly shape: readonly [number, number];
}

interface Index {
  readonly nearest: readonly { name: string; source: SavedArray; filled: SavedArray }[];
  readonly idw: readonly {
    name: string;
    distance: number;
    source: SavedArray;
    mask: SavedArray;
    filled: SavedArray;
    reached: SavedArray;
  }[];
  readonly warp: readonly {
    name: string;
    resampling: 'near' | 'bilinear' | 'average';
    from: SavedGrid;
    to: SavedGrid;
    source: SavedArray;
    warped: SavedArray;
  }[];
}

const folder = new URL('./fixtures/', import.meta.url);
const arrays = new Uint8Array(readFileSync(new URL('arrays.bin', folder)));

/** What make-fixtures.py computed; the command is in its head. */
export const FIXTURES = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as Index;

export function read({ offset, dtype, shape: [height, width] }: SavedArray): PixelArray {
  const size = { uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, float64: 8 }[
    dtype
  ];
  return fromBytes(dtype, arrays.slice(offset, offset + height * width * size));
}
