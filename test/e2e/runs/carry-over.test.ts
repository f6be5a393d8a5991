/** What a cube has, carried into one with earlier steps and wider bounds, by the commands that the pages name. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube, type GeoBoxRecord, parseToi } from '../../../src/index.js';
import { writeGeoTiff } from '../../unit/kernel/geotiff.js';
import { runCommand } from '../command.js';
import { temporaryFolder } from '../loopback-cubes.js';

const FILE = {
  title: 'Yearly',
  local: true,
  bands: ['one', 'two'],
  dtype: 'int16',
  nodata: -1,
  grid: { crs: 'EPSG:32652', bounds: [500000, 8000080, 500160, 8000240], resolution: 10, chunk: 8 },
  time: { start: '2020', step: '1 year', count: 2 },
} as const;
/** Two tiles more in the west and in the north, one in the east and in the south, and two years before. */
const WIDER = {
  ...FILE,
  grid: { ...FILE.grid, bounds: [499840, 8000000, 500240, 8000400] },
  time: { start: '2018', step: '1 year', count: 4 },
} as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const at = (name: string) => join(folder.path, name);
const said = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await runCommand([...args]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
};

test('each step is loaded as a GeoTIFF and imported, bit for bit, into tiles of the other cube', async () => {
  const geobox: GeoBoxRecord = {
    ...{ crs: 'EPSG:32652', shape: [16, 16], affine: [10, 0, 500000, 0, -10, 8000240] },
  };
  const pixels = (year: number) =>
    [0, 1].map((band) =>
      Int16Array.from({ length: 256 }, (_, i) => (i % 7 === 0 ? -1 : 1000 * band + i + year)),
    );
  await writeFile(at('yearly.json'), JSON.stringify(FILE));
  await writeFile(at('wider.json'), JSON.stringify(WIDER));
  await said(['create', '--store', at('old'), '--dataset', at('yearly.json')]);
  await said(['create', '--store', at('new'), '--dataset', at('wider.json')]);
  for (const year of [2020, 2021]) {
    const bands = pixels(year);
    const [tiff, step] = [at(`${year}.tif`), at(`step-${year}.tif`)];
    await writeFile(tiff, writeGeoTiff({ geobox, dtype: 'int16', bands, nodata: -1 }));
    const time = ['--time', String(year)];
    await said(['import', '--store', at('old'), tiff, ...time]);
    const box = ['--bbox', '500000,8000080,500160,8000240', '--bbox-crs', 'EPSG:32652'];
    await said(['load', '--store', at('old'), ...box, ...time, '--out', step]);
    expect(await said(['import', '--store', at('new'), step, ...time])).toContain('4 tiles');
  }
  const [old, wide] = [await Cube.open(at('old')), await Cube.open(at('new'))];
  for (const year of [2020, 2021]) {
    const time = parseToi(String(year));
    const [before, after] = [old, wide].map((cube) => cube.load(old.grid.geobox, { time }));
    expect((await after)?.bands).toEqual((await before)?.bands);
    expect([...((await before)?.bands.get('two') ?? [])]).toEqual([...(pixels(year)[1] ?? [])]);
  }
  const counts = await wide.countStates(wide.grid.geobox);
  expect(counts.map(({ loaded }) => loaded)).toEqual([0, 0, 4, 4]);
});

test('earlier steps are refused with the commands that carry over what is there', async () => {
  const { code, stderr } = await runCommand([
    'extend',
    '--store',
    at('old'),
    '--time',
    '2018/2022',
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain('"geocubes load --time 2020 --out step.tif"');
  expect(stderr).toContain('"geocubes import --time 2020 step.tif"');
});
