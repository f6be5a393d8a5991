/**
 * Imports a file into a cube for each of the cases, and writes down what the cube then holds:
 *
 *   node test/interop/places/make-imports.mjs OUTPUT
 *
 * Each pixel of a file holds its own number, so that a cube's pixel tells where it came from.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cube, createPool, defineDataset, localFiles } from '../../../dist/index.js';
import { loadGdal } from '../../../dist/kernel/gdal/load.js';
import { cases } from './cases.mjs';

const [output] = process.argv.slice(2);
const gdal = loadGdal();
const pool = createPool({ size: 0 });
const made = [];
for (const [i, one] of cases(gdal).entries()) {
  const path = join(output, `${i}.tif`);
  const [height, width] = one.shape;
  const file = gdal.drivers.get('GTiff').create(path, width, height, 1, 'Int32');
  file.geoTransform = one.transform;
  file.srs = gdal.SpatialReference.fromUserInput(one.file);
  const numbers = Int32Array.from({ length: width * height }, (_, at) => at);
  file.bands.get(1).pixels.write(0, 0, width, height, numbers);
  file.close();
  const { cube: crs, bounds, resolution, chunk } = one;
  const dataset = defineDataset({
    ...{ title: `${i}`, local: true, bands: ['v'], dtype: 'int32', nodata: -1 },
    grid: { crs, bounds, resolution, chunk },
  });
  const cube = await Cube.create('memory:', dataset, { pool });
  const { geobox } = cube.grid;
  const source = await localFiles(dataset, [path]);
  const { failed } = await cube.ingest(geobox, { source, pool });
  if (failed.length > 0) throw new Error(`${one.file} to ${crs}: ${JSON.stringify(failed)}`);
  const pixels = (await cube.load(geobox)).bands.get('v');
  writeFileSync(
    join(output, `${i}.pixels`),
    Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength),
  );
  made.push({ ...one, grid: { shape: [geobox.height, geobox.width], affine: geobox.affine } });
}
await pool.close();
/** The file that PROJ was loaded from, where the system tells. */
const libraries = () => {
  try {
    return readFileSync('/proc/self/maps', 'utf8').match(/\S*libproj\.so\S*/)?.[0] ?? null;
  } catch {
    return null;
  }
};
writeFileSync(
  join(output, 'cases.json'),
  JSON.stringify({ gdal: gdal.version, proj: libraries(), cases: made }),
);
