import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as zarr from 'zarrita';
import type { Cube } from '../../../../src/cube/cube.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { type FilledCube, filledCube } from '../filled-cube.js';

let filled: FilledCube;
let cube: Cube;
const valueAt = (band: number, row: number, col: number) => band * 10_000 + row * 40 + col;
beforeAll(async () => {
  filled = await filledCube(
    {
      title: 'lazy',
      image: 'users/me/lazy',
      bands: [{ name: 'a', attributes: { long_name: 'first' } }, 'b'],
      dtype: 'int16',
      nodata: -1,
      grid: { crs: 'EPSG:4326', bounds: [-20, 40, 20, 70], resolution: 1, chunk: 10 },
    },
    valueAt,
  );
  cube = filled.cube;
});
afterAll(() => filled.remove());

function values(band: number, row: number, col: number, height: number, width: number) {
  return Array.from({ length: height * width }, (_, i) =>
    valueAt(band, row + Math.floor(i / width), col + (i % width)),
  );
}

async function pixels(array: { read(): Promise<{ pixels: ArrayLike<number> }> } | undefined) {
  return Array.from((await array?.read())?.pixels ?? []);
}

describe('a dataset that is opened lazily', () => {
  test('tells dimensions, coordinates and attributes as xarray has them, before anything is read', async () => {
    const dataset = await cube.openDataset();
    expect(dataset.dims).toEqual({ y: 30, x: 40 });
    expect([dataset.x[0], dataset.x[39], dataset.y[0], dataset.y[29]]).toEqual([
      -19.5, 19.5, 69.5, 40.5,
    ]);
    expect(dataset.attributes.title).toBe('lazy');
    expect(Object.keys(dataset.bands)).toEqual(['a', 'b']);
    expect(dataset.bands.a).toMatchObject({
      dims: ['y', 'x'],
      shape: [30, 40],
      dtype: 'int16',
      nodata: -1,
    });
    expect(dataset.bands.a?.attributes).toMatchObject({
      long_name: 'first',
      grid_mapping: 'spatial_ref',
    });
  });

  test('gives what is selected by labels, ends included, in either order', async () => {
    const { bands } = await cube.openDataset();
    const part = bands.b?.sel({ x: [-3.5, 2], y: [62, 59.5] });
    expect(part?.shape).toEqual([3, 6]);
    const read = await part?.read();
    expect([...(read?.x ?? [])]).toEqual([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5]);
    expect([...(read?.y ?? [])]).toEqual([61.5, 60.5, 59.5]);
    expect([...(read?.pixels ?? [])]).toEqual(values(1, 8, 16, 3, 6));
    expect(await pixels(bands.b?.sel({ x: [2, -3.5], y: [59.5, 62] }))).toEqual(
      values(1, 8, 16, 3, 6),
    );
    expect(await pixels(bands.b?.sel({ x: 0.2, y: 69.9 }))).toEqual([valueAt(1, 0, 20)]);
  });

  test('gives what is selected by position, the end left out, negative from the end', async () => {
    const { bands } = await cube.openDataset();
    expect(await pixels(bands.a?.isel({ y: [10, 12], x: [5, 8] }))).toEqual(values(0, 10, 5, 2, 3));
    expect(await pixels(bands.a?.isel({ y: -1, x: [-2, 40] }))).toEqual(values(0, 29, 38, 1, 2));
    // Selections follow on one another.
    const twice = bands.a?.isel({ y: [10, 20], x: [10, 20] }).isel({ y: 3, x: [4, 6] });
    expect(await pixels(twice)).toEqual(values(0, 13, 14, 1, 2));
  });

  test('refuses a selection that holds nothing', async () => {
    const { bands } = await cube.openDataset();
    for (const select of [
      () => bands.a?.sel({ x: [30, 40] }),
      () => bands.a?.sel({ x: [0.6, 0.9] }),
      () => bands.a?.sel({ y: 71 }),
      () => bands.a?.isel({ x: 40 }),
      () => bands.a?.isel({ x: [5, 5] }),
      () => bands.a?.isel({ y: 1.5 }),
    ])
      expect(select).toThrow(InvalidInputError);
  });

  test('is a region too, and what load gives with persist: false', async () => {
    const dataset = await cube.load(parseBoundingBox('0,50,10,60'), {
      persist: false,
      bands: ['b'],
    });
    expect(dataset.dims).toEqual({ y: 10, x: 10 });
    expect(await pixels(dataset.bands.b)).toEqual(values(1, 10, 20, 10, 10));
  });

  test('lies on another grid where one is asked for, and only the selected part is put there', async () => {
    const target = new GeoBox(
      parseCrs('EPSG:3857'),
      { height: 40, width: 50 },
      [20_000, 0, -400_000, 0, -20_000, 8_000_000],
    );
    const dataset = await cube.openDataset(target);
    const whole = await cube.load(target);
    const part = await dataset.bands.a?.isel({ y: [5, 9], x: [7, 12] }).read();
    const wanted = Array.from(
      { length: 20 },
      (_, i) => whole.bands.get('a')?.[(5 + Math.floor(i / 5)) * 50 + 7 + (i % 5)],
    );
    expect([...(part?.pixels ?? [])]).toEqual(wanted);
  });
});

test('openZarr gives the group and the bands to zarrita', async () => {
  const { group, arrays } = await cube.openZarr<
    zarr.Group<zarr.AsyncReadable>,
    zarr.Array<zarr.DataType, zarr.AsyncReadable>
  >();
  expect(group.attrs.title).toBe('lazy');
  const array = arrays.get('a');
  expect(array?.shape).toEqual([30, 40]);
  if (array === undefined) return;
  const { data } = await zarr.get(array, [3, zarr.slice(2, 5)]);
  expect([...(data as Int16Array)]).toEqual(values(0, 3, 2, 1, 3));
});
