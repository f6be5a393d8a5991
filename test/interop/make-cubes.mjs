/**
 * Makes the cubes that the Python tests open, with the project's own compiled code:
 *
 *   node test/interop/make-cubes.mjs OUTPUT
 *
 * Beside each cube lies what the JavaScript side reads back from it: `<name>.pixels`, the raw bytes
 * of `[band, y, x]`. `manifest.json` describes all of them. Needs `dist/` and the native modules.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Cube,
  createPool,
  defineDataset,
  earthEngine,
  GeoBox,
  localFiles,
  parseBoundingBox,
  parseDataset,
  parseToi,
  presetDataset,
} from '../../dist/index.js';
import { DEFAULT_TOKEN, encodeGeoTiff, startLoopback } from '../../dist/loopback/index.js';
import { writeScenes } from '../e2e/recipes/scenes.mjs';
import { prepare } from './recipes.mjs';

/** Files whose numbers stand for something, on their own grid: stored as they are, or as values. */
const CONTAINERS = fileURLToPath(new URL('../parity/containers/', import.meta.url));
const PACKED = [
  { name: 'packed-geotiff', file: 'scaled.tif', dtype: 'int16' },
  { name: 'packed-netcdf', file: 'up.nc', part: 'b1', dtype: 'int16' },
  { name: 'packed-int8', file: 'int8.tif', dtype: 'int16' },
  { name: 'values-geotiff', file: 'scaled.tif', dtype: 'float32', unscale: true },
  { name: 'values-netcdf', file: 'up.nc', part: 'b1', dtype: 'float64', unscale: true },
];

/** Composites of a collection, in whole numbers that stand for others, and with a time axis. */
const COMPOSITES = ['s2-monthly', 'era5-land-monthly', 'ndvi-annual'];

const [output] = process.argv.slice(2);
if (output === undefined) {
  process.stderr.write('Expected a folder to write to: node test/interop/make-cubes.mjs OUTPUT\n');
  process.exit(2);
}
await makeCubes(resolve(output));

async function makePacked({ name, file, part, dtype, unscale = false }, out, pool) {
  const path = join(CONTAINERS, file);
  const dataset = defineDataset({
    title: name,
    local: true,
    bands: ['v'],
    dtype,
    ...(dtype === 'int16' ? { nodata: -32768 } : {}),
    grid: { crs: 'EPSG:4326', bounds: [10, 50, 16, 54], resolution: 1, chunk: 4 },
  });
  const store = join(out, name);
  const cube = await Cube.create(store, dataset, { pool });
  const named = part === undefined ? path : `NETCDF:"${path}":${part}`;
  const source = await localFiles(dataset, [named], { unscale });
  const { failed } = await cube.ingest(cube.grid.geobox, { source, pool });
  if (failed.length > 0) throw new Error(`${name}: ${JSON.stringify(failed, undefined, 2)}`);
  return { name, store, file: path, part: part ?? null, dtype, unscale };
}

/** A cube whose bands have a type, a code and a packing each. */
async function makeMixed(out, pool, endpoint) {
  const dataset = defineDataset({
    title: 'Mixed',
    collection: 'projects/geocubes/assets/demo',
    grid: { crs: 'EPSG:4326', bounds: [120, 70, 123, 73], resolution: 0.02, chunk: 64 },
    dtype: 'float32',
    bands: [
      'TCB_slope',
      {
        name: 'TCG_slope',
        dtype: 'int8',
        nodata: -128,
        offset: -100,
        scale_factor: 0.5,
        add_offset: 50,
      },
      { name: 'TCW_slope', dtype: 'bool' },
    ],
  });
  const { store, bands } = await makeCube({ name: 'mixed', dataset }, out, pool, endpoint);
  return {
    store,
    bands: bands.map(({ name }, i) => ({ name, dtype: ['float32', 'int8', 'bool'][i] })),
  };
}

/** Cubes with overviews, of which a part is filled: bands of all reductions and kinds of types, steps, a polar grid. */
async function makeLeveled(out, pool, endpoint) {
  const bands = [
    { name: 'TCB_slope', dtype: 'float32', reduction: 'average' },
    { name: 'TCG_slope', dtype: 'int8', nodata: -128, offset: -100, reduction: 'average' },
    { name: 'TCW_slope', dtype: 'uint8', nodata: 0, reduction: 'mode' },
  ];
  const truths = [
    { name: 'TCB_slope', dtype: 'bool', reduction: 'mode' },
    { name: 'TCG_slope', dtype: 'uint8', reduction: 'near' },
    { name: 'TCW_slope', dtype: 'uint8', reduction: 'average' },
  ];
  const flat = { crs: 'EPSG:4326', bounds: [120, 70, 123, 73], resolution: 0.02, chunk: 64 };
  const polar = { crs: 'EPSG:3413', bounds: [200e3, 1700e3, 400e3, 1900e3], resolution: 1500 };
  const recipes = [
    { name: 'levels', bands, grid: flat, roi: '120.5,70.5,122,72.9', factors: [2, 5] },
    { name: 'levels.zarr', bands, grid: flat, roi: '120.5,70.5,122,72.9', factors: [2, 5] },
    { name: 'truths.zarr', bands: truths, grid: flat, roi: '120.5,70.5,122,72.9', factors: [2, 3] },
    {
      ...{ name: 'polar-steps.zarr', bands: truths, grid: { ...polar, chunk: 40 } },
      ...{ time: { start: '2019', step: '1 year', end: '2020' }, factors: [2, 8] },
    },
  ];
  const made = [];
  for (const { name, bands: described, grid, time, roi, factors } of recipes) {
    const collection = `projects/geocubes/assets/demo${time === undefined ? '' : '_annual'}`;
    const dataset = defineDataset({
      ...{ title: name, collection, grid, dtype: 'float32' },
      ...(time === undefined ? {} : { time }),
      bands: described.map(({ reduction, ...band }) => band),
    });
    const reductions = Object.fromEntries(described.map((band) => [band.name, band.reduction]));
    const store = join(out, name);
    const overviews = { factors, reduction: reductions };
    const cube = await Cube.create(store, dataset, { pool, overviews });
    const source = await earthEngine(dataset, {
      endpoint,
      project: 'interop',
      token: DEFAULT_TOKEN,
    });
    try {
      const region = roi === undefined ? cube.grid.geobox : parseBoundingBox(roi);
      const { failed } = await cube.ingest(region, { source, pool });
      if (failed.length > 0) throw new Error(`${name}: ${JSON.stringify(failed, undefined, 2)}`);
    } finally {
      await source.close();
    }
    await cube.updateOverviews({ pool });
    const { affine, crs } = cube.grid.geobox;
    made.push({ name, store, factors, reductions, affine, crs: crs.name });
  }
  return made;
}

/** The same pixels in whole chunks and in chunks that consist of inner chunks, of which many hold no value. */
async function makeInner(out, pool, endpoint) {
  const bands = [
    { name: 'TCB_slope', dtype: 'float32' },
    { name: 'TCG_slope', dtype: 'int8', nodata: -128, offset: -100 },
    { name: 'TCW_slope', dtype: 'bool' },
  ];
  const grid = { crs: 'EPSG:4326', bounds: [120, 70, 123, 73], resolution: 0.02, chunk: 64 };
  const time = { start: '2019', step: '1 year', end: '2020' };
  const made = [];
  for (const { name, ...more } of [
    { name: 'whole', codec: 'default' },
    { name: 'inner', codec: 'default', innerChunk: 16 },
    { name: 'inner-fast.zarr', codec: 'fast', innerChunk: 8 },
    { name: 'whole-steps', codec: 'default', time },
    { name: 'inner-steps.zarr', codec: 'default', time, innerChunk: 32 },
  ]) {
    const collection = `projects/geocubes/assets/demo${more.time === undefined ? '' : '_annual'}`;
    const dataset = defineDataset({
      title: name,
      collection,
      grid,
      dtype: 'float32',
      bands,
      ...more,
    });
    const store = join(out, name);
    const cube = await Cube.create(store, dataset, { pool });
    const token = { project: 'interop', token: DEFAULT_TOKEN };
    const source = await earthEngine(dataset, { endpoint, ...token });
    try {
      const region = parseBoundingBox('120.5,70.5,122,72.9');
      const { failed } = await cube.ingest(region, { source, pool });
      if (failed.length > 0) throw new Error(`${name}: ${JSON.stringify(failed, undefined, 2)}`);
    } finally {
      await source.close();
    }
    const { innerChunk = null } = more;
    if (innerChunk === null) continue;
    const whole = join(out, more.time === undefined ? 'whole' : 'whole-steps');
    made.push({ name, store, whole, innerChunk, bands: bands.map((band) => band.name) });
  }
  return made;
}

/** Empty cubes of the whole earth. */
async function makePresets(out, pool) {
  const made = {};
  for (const name of ['TCTrend', 'AlphaEarth']) {
    made[name] = join(out, `${name}.zarr`);
    await Cube.create(made[name], presetDataset(name), { pool });
  }
  return made;
}

async function makeComposites(out, pool) {
  const scenes = join(out, 'scenes');
  mkdirSync(scenes);
  const assets = writeScenes(scenes, { GeoBox, encodeGeoTiff });
  writeFileSync(join(scenes, 'manifest.json'), JSON.stringify({ assets }));
  const server = await startLoopback({ folder: scenes });
  try {
    const made = [];
    for (const name of COMPOSITES) {
      const file = new URL(`../e2e/recipes/datasets/${name}.json`, import.meta.url);
      const dataset = parseDataset(JSON.parse(readFileSync(file, 'utf8')));
      const cube = await makeCube({ name, dataset }, out, pool, server.url);
      made.push({ name, store: cube.store, steps: cube.steps });
    }
    return made;
  } finally {
    await server.close();
  }
}

async function makeCubes(/** @type {string} */ out) {
  const rasters = join(out, 'rasters');
  mkdirSync(rasters, { recursive: true });
  const { recipes, skipped } = prepare(rasters);
  if (process.env.CI === 'true' && skipped.length > 0) {
    const reasons = skipped.map(({ name, reason }) => `${name}: ${reason}`);
    throw new Error(`Expected to make every cube in CI but received ${reasons.join('; ')}.`);
  }
  const server = await startLoopback({ folder: rasters });
  const pool = createPool({ size: 2 });
  try {
    const cubes = [];
    for (const recipe of recipes) cubes.push(await makeCube(recipe, out, pool, server.url));
    const packed = [];
    for (const recipe of PACKED) packed.push(await makePacked(recipe, out, pool));
    const composites = await makeComposites(out, pool);
    const mixed = await makeMixed(out, pool, server.url);
    const leveled = await makeLeveled(out, pool, server.url);
    const inner = await makeInner(out, pool, server.url);
    const presets = await makePresets(out, pool);
    const manifest = { cubes, packed, composites, mixed, leveled, inner, presets, skipped };
    writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest, undefined, 2));
  } finally {
    await pool.close();
    await server.close();
  }
}

async function makeCube(recipe, out, pool, endpoint) {
  const { name, dataset, format = 1, file, scenes, extendTo } = recipe;
  const store = join(out, name);
  const filled = await Cube.create(store, dataset, { pool, icechunkFormat: format });
  const roi = recipe.roi ?? filled.grid.geobox;
  const service = { endpoint, project: 'interop', token: DEFAULT_TOKEN };
  const source = await earthEngine(dataset, service);
  const fill = async () => {
    const { failed } = await filled.ingest(roi, { source, pool });
    if (failed.length > 0) throw new Error(`${name}: ${JSON.stringify(failed, undefined, 2)}`);
  };
  try {
    await fill();
    if (extendTo !== undefined) {
      await filled.extend({ time: parseToi(extendTo) });
      await fill();
    }
  } finally {
    await source.close();
  }
  await filled.tag('filled');
  // Opened anew: what is read is what lies in the repository.
  const cube = await Cube.open(store);
  const region = await cube.load(roi);
  const bands = [...region.bands.values()];
  writeFileSync(
    join(out, `${name}.pixels`),
    Buffer.concat(bands.map((band) => Buffer.from(band.buffer, band.byteOffset, band.byteLength))),
  );
  const { geobox } = cube.grid;
  return {
    name,
    store,
    format,
    title: dataset.title,
    crs: geobox.crs.name,
    shape: [geobox.height, geobox.width],
    affine: geobox.affine,
    chunk: [cube.grid.chunk.height, cube.grid.chunk.width],
    dtype: dataset.dtype,
    codec: dataset.codec,
    nodata: dataset.nodata ?? null,
    file: file ?? null,
    scenes: scenes ?? null,
    window: cube.windowsOf(roi)[0],
    // Of temporal cubes the start of each step; what is read back is [band, time, y, x].
    steps: region.steps?.map(({ start }) => new Date(start).toISOString()) ?? null,
    tiles: await cube.tileStates(roi),
    bands: [...region.bands].map(([band, pixels]) => ({
      name: band,
      ...countValid(pixels, region.nodata),
    })),
  };
}

/** How many pixels differ from the fill value, and their sum, by Neumaier's sum so that order does not matter. */
function countValid(pixels, fill) {
  let sum = 0;
  let lost = 0;
  let valid = 0;
  for (const value of pixels) {
    if (value === fill || Number.isNaN(value)) continue;
    valid++;
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return { sum: sum + lost, valid };
}
