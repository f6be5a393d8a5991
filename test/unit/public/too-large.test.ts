/** Requests that no memory holds: what was asked for is said, and by which function, before anything is fetched. */
import { afterAll, describe, expect, test } from 'vitest';
import { checkFits } from '../../../src/cube/read/in-memory.js';
import {
  Cube,
  createPool,
  GeoBox,
  InvalidInputError,
  parseCrs,
  presetDataset,
  renderPng,
  Stopwatch,
} from '../../../src/index.js';
import { fakeSource } from '../cube/fake-source.js';

const pool = createPool({ size: 0, kernel: 'js' });
afterAll(() => pool.close());

const world = async (name: string) => {
  const cube = await Cube.create(`memory:too-large-${name}`, presetDataset('TCTrend'), { pool });
  return { cube, all: cube.grid.geobox };
};
const failure = async (run: () => unknown): Promise<Error> => {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return error as Error;
  }
  throw new Error('It worked.');
};

describe('a load of more pixels than memory holds', () => {
  const said =
    /^Expected pixels that fit into the memory of this machine \(.+\) for a load but received 1335834 x 667918 pixels of 3 bands \(2\.68 TB\)\. Load a smaller region/;

  test('says how many there would be and what to do', async () => {
    const { cube, all } = await world('load');
    for (const options of [{}, { pool }, { buffer: 10 ** 9 }])
      expect((await failure(() => cube.load(all, options))).message).toMatch(said);
    expect((await failure(() => cube.loadLike(all))).message).toMatch(said);
  });

  test('says so before a tile is fetched', async () => {
    const { cube, all } = await world('source');
    let asked = 0;
    const before = async () => {
      asked++;
      return undefined;
    };
    const source = fakeSource({ before });
    const load = () => cube.load(all, { source, pool });
    expect((await failure(load)).message).toMatch(said);
    expect(asked).toBe(0);
  });

  test('says so of another grid, and of one band of a region that is read later', async () => {
    const { cube, all } = await world('grid');
    const like = new GeoBox(all.crs, { height: 2e6, width: 4e6 }, [9e-5, 0, -180, 0, -8e-5, 80]);
    const onto = await failure(() => cube.load(all, { like }));
    expect(onto.message).toContain('received 4000000 x 2000000 pixels of 3 bands (24.0 TB)');
    const { bands } = await cube.load(all, { persist: false });
    const later = await failure(() => bands.TCB_slope.read());
    expect(later.message).toContain('pixels of 1 band (892 GB)');
  });

  test('is told by the bytes of all bands and time steps', () => {
    const { bands } = presetDataset('TCTrend');
    const crs = parseCrs('EPSG:4326');
    const geobox = new GeoBox(crs, { height: 10, width: 100 }, [1, 0, 0, 0, -1, 0]);
    const names = bands.map(({ name }) => name);
    const steps = [{}, {}] as never;
    const dataset = presetDataset('TCTrend');
    expect(() => checkFits({ geobox, names, steps }, dataset, 6000)).not.toThrow();
    expect(() => checkFits({ geobox, names, steps }, dataset, 5999)).toThrow(
      'Expected pixels that fit into the memory of this machine (6.00 kB) for a load but received 100 x 10 pixels of 3 bands and 2 time steps (6.00 kB).',
    );
  });
});

describe('what nobody looked for', () => {
  const crs = parseCrs('EPSG:4326');

  test('is told as too large where it is that', async () => {
    const long = new GeoBox(crs, { height: 1, width: 1e12 }, [1, 0, 0, 0, -1, 0]);
    expect((await failure(() => long.xCentres())).message).toBe(
      'Expected what fits into memory for GeoBox.xCentres() but received arguments that ask for more (Invalid typed array length: 1000000000000). Ask for less at a time.',
    );
  });

  test('names the function that was called, not one that it uses itself', async () => {
    const { cube, all } = await world('names');
    const like = new GeoBox(all.crs, { height: 1, width: 1e12 }, [1e-9, 0, 0, 0, -1e-9, 0]);
    // It asks the geobox for its coordinates.
    expect((await failure(() => cube.openDataset(all, { like }))).message).toContain(
      'Cube.openDataset()',
    );
  });

  test('is a picture of more pixels than are drawn, which is an SVG document nevertheless', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1000000" height="1000000"/>';
    expect((await failure(() => renderPng(svg))).message).toContain('received a larger one');
  });

  test("names the function that a caller's own function called", async () => {
    const long = new GeoBox(crs, { height: 1, width: 1e12 }, [1, 0, 0, 0, -1, 0]);
    const stopwatch = new Stopwatch();
    const { message } = await failure(() => stopwatch.time('mine', async () => long.xCentres()));
    expect(message).toContain('GeoBox.xCentres()');
  });
});
