import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cube } from '../../../../src/cube/cube.js';
import type { Region } from '../../../../src/cube/read/load.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import type { FilledCube } from '../filled-cube.js';
import { numberedCube } from '../values/numbered-cube.js';

let filled: FilledCube;
let cube: Cube;
let pool: Pool;
beforeAll(async () => {
  pool = createPool({ size: 2 });
  filled = await numberedCube('float32');
  cube = filled.cube;
  await cube.updateOverviews({ pool, factors: [2, 4] });
});
afterAll(async () => {
  await pool.close();
  filled.remove();
});

const pixels = ({ bands }: Region) => Array.from(bands.get('value') ?? []);
const coarser = (factor: number) => {
  const { affine, height, width } = cube.grid.geobox;
  return GeoBox.fromRecord({
    ...cube.grid.geobox.toRecord(),
    shape: [Math.ceil(height / factor), Math.ceil(width / factor)],
    affine: affine.map((each, i) => (i % 3 === 2 ? each : each * factor)) as never,
  });
};

test.each([2, 4])(
  'a load onto the grid of level %d gives its pixels, which are the averages that the bands give',
  async (factor) => {
    const like = coarser(factor);
    const how = { like, pool, resampling: 'average' } as const;
    const fast = await cube.load(cube.grid.geobox, { ...how, overviews: 'auto' });
    const slow = await cube.load(cube.grid.geobox, how);
    expect([fast.overview, slow.overview]).toEqual([factor, undefined]);
    expect(pixels(fast)).toEqual(pixels(slow));
    expect(fast.missingTiles).toBe(slow.missingTiles);
  },
);

test.each([
  [1, undefined],
  [1.9, undefined],
  [2.5, 2],
  [3.8, 2],
  [4, 4],
  [20, 4],
])('a grid %d times as coarse as the cube is made of the level %s', async (factor, level) => {
  const { overview } = await cube.load(coarser(factor), {
    ...{ pool, like: coarser(factor), resampling: 'average', overviews: 'auto' },
  });
  expect(overview).toBe(level);
});

test.each([
  ['near', 4],
  ['bilinear', 4],
  ['cubic', 4],
  ['mode', undefined],
] as const)('by %s, a level of averages is read as %s', async (resampling, level) => {
  const like = coarser(5);
  const how = { like, pool, resampling } as const;
  const { overview, ...rest } = await cube.load(like, { ...how, overviews: 'auto' });
  expect(overview).toBe(level);
  if (level === undefined) expect(rest).toEqual(await cube.load(like, how));
});

test('without a word the bands are read, on a grid of another CRS too', async () => {
  const like = cube.grid.geobox.toCrs('EPSG:3995', { resolution: 50_000 });
  const [plain, auto] = [
    await cube.load(like, { like, pool }),
    await cube.load(like, { like, pool, overviews: 'auto' }),
  ];
  expect([plain.overview, auto.overview]).toEqual([undefined, 4]);
  expect(auto.geobox.equals(plain.geobox)).toBe(true);
});

test('where a tile of the region was taken out since, the bands are read, elsewhere the level', async () => {
  const [tile] = await cube.tileStates(cube.grid.geobox);
  const other = await numberedCube('float32');
  try {
    await other.cube.updateOverviews({ pool, factors: [2, 4] });
    await other.cube.drop(['0-0']);
    const load = async (roi: GeoBox) =>
      (
        await other.cube.load(roi, {
          like: coarser(4),
          pool,
          resampling: 'average',
          overviews: 'auto',
        })
      ).overview;
    expect(tile).toMatchObject({ row: 0, col: 0 });
    expect(await load(cube.grid.tileGeoBox({ row: 0, col: 0 }))).toBeUndefined();
    expect(await load(cube.grid.tileGeoBox({ row: 2, col: 2 }))).toBe(4);
  } finally {
    other.remove();
  }
});

test('of integers without a code for "no value", a level is masked where no loaded tile touches a cell', async () => {
  const other = await numberedCube('uint16');
  try {
    await other.cube.updateOverviews({ pool, factors: [4] });
    const how = { like: coarser(4), pool, resampling: 'average' } as const;
    const whole = other.cube.grid.geobox;
    const fast = await other.cube.load(whole, { ...how, overviews: 'auto' });
    const slow = await other.cube.load(whole, how);
    expect([fast.overview, slow.overview]).toEqual([4, undefined]);
    expect(fast.mask?.includes(0)).toBe(true);
    expect(Array.from(fast.mask ?? [])).toEqual(Array.from(slow.mask ?? []));
    expect(pixels(fast)).toEqual(pixels(slow));
  } finally {
    other.remove();
  }
});
