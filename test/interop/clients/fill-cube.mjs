/**
 * Fills a cube in memory from a dataset file, as a user of the library would, and writes what is in it:
 *
 *   node test/interop/clients/fill-cube.mjs DATASET.json SERVER PIXELS
 *
 * PIXELS are the raw bytes of `[band, time, y, x]`, in the order of the dataset's bands.
 */
import { writeFileSync } from 'node:fs';
import { Cube, createPool, earthEngine, readDataset } from '../../../dist/index.js';
import { DEFAULT_TOKEN } from '../../../dist/loopback/index.js';

const [file, endpoint, pixels] = process.argv.slice(2);
const pool = createPool({ size: 1 });
try {
  const dataset = await readDataset(file, { pool });
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, { endpoint, project: 'interop', token: DEFAULT_TOKEN });
  const roi = cube.grid.geobox;
  const { failed } = await cube.ingest(roi, { source, pool }).finally(() => source.close());
  if (failed.length > 0) throw new Error(JSON.stringify(failed));
  const { bands } = await cube.load(roi);
  const all = dataset.bands.map(({ name }) => Buffer.from(bands.get(name).slice().buffer));
  writeFileSync(pixels, Buffer.concat(all));
} finally {
  await pool.close();
}
