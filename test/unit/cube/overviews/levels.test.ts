import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { defaultFactors, levelPlaces, reductionOf } from '../../../../src/cube/overviews/levels.js';
import type { Dataset } from '../../../../src/dataset/dataset.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { Grid } from '../../../../src/grid/tiling.js';
import { REDUCTIONS, type Reduction } from '../../../../src/kernel/region/reduce.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import type { DType } from '../../../../src/raster/dtype.js';
import { readBand } from '../../../../src/store/read.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { DATASET } from '../fake-source.js';
import { numberedCube } from '../values/numbered-cube.js';

const { factors: FACTORS, levels: EXPECTED } = JSON.parse(
  readFileSync(new URL('expected.json', import.meta.url), 'utf8'),
) as {
  factors: number[];
  levels: Record<DType, Record<Reduction, Record<string, (number | null)[][]>>>;
};
const FILL: Partial<Record<DType, number>> = { uint8: 0, int16: -9999, uint16: 0 };

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 2 });
});
afterAll(() => pool.close());

async function levelPixels(path: string, factor: number, shape: readonly [number, number]) {
  const session = await (await Repository.open(parseStorage(path))).readSession();
  const [height, width] = shape;
  const whole = { row: 0, col: 0, height, width };
  return Array.from(await readBand(session, `overviews/${factor}/value`, whole));
}

describe.each(Object.keys(EXPECTED) as DType[])('of %s, a level', (dtype) => {
  test.each(REDUCTIONS)(
    'by %s has the numbers of numpy, at gaps, tiles that are not loaded and the border too',
    async (reduction) => {
      const filled = await numberedCube(dtype, { name: reduction === 'mode' ? 'c.zarr' : 'c' });
      onTestFinished(() => filled.remove());
      // Of one factor no cell lies in one tile alone, nor in one piece.
      const threads = reduction === 'near' ? undefined : pool;
      await filled.cube.updateOverviews({ factors: FACTORS, reduction, pool: threads });
      for (const [factor, rows] of Object.entries(EXPECTED[dtype][reduction])) {
        const shape = [rows.length, (rows[0] ?? []).length] as const;
        const wanted = rows.flat().map((value) => value ?? FILL[dtype] ?? Number.NaN);
        expect(await levelPixels(filled.path, Number(factor), shape)).toEqual(wanted);
      }
    },
  );
});

test('a level says where it lies, and what it is made of', async () => {
  const filled = await numberedCube('uint8');
  onTestFinished(() => filled.remove());
  const { cube } = filled;
  expect(await cube.levels()).toEqual([]);
  await cube.updateOverviews({ factors: [7, 2] });
  const levels = await cube.levels();
  expect(levels.map(({ factor, path, chunk }) => ({ factor, path, chunk }))).toEqual([
    { factor: 2, path: 'overviews/2', chunk: [20, 30] },
    { factor: 7, path: 'overviews/7', chunk: [20, 30] },
  ]);
  expect(levels[1]?.geobox.shape).toEqual({ height: 9, width: 12 });
  expect(levels[1]?.geobox.affine).toEqual([7e4, 0, -1e6, 0, -7e4, -2e6]);
  expect(levels[1]?.reductions).toEqual(new Map([['value', 'average']]));
});

function grid(height: number, width: number, chunk: number): Grid {
  const geobox = GeoBox.fromRecord({
    crs: parseCrs('EPSG:3413').definition as string,
    shape: [height, width],
    affine: [30, 0, 0, 0, -30, 0],
  });
  return new Grid(geobox, { height: chunk, width: chunk });
}

test.each([
  [[40_000, 500_000], 3600, [2, 4, 8, 16, 48, 144, 720]],
  [[40_000, 50_000], 256, [2, 4, 8, 16, 32, 64, 128]],
  [[4000, 4000], 1000, [2, 4, 8]],
  [[100, 100], 7, [2]],
])(
  'the levels of %j pixels in tiles of %d are of factors that divide it, as far as there are',
  (shape, chunk, factors) => {
    const [height = 0, width = 0] = shape;
    expect(defaultFactors(grid(height, width, chunk))).toEqual(factors);
  },
);

test.each([
  [3600, 450],
  [1000, 500],
  [256, 256],
  [1021, 512],
])('the chunks of levels of tiles of %d pixels are of %d', (chunk, side) => {
  const [level] = levelPlaces({ factors: [2] }, grid(40_000, 40_000, chunk));
  expect(level?.chunk).toEqual([side, side]);
});

test.each([
  ['average', {}, {}],
  ['mode', {}, { flag_meanings: 'water land' }],
  ['near', {}, { flag_masks: '1, 2, 4' }],
  ['mode', { processing: { ...DATASET.processing, resampling: 'mode' } }, {}],
  ['average', { dtype: 'float32' }, { flag_values: '1, 2' }],
] as const)(
  'a level is made by %s where dataset and band say %j and %j',
  (reduction, dataset, attributes) => {
    const whole = { ...DATASET, ...dataset } as Dataset;
    expect(reductionOf(whole, { name: 'one', attributes })).toBe(reduction);
  },
);

test.each([
  [{ factors: [1] }, /whole numbers from 2 to 2048 for the factors of overviews but received 1\./],
  [{ factors: [] }, /for the factors of overviews but received "none"\./],
  [
    { reduction: { other: 'mode' } },
    /one of value for a band of the overviews but received "other"/,
  ],
  [{ reduction: 'median' }, /near, average, mode for the overviews of value but received "median"/],
])('overviews of %j are refused', async (settings, said) => {
  const filled = await numberedCube('uint8');
  onTestFinished(() => filled.remove());
  await expect(filled.cube.updateOverviews(settings as never)).rejects.toThrow(said);
  expect(await filled.cube.levels()).toEqual([]);
});
