/** The cubes that the Python tests open: what each is made from, and why it is there. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseBoundingBox, parseDataset, presetDataset } from '../../dist/index.js';
import { BRIGHT, writeMonthlyScenes } from './monthly-scenes.mjs';
import { OWN_GRID, writeOwnRaster } from './own-rasters.mjs';

const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/**
 * @typedef {object} CubeRecipe
 * @property {string} name
 * @property {import('../../dist/index.js').Dataset} dataset
 * @property {import('../../dist/index.js').BoundingBox} [roi] the whole cube where absent
 * @property {1 | 2} [format] Icechunk's; the project's default where absent
 * @property {string} [extendTo] the time it is extended to when it is filled, and then filled again
 * @property {string} [file] the raster whose `gdalwarp` the cube must equal
 * @property {{ bright: number, files: string[][] }} [scenes] of each step the rasters whose median it must be, and from which value on a pixel counts for nothing
 */

/** The edge of the Lena delta: land, coast, and tiles of nothing but sea. */
const DEMO_REGION = '127,72.6,128.3,74.6';

/**
 * Puts the rasters and their manifest into `folder`, which a loopback server then serves.
 *
 * @param {string} folder
 * @returns {{ recipes: CubeRecipe[], skipped: { name: string, reason: string }[] }}
 */
export function prepare(folder) {
  const assets = [];
  const recipes = [];
  const skipped = [];
  const serve = (id, file, bands) =>
    assets.push({ id, type: 'IMAGE', images: [{ file, bands: [...bands] }] });

  recipes.push({
    name: 'demo',
    dataset: presetDataset('demo'),
    roi: parseBoundingBox(DEMO_REGION),
  });

  recipes.push(
    ...TEMPORAL.map(({ name, time, ...more }) => ({
      ...{ name, dataset: annualDataset(name, time) },
      ...more,
    })),
  );

  const monthly = writeMonthlyScenes(folder);
  assets.push(monthly.asset);
  recipes.push({
    name: 'monthly',
    dataset: parseDataset(monthly.dataset),
    scenes: { bright: BRIGHT, files: monthly.scenes },
  });

  for (const { name, raster, ...dataset } of REAL) {
    if (!existsSync(join(SHARED, raster))) {
      skipped.push({ name, reason: `there is no ../shared/data/${raster} beside the project` });
      continue;
    }
    const file = join(folder, raster);
    copyFileSync(join(SHARED, raster), file);
    serve(dataset.image, raster, dataset.bands);
    recipes.push({ name, dataset: parseDataset(dataset), file });
  }

  for (const { name, dtype, format, ...more } of OWN) {
    const { file, nodata } = writeOwnRaster(folder, dtype);
    const image = `users/interop/${name}`;
    serve(image, file, ['value']);
    const hasCode = nodata !== undefined && !Number.isNaN(nodata);
    const dataset = parseDataset({
      title: `Interop ${name}`,
      image,
      bands: [{ name: 'value', attributes: { long_name: 'known values', units: '1' } }],
      dtype,
      grid: { ...OWN_GRID, chunk: [64, 96] },
      ...(hasCode ? { nodata } : {}),
      ...more,
    });
    recipes.push({ name, dataset, format, file: join(folder, file) });
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ assets }, undefined, 2));
  return { recipes, skipped };
}

const REAL = [
  {
    name: 'landsat',
    raster: 'landsat7-utm18n-rgb-uint8.tif',
    title: 'Landsat 7, reprojected',
    image: 'users/interop/landsat',
    bands: ['red', 'green', 'blue'],
    dtype: 'uint8',
    nodata: 0,
    grid: { crs: 'EPSG:4326', bounds: [-79, 23.5, -76.5, 25.6], resolution: 0.003, chunk: 256 },
  },
  {
    name: 'sea-ice',
    raster: 'sea-ice-epsg3031-float32-nan.tif',
    title: 'Antarctic sea ice, on its own grid',
    image: 'users/interop/sea-ice',
    bands: ['concentration'],
    dtype: 'float32',
    grid: {
      crs: 'EPSG:3031',
      bounds: [-3_950_000, -3_943_750, 3_950_000, 4_350_000],
      resolution: 6250,
      chunk: 256,
    },
  },
];

/** Chunks of 64 x 96 pixels leave part of a chunk at both far edges of 200 x 300. */
const OWN = [
  { name: 'int16', dtype: 'int16' },
  { name: 'uint16', dtype: 'uint16' },
  { name: 'int32', dtype: 'int32' },
  { name: 'uint32', dtype: 'uint32' },
  { name: 'float64', dtype: 'float64' },
  { name: 'seed-codec', dtype: 'uint8', codec: 'seed' },
  { name: 'fast-codec-uint8', dtype: 'uint8', codec: 'fast' },
  { name: 'fast-codec-int16', dtype: 'int16', codec: 'fast' },
  { name: 'fast-codec-float64', dtype: 'float64', codec: 'fast' },
  { name: 'format-2', dtype: 'int16', format: 2 },
];

/** Each of the steps holds the first day of a year, which is when the server's images begin. */
const TEMPORAL = [
  { name: 'yearly', time: { start: '2018', end: '2020', step: '1 year' } },
  // Six hours and some days apart: stored in hours.
  // Three years, and two more for a cube that is there.
  { name: 'extended', time: { start: '2018', end: '2020', step: '1 year' }, extendTo: '../2022' },
  {
    name: 'extended-format-2',
    time: { start: '2018', end: '2020', step: '1 year' },
    extendTo: '../2022',
    format: 2,
  },
  { name: 'listed', time: ['2016-12-31T18/2017-01-02', '2018', '2020-01-01/2020-01-02'] },
];

function annualDataset(name, time) {
  return parseDataset({
    title: `Interop ${name}`,
    collection: 'projects/geocubes/assets/demo_annual',
    bands: ['TCB_slope', 'TCG_slope'],
    dtype: 'uint8',
    nodata: 0,
    grid: { crs: 'EPSG:4326', bounds: [124, 72, 127, 74], resolution: 0.02, chunk: 64 },
    time,
  });
}
