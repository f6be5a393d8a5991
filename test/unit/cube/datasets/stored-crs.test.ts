import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube, createPool, defineDataset, type Pool } from '../../../../src/index.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

const crs = '+proj=laea +lat_0=10 +lon_0=20 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs';
const FILE = {
  title: 'Stored',
  local: true,
  bands: ['v'],
  dtype: 'uint8',
  grid: { crs, bounds: [0, 0, 80, 40], resolution: [10, 5], chunk: 4 },
} as const;

test('a cube that was made when PROJ strings were stored as they are opens, and is that of the same file', async () => {
  const dataset = defineDataset(FILE);
  const { geobox, chunk } = dataset.grid;
  expect(geobox.crs).toMatch(/^PROJCRS\[/);
  const older = { ...dataset, grid: { geobox: { ...geobox, crs }, chunk } };
  const cube = await Cube.create('memory:older-proj-string', older, { pool });
  expect(cube.grid.geobox.crs.name).toBe(crs);
  const again = await Cube.create('memory:older-proj-string', dataset, { pool, existsOk: true });
  expect(again.dataset.grid.geobox).toEqual(older.grid.geobox);
  const other = defineDataset({
    ...FILE,
    grid: { ...FILE.grid, crs: `${crs} +lon_1=1`.replace('lon_0=20', 'lon_0=21') },
  });
  await expect(
    Cube.create('memory:older-proj-string', other, { pool, existsOk: true }),
  ).rejects.toThrow('the grid of the dataset');
});
