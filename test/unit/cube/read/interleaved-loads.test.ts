import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cube } from '../../../../src/cube/cube.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { createPool } from '../../../../src/pool/pool.js';
import { type FilledCube, filledCube } from '../filled-cube.js';

const SIDE = 96;
const LOADS = 200;

/** Tiles of 32 x 32, so that each load takes parts of several chunks. */
const CUBE = {
  title: 'interleaved',
  image: 'users/me/interleaved',
  bands: ['a', 'b'],
  dtype: 'int16' as const,
  nodata: -1,
  grid: {
    crs: 'EPSG:4326',
    bounds: [0, -48, SIDE, 48] as [number, number, number, number],
    resolution: 1,
    chunk: 32,
  },
};
const valueAt = (band: number, row: number, col: number) => band * 10_000 + row * SIDE + col;

let filled: FilledCube;
let cube: Cube;
beforeAll(async () => {
  filled = await filledCube(CUBE, valueAt);
  cube = filled.cube;
});
afterAll(() => filled.remove());

interface Wanted {
  readonly row: number;
  readonly col: number;
  readonly geobox: GeoBox;
}

/** Windows of 40 x 40 that begin all over the cube. */
const windows: readonly Wanted[] = Array.from({ length: LOADS }, (_, i) => {
  const [row, col] = [(i * 7) % (SIDE - 40), (i * 13) % (SIDE - 40)];
  const affine = [1, 0, col, 0, -1, 48 - row] as const;
  return { row, col, geobox: new GeoBox(parseCrs('EPSG:4326'), { height: 40, width: 40 }, affine) };
});

/** The pixels of two bands, one band after the other. */
type Pixels = readonly number[];

function truth({ row, col }: Wanted): Pixels {
  return [0, 1].flatMap((band) =>
    Array.from({ length: 40 * 40 }, (_, i) =>
      valueAt(band, row + Math.floor(i / 40), col + (i % 40)),
    ),
  );
}

const inline = createPool({ size: 0 });
afterAll(() => inline.close());

const WAYS: Readonly<Record<string, (wanted: Wanted) => Promise<Pixels>>> = {
  'load without a pool': async ({ geobox }) => bandsOf(await cube.load(geobox)),
  'load by a pool of size 0': async ({ geobox }) =>
    bandsOf(await cube.load(geobox, { pool: inline })),
  'load with like': async ({ geobox }) =>
    bandsOf(await cube.load(cube.grid.geobox, { like: geobox })),
  loadLike: async ({ geobox }) => bandsOf(await cube.loadLike(geobox)),
  openDataset: async ({ row, col }) => {
    const { bands } = await cube.openDataset();
    const read = async (name: 'a' | 'b') => {
      const lazy = bands[name]?.isel({ y: [row, row + 40], x: [col, col + 40] });
      return [...((await lazy?.read())?.pixels ?? [])] as number[];
    };
    return [...(await read('a')), ...(await read('b'))];
  },
};

function bandsOf({ bands }: { readonly bands: ReadonlyMap<string, ArrayLike<number>> }): Pixels {
  return ['a', 'b'].flatMap((name) => Array.from(bands.get(name) ?? []));
}

describe.each(Object.entries(WAYS))('%s', (_, read) => {
  test(`gives the right pixels in ${LOADS} loads begun at once, the first of the process among them`, async () => {
    const results = await Promise.all(windows.map(read));
    const wrong = windows.map((wanted, i) => {
      const right = truth(wanted);
      return right.filter((value, at) => results[i]?.[at] !== value).length;
    });
    expect(wrong).toEqual(windows.map(() => 0));
  });
});
