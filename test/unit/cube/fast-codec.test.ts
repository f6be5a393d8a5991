import { describe, expect, test } from 'vitest';
import * as zarr from 'zarrita';
import type { DatasetFile } from '../../../src/dataset/file/dataset-file.js';
import { createPool } from '../../../src/pool/pool.js';
import { filledCube } from './filled-cube.js';

/** Fine detail on a slope: something for either shuffle, and no two rows alike. */
const valueAt = (band: number, row: number, col: number) => (band * 50 + row * 3 + (col % 7)) % 251;

describe.each(['uint8', 'int16', 'float32', 'float64'] as const)(
  'a cube of %s with the codec "fast"',
  (dtype) => {
    const file: DatasetFile = {
      title: 'fast',
      image: 'users/me/fast',
      bands: ['a', 'b'],
      dtype,
      grid: { crs: 'EPSG:4326', bounds: [0, 0, 90, 60], resolution: 1, chunk: 40 },
      codec: 'fast',
    };
    const wanted = (band: number) =>
      Array.from({ length: 60 * 90 }, (_, i) => valueAt(band, Math.floor(i / 90), i % 90));

    test('is read by zarrita, whose Blosc is not ours, and by both kernels, as it was written', async () => {
      const { cube, remove } = await filledCube(file, valueAt);
      try {
        const { arrays } = await cube.openZarr<
          zarr.Group<zarr.AsyncReadable>,
          zarr.Array<zarr.DataType, zarr.AsyncReadable>
        >();
        for (const [i, name] of ['a', 'b'].entries()) {
          const array = arrays.get(name);
          if (array === undefined) throw new Error(`there is no band ${name}`);
          const { data } = await zarr.get(array);
          expect([...(data as Uint8Array)]).toEqual(wanted(i));
        }
        for (const kernel of ['gdal', 'js'] as const) {
          const pool = createPool({ size: 0, kernel });
          try {
            const region = await cube.load(cube.grid.geobox, { pool });
            expect([...(region.bands.get('b') ?? [])]).toEqual(wanted(1));
          } finally {
            await pool.close();
          }
        }
      } finally {
        remove();
      }
    });
  },
);
