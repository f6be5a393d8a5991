/** Cubes to look at, filled from the loopback server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cube, createPool, defineDataset, earthEngine } from '../../dist/index.js';
import { startLoopback } from '../../dist/loopback/index.js';

const COMMON = { dtype: 'uint8', bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'] };

export const POLAR = {
  ...COMMON,
  title: 'Polar',
  collection: 'projects/geocubes/assets/demo',
  grid: {
    crs: 'EPSG:3413',
    bounds: [-100000, 1900000, 400000, 2300000],
    resolution: 1000,
    chunk: 100,
  },
};

export const ANNUAL = {
  ...COMMON,
  title: 'Annual',
  collection: 'projects/geocubes/assets/demo_annual',
  bands: ['TCB_slope', 'TCG_slope'],
  grid: { crs: 'EPSG:4326', bounds: [126, 71, 128, 72], resolution: 0.01, chunk: 50 },
  time: { start: '2018', step: '1 year', end: '2021' },
};

/** A folder of cubes, and what fills them. */
export async function openWorkshop() {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-viewer-'));
  const server = await startLoopback();
  const pool = createPool({ size: 1 });
  return {
    pool,
    async create(name, file) {
      const path = join(folder, name);
      return { path, cube: await Cube.create(path, defineDataset(file), { pool }) };
    },
    async fill(cube, target, options = {}) {
      const account = { endpoint: server.url, token: 'loopback', project: 'test' };
      const source = await earthEngine(cube.dataset, account);
      const { failed } = await cube.ingest(target, { source, pool, ...options });
      await source.close();
      if (failed.length > 0) throw new Error(`${failed.length} tiles failed`);
    },
    async close() {
      await pool.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
