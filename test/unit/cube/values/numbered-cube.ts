/** Cubes of known pixels, which make-fixtures.py has too. */
import type { DatasetFile } from '../../../../src/dataset/file/dataset-file.js';
import type { DType } from '../../../../src/raster/dtype.js';
import { type FilledCube, filledCube } from '../filled-cube.js';

export const [HEIGHT, WIDTH] = [61, 83];

const NODATA: Partial<Record<DType, number>> = { uint8: 0, int16: -9999, int32: -1, uint32: 7 };

export function numberAt(dtype: DType, row: number, col: number): number {
  const number = (row * 7919 + col * 104729 + row * col * 31) % 65521;
  switch (dtype) {
    case 'uint8':
      return number % 256;
    case 'int16':
      return number % 11 === 0 ? -9999 : number - 32760;
    case 'uint16':
      return number;
    case 'int32':
      return number % 7 === 0 ? -1 : number * 32768 - 1073741824;
    case 'uint32':
      return number % 7 === 0 ? 7 : number * 65535;
    default:
      if (number % 13 === 0) return Number.NaN;
      return ((number - 30000) / 7) * (number % 2 === 0 ? 1e-3 : 1e5);
  }
}

export const POLAR = { crs: 'EPSG:3413', bounds: [-1e6, -2.61e6, -0.17e6, -2e6] } as const;

/** A cube of {@link HEIGHT} x {@link WIDTH} pixels in tiles of 20 x 30, every fourth of which is not loaded, unless all are. */
export function numberedCube(
  dtype: DType,
  {
    place = POLAR as Pick<DatasetFile['grid'] & object, 'crs' | 'bounds'>,
    shape = [HEIGHT, WIDTH] as const,
    isWhole = false,
    name = 'cube',
    attributes,
  }: {
    place?: object;
    shape?: readonly [number, number];
    isWhole?: boolean;
    name?: string;
    attributes?: Record<string, string | number>;
  } = {},
): Promise<FilledCube> {
  const nodata = NODATA[dtype];
  const file = {
    title: 'numbered',
    local: true,
    bands: [{ name: 'value', ...(attributes === undefined ? {} : { attributes }) }],
    dtype,
    ...(nodata === undefined ? {} : { nodata }),
    grid: { ...place, shape, chunk: [20, 30] },
  } as unknown as DatasetFile;
  return filledCube(file, (_, row, col) => numberAt(dtype, row, col), {
    isLoaded: ({ row, col }) => isWhole || (row + col) % 4 !== 3,
    name,
  });
}
