/**
 * Runs the Python clients of Earth Engine, unchanged, against the loopback server:
 *
 *   node test/interop/clients/run-clients.mjs PYTHON [PYTHON]
 *
 * each the Python of an environment of `requirements.txt` or `requirements-seed.txt`. The server runs
 * in this process, and this program fills the cube that smart-geocubes' is compared with.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cube, createPool, earthEngine, GeoBox, parseDataset } from '../../../dist/index.js';
import { DEFAULT_TOKEN, encodeGeoTiff, startLoopback } from '../../../dist/loopback/index.js';
import { writeScenes } from '../../e2e/recipes/scenes.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What `smart_geocubes.datasets.tctrend` calls the collection. */
const TITLE = 'TCTrend2024';
const COLLECTION = 'projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS';
const RESOLUTION = 0.00026949458523585647;

process.exitCode = await main(process.argv.slice(2));

async function main(/** @type {string[]} */ pythons) {
  const work = mkdtempSync(join(tmpdir(), 'geocubes-clients-'));
  const scenes = join(work, 'scenes');
  try {
    const made = await run(pythons[0], [join(HERE, 'make_scenes.py'), scenes]);
    if (made !== 0) return made;
    const server = await startLoopback({ folder: scenes });
    // Scenes of the same collections, but other ones.
    const recipes = await startLoopback({ folder: writeRecipeScenes(join(work, 'recipes')) });
    try {
      const cube = await fillCube(work, server.url);
      const options = ['--server', server.url, '--folder', scenes, '--cube', cube];
      options.push('--recipes-server', recipes.url);
      for (const python of pythons) {
        const code = await run(python, [
          '-m',
          'pytest',
          '-p',
          'no:cacheprovider',
          '-q',
          '-rs',
          HERE,
          '-c',
          join(HERE, 'pytest.ini'),
          ...options,
        ]);
        if (code !== 0) return code;
      }
      return 0;
    } finally {
      await recipes.close();
      await server.close();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function run(python, args) {
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    ICECHUNK_LOG: 'error',
    GEOCUBES_NODE: process.execPath,
  };
  const child = spawn(python, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
  const [code] = await once(child, 'close');
  return code ?? 1;
}

function writeRecipeScenes(/** @type {string} */ folder) {
  mkdirSync(folder);
  const assets = writeScenes(folder, { GeoBox, encodeGeoTiff });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ assets }));
  return folder;
}

/** @returns the path of what `test_seed.py` is told of the cube */
async function fillCube(work, endpoint) {
  const side = 400;
  const col = Math.round(126 / RESOLUTION);
  const row = Math.round(72 / RESOLUTION);
  const bounds = [col, row, col + side, row + side].map((at) => at * RESOLUTION);
  const dataset = parseDataset({
    title: TITLE,
    collection: COLLECTION,
    bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
    dtype: 'uint8',
    grid: { crs: 'EPSG:4326', bounds, resolution: RESOLUTION, chunk: 200 },
  });
  const pool = createPool({ size: 1 });
  try {
    const cube = await Cube.create(join(work, 'cube'), dataset, { pool });
    const source = await earthEngine(dataset, {
      endpoint,
      project: 'interop',
      token: DEFAULT_TOKEN,
    });
    const roi = cube.grid.geobox;
    const { failed } = await cube.ingest(roi, { source, pool }).finally(() => source.close());
    if (failed.length > 0) throw new Error(JSON.stringify(failed));
    const region = await cube.load(roi);
    const pixels = join(work, 'cube.pixels');
    writeFileSync(
      pixels,
      Buffer.concat([...region.bands.values()].map((band) => Buffer.from(band))),
    );
    const job = {
      title: TITLE,
      bounds,
      resolution: RESOLUTION,
      chunk: 200,
      pixels,
      affine: roi.affine,
      shape: [roi.height, roi.width],
    };
    const path = join(work, 'cube.json');
    writeFileSync(path, JSON.stringify(job));
    return path;
  } finally {
    await pool.close();
  }
}
