/**
 * Makes a cube and what `load` writes of it, with the project's own compiled code, for read_files.py:
 *
 *   node test/interop/files/make-files.mjs FOLDER
 *
 * Pixels are numbers of their row, column, step and band, of which no two neighbours are alike.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cube, createPool, defineDataset, localFiles, parseToi } from '../../../dist/index.js';
import { encodeGeoTiff } from '../../../dist/loopback/index.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const folder = resolve(process.argv[2] ?? '.');
mkdirSync(folder, { recursive: true });

const [HEIGHT, WIDTH, CHUNK] = [150, 170, 64];
const GRID = {
  crs: 'EPSG:3413',
  transform: [1000, 0, -1_000_000, 0, -1000, -2_000_000],
  shape: [HEIGHT, WIDTH],
  chunk: CHUNK,
};
const corner = (x, y) => [-1e6 + x * 1000, -2e6 - y * 1000];
const SHAPE = {
  type: 'Polygon',
  crs: { type: 'name', properties: { name: 'EPSG:3413' } },
  coordinates: [
    [corner(9.3, 12.2), corner(160.1, 40.7), corner(60.6, 141.9), corner(9.3, 12.2)],
    [corner(50.2, 50.4), corner(90.7, 58.3), corner(62.6, 80.9), corner(50.2, 50.4)],
  ],
};
writeFileSync(join(folder, 'shape.geojson'), JSON.stringify(SHAPE));

const number = (band, row, col, t) => (row * 31 + col * 7 + t * 11 + band * 5) % 200;
const pool = createPool({ size: 2 });
/** Of rows that are given alone: what lies below is not loaded. */
async function make(name, options, rows) {
  const dataset = defineDataset({ title: name, local: true, grid: GRID, ...options });
  const cube = await Cube.create(join(folder, name), dataset, { pool });
  for (const year of dataset.time === undefined ? [undefined] : [2019, 2020, 2021]) {
    const file = join(folder, `${name}-${year}.tif`);
    const geobox = cube.grid.geobox.crop({ row: 0, col: 0, height: rows(year), width: WIDTH });
    const bands = dataset.bands.map((_, band) =>
      Uint8Array.from({ length: geobox.height * WIDTH }, (__, i) =>
        number(band, Math.floor(i / WIDTH), i % WIDTH, (year ?? 2019) - 2019),
      ),
    );
    writeFileSync(file, encodeGeoTiff(geobox, bands, 'uint8'));
    const source = await localFiles(dataset, [file], { bands: dataset.bands.map((_, i) => i + 1) });
    const time = year === undefined ? {} : { time: parseToi(String(year)) };
    const { failed } = await cube.ingest(geobox, { source, pool, ...time });
    if (failed.length > 0) throw new Error(JSON.stringify(failed));
  }
}

try {
  await make('plain', { bands: ['a', 'b'], dtype: 'uint8' }, () => 128);
  await make(
    'typed',
    {
      bands: [
        { name: 'codes', dtype: 'uint8', nodata: 255 },
        { name: 'heights', attributes: { scale_factor: 0.5, add_offset: -3, units: 'm' } },
        { name: 'values', dtype: 'float32' },
      ],
      dtype: 'int16',
      nodata: -9999,
      time: { start: '2019', step: '1 year', end: '2021' },
    },
    (year) => (year === 2020 ? 64 : HEIGHT),
  );
} finally {
  await pool.close();
}

const region = ['--roi', join(folder, 'shape.geojson')];
const LOADS = {
  'plain.tif': ['plain', ...region],
  'plain-cog.tif': ['plain', ...region, '--cog'],
  'plain-box.tif': ['plain', ...region, '--no-clip'],
  'typed.tif': ['typed', ...region, '--bands', 'heights', '--time', '2019'],
  'steps.tif': ['typed', ...region, '--bands', 'heights'],
  'year-{time}.tif': ['typed', ...region, '--bands', 'heights'],
  'plain.zarr': ['plain', ...region],
  'typed.zarr': ['typed', ...region],
  'plain.nc': ['plain', ...region],
  'typed.nc': ['typed', ...region],
  'other.nc': ['typed', ...region, '--crs', 'EPSG:32622', '--resolution', '1100', '--time', '2021'],
};
for (const [name, [store, ...args]] of Object.entries(LOADS)) {
  const call = ['load', '--store', join(folder, store), ...args, '--out', join(folder, name), '-q'];
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...call], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
}
