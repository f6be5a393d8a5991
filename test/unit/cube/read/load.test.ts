import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cube } from '../../../../src/cube/cube.js';
import type { Region } from '../../../../src/cube/read/load.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { apply } from '../../../../src/grid/affine.js';
import { parseCrs, transformer } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { type FilledCube, filledCube } from '../filled-cube.js';

const ROWS = 120;
const COLS = 360;

/** The whole earth by degrees (latitudes -60 to 60) in tiles of 50 x 70: the last row and column are cut. */
const WORLD = {
  title: 'world',
  image: 'users/me/world',
  bands: ['a', 'b'],
  dtype: 'int16' as const,
  nodata: -1,
  grid: {
    crs: 'EPSG:4326',
    bounds: [-180, -60, 180, 60] as [number, number, number, number],
    resolution: 1,
    chunk: [50, 70] as [number, number],
  },
};
const valueAt = (band: number, row: number, col: number) =>
  band * 10_000 + row * 20 + (col % 20) + 1;

let filled: FilledCube;
let cube: Cube;
let pool: Pool;
beforeAll(async () => {
  filled = await filledCube(WORLD, valueAt, {
    isLoaded: ({ row, col }) => !(row === 1 && col === 2),
  });
  cube = filled.cube;
  pool = createPool({ size: 2 });
  await pool.ready();
});
afterAll(async () => {
  await pool.close();
  filled.remove();
});

const box = (text: string) => parseBoundingBox(text);
const isMissing = (row: number, col: number) =>
  Math.floor(row / 50) === 1 && Math.floor(col / 70) === 2;
const truth = (band: number, row: number, col: number) =>
  isMissing(row, col) ? -1 : valueAt(band, row, col);

/** What a region on the cube's own grid must hold; columns count on around the earth. */
function expectRegion(region: Region, row: number, col: number, height: number, width: number) {
  expect(region.geobox.shape).toEqual({ height, width });
  expect(region.geobox.bounds).toEqual({
    west: col - 180,
    east: col - 180 + width,
    north: 60 - row,
    south: 60 - row - height,
  });
  for (const [band, name] of ['a', 'b'].entries()) {
    const pixels = region.bands.get(name);
    if (pixels === undefined) continue;
    const wanted = Array.from({ length: height * width }, (_, i) =>
      truth(band, row + Math.floor(i / width), (((col + (i % width)) % COLS) + COLS) % COLS),
    );
    expect([...pixels]).toEqual(wanted);
  }
}

test.each([
  ['beside the missing one, up to its edge', 30, 0],
  ['reaching into the missing one', 28, 1],
  ['beside it, counted on around the earth', 390, 0],
  ['reaching into it, counted on around the earth', 388, 1],
] as const)(
  'on another grid tiles are counted that its pixels lie in: %s',
  async (_, west, missing) => {
    const like = new GeoBox(parseCrs('EPSG:4326'), { height: 20, width: 10 }, [
      2,
      0,
      west,
      0,
      -2,
      8,
    ]);
    for (const resampling of ['near', 'cubic'] as const) {
      const region = await cube.load(like, { resampling });
      expect(region.missingTiles).toBe(missing);
      expect([...(region.bands.get('a') ?? [])].includes(-1)).toBe(missing > 0);
    }
  },
);

describe.each(['threads', 'the calling thread'])('load by %s', (where) => {
  const how = () => (where === 'threads' ? { pool } : {});

  test('gives every pixel of a cube, nodata where a tile is not loaded', async () => {
    const region = await cube.load(cube.grid.geobox, how());
    expectRegion(region, 0, 0, ROWS, COLS);
    expect(region.missingTiles).toBe(1);
  });

  test.each([
    ['inside one tile', '-179,50,-170,58', 2, 1, 8, 9],
    ['across tiles', '-120,-5,-90,25', 35, 60, 30, 30],
    ['one pixel', '10.2,10.2,10.3,10.3', 49, 190, 1, 1],
    ['one pixel wide', '-110,-60,-109,60', 0, 70, 120, 1],
    ['in the last row and column, which are cut', '170,-60,180,-45', 105, 350, 15, 10],
  ] as const)('reads a region %s', async (_, text, row, col, height, width) => {
    expectRegion(await cube.load(box(text), how()), row, col, height, width);
  });

  test('joins a region across the antimeridian, with x going on past 180', async () => {
    expectRegion(await cube.load(box('170,-10,-165,20'), how()), 40, 350, 30, 25);
    const beyond = new GeoBox(
      parseCrs('EPSG:4326'),
      { height: 30, width: 25 },
      [1, 0, 170, 0, -1, 20],
    );
    expectRegion(await cube.load(beyond, how()), 40, 350, 30, 25);
  });

  test('adds a buffer on each side, no more than the cube has', async () => {
    expectRegion(await cube.load(box('0,0,10,10'), { ...how(), buffer: 3 }), 47, 177, 16, 16);
    expectRegion(await cube.load(box('0,50,10,60'), { ...how(), buffer: 3 }), 0, 177, 13, 16);
    expectRegion(await cube.load(box('177,0,180,10'), { ...how(), buffer: 5 }), 45, 352, 20, 13);
    expectRegion(await cube.load(box('178,0,-178,10'), { ...how(), buffer: 5 }), 45, 353, 20, 14);
  });

  test('reads only the bands asked for, in their order, and names those near an unknown one', async () => {
    const turned = await cube.load(box('0,0,3,3'), { ...how(), bands: ['b', 'a'] });
    expect([...turned.bands.keys()]).toEqual(['b', 'a']);
    await expect(cube.load(box('0,0,3,3'), { ...how(), bands: ['a', 'a'] })).rejects.toThrow(
      'each band once',
    );
    const { bands } = await cube.load(box('0,0,3,3'), { ...how(), bands: ['b'] });
    expect([...bands.keys()]).toEqual(['b']);
    await expect(cube.load(box('0,0,3,3'), { ...how(), bands: ['c'] })).rejects.toThrow(
      'Expected one of a, b for a band but received "c".',
    );
  });

  test('refuses a region outside the cube, and a buffer that is none', async () => {
    await expect(cube.load(box('0,70,10,80'), how())).rejects.toThrow(InvalidInputError);
    await expect(cube.load(box('0,0,10,10'), { ...how(), buffer: -1 })).rejects.toThrow('buffer');
  });

  test('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(cube.load(cube.grid.geobox, { ...how(), signal })).rejects.toThrow('stopped');
  });
});

describe.each(['gdal', 'js'] as const)('load onto another grid, by the kernel %s', (kernel) => {
  let warpers: Pool;
  beforeAll(() => {
    warpers = createPool({ size: 2, kernel });
  });
  afterAll(() => warpers.close());

  /** The cube's value where a pixel's centre lies, by proj4; undefined on the very edge of a pixel. */
  function nearest(target: GeoBox, row: number, col: number): number | undefined {
    const [x, y] = transformer(
      target.crs,
      cube.grid.geobox.crs,
    )(...apply(target.affine, col + 0.5, row + 0.5));
    const [c, r] = [(((x + 180) % 360) + 360) % 360, 60 - y];
    if (!Number.isFinite(c) || r < 0 || r >= ROWS) return -1;
    const isEdge = [c, r].some((at) => Math.abs(at - Math.round(at)) < 1e-6);
    return isEdge ? undefined : truth(0, Math.floor(r), Math.floor(c));
  }

  test.each([
    ['polar stereographic', 'EPSG:3995', 60, 80, [50_000, 0, -2_000_000, 0, -50_000, 4_200_000]],
    [
      'polar stereographic across the antimeridian',
      'EPSG:3995',
      50,
      60,
      [40_000, 0, -1_200_000, 0, -40_000, 5_500_000],
    ],
    ['Mercator around 180', 'EPSG:3832', 40, 70, [60_000, 0, 1_000_000, 0, -60_000, 2_000_000]],
    ['UTM, finer than the cube', 'EPSG:32633', 64, 48, [9_000, 0, 300_000, 0, -9_000, 4_000_000]],
    ['rotated', 'EPSG:4326', 30, 30, [0.7, 0.4, 20, 0.4, -0.7, 20]],
    ['geographic past 180, of another resolution', 'EPSG:4326', 20, 90, [0.7, 0, 150, 0, -0.7, 10]],
    ['reaching beyond the cube', 'EPSG:4326', 50, 40, [0.9, 0, 5, 0, -0.9, 80]],
  ] as const)('covers exactly a geobox that is %s', async (_, crs, height, width, affine) => {
    const target = new GeoBox(parseCrs(crs), { height, width }, affine);
    const region = await cube.load(target, { pool: warpers });
    expect(region.geobox).toBe(target);
    const pixels = region.bands.get('a') ?? [];
    let compared = 0;
    for (let row = 0, i = 0; row < height; row++) {
      for (let col = 0; col < width; col++, i++) {
        const wanted = nearest(target, row, col);
        if (wanted === undefined) continue;
        expect([row, col, pixels[i]]).toEqual([row, col, wanted]);
        if (wanted !== -1) compared++;
      }
    }
    expect(compared).toBeGreaterThan(500);
  });

  test('interpolates a plane exactly with bilinear', async () => {
    const plane = await filledCube(
      { ...WORLD, dtype: 'float32' as const, nodata: undefined, bands: ['a'] } as never,
      (_, row, col) => 3 * col - 2 * row,
    );
    try {
      const target = new GeoBox(
        parseCrs('EPSG:32633'),
        { height: 40, width: 40 },
        [20_000, 0, 300_000, 0, -20_000, 4_000_000],
      );
      const { bands } = await plane.cube.load(target, { pool: warpers, resampling: 'bilinear' });
      const pixels = bands.get('a') ?? [];
      const convert = transformer(target.crs, parseCrs('EPSG:4326'));
      for (let i = 0; i < 1600; i++) {
        const [x, y] = convert(...apply(target.affine, (i % 40) + 0.5, Math.floor(i / 40) + 0.5));
        expect(pixels[i]).toBeCloseTo(3 * (x + 180 - 0.5) - 2 * (60 - y - 0.5), 2);
      }
    } finally {
      plane.remove();
    }
  });

  test('averages whole pixels onto a grid of a third of the resolution', async () => {
    const target = new GeoBox(
      parseCrs('EPSG:4326'),
      { height: 10, width: 12 },
      [3, 0, -150, 0, -3, 51],
    );
    const { bands } = await cube.load(target, { pool: warpers, resampling: 'average' });
    const pixels = bands.get('b') ?? [];
    for (let i = 0; i < 120; i++) {
      const [row, col] = [9 + 3 * Math.floor(i / 12), 30 + 3 * (i % 12)];
      let sum = 0;
      for (let y = 0; y < 3; y++) for (let x = 0; x < 3; x++) sum += truth(1, row + y, col + x);
      expect(pixels[i]).toBe(Math.floor(sum / 9 + 0.5));
    }
  });

  test('with like, leaves what lies outside the region without a value', async () => {
    const like = new GeoBox(
      parseCrs('EPSG:4326'),
      { height: 20, width: 20 },
      [0.5, 0, 0, 0, -0.5, 40],
    );
    const region = await cube.load(box('2,32,5,36'), {
      like: { geobox: like },
      pool: warpers,
      bands: ['a'],
    });
    const pixels = region.bands.get('a') ?? [];
    const inside = (i: number) => {
      const [row, col] = [Math.floor(i / 20), i % 20];
      return row >= 8 && row < 16 && col >= 4 && col < 10;
    };
    expect(region.geobox).toBe(like);
    for (let i = 0; i < 400; i++) expect([i, pixels[i] === -1]).toEqual([i, !inside(i)]);
    const whole = await cube.loadLike({ geobox: like }, { pool: warpers, bands: ['a'] });
    expect([...(whole.bands.get('a') ?? [])]).not.toContain(-1);
  });

  test('pads the target by the buffer', async () => {
    const target = new GeoBox(
      parseCrs('EPSG:4326'),
      { height: 4, width: 4 },
      [0.5, 0, 0, 0, -0.5, 40],
    );
    const { geobox, bands } = await cube.load(target, { pool: warpers, buffer: 2 });
    expect(geobox).toEqual(target.pad(2));
    expect([...(bands.get('a') ?? [])]).not.toContain(-1);
  });
});

test.each([[{ name: 'gzip', level: 1 }], [{ name: 'uncompressed' }]] as const)(
  'chunks of %j are read as those of Blosc',
  async (codec) => {
    const other = await filledCube({ ...WORLD, bands: ['a'] }, valueAt, { codec });
    try {
      for (const how of [{}, { pool }]) {
        const { bands } = await other.cube.load(other.cube.grid.geobox, how);
        const pixels = bands.get('a') ?? [];
        const wanted = Array.from({ length: ROWS * COLS }, (_, i) =>
          valueAt(0, Math.floor(i / COLS), i % COLS),
        );
        expect([...pixels]).toEqual(wanted);
        const part = await other.cube.load(box('-120,-5,-90,25'), how);
        expect(part.bands.get('a')?.[899]).toBe(valueAt(0, 64, 89));
      }
    } finally {
      other.remove();
    }
  },
);
