#!/usr/bin/env node
/**
 * How long after a drag all pictures of what is seen are drawn, on a cube of four chunks of 3600 x 3600 pixels, in a
 * headless Chromium:
 *
 *   node test/viewer/drag.mjs [drags]     (default: 15)
 *
 * Each drag begins elsewhere. The time is from the event of the button that goes up to the map's own word that
 * nothing is left to be drawn; what is seen before a drag is drawn when it begins, so the chunks of that are decoded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import gdal from 'gdal-async';
import { Cube, createPool, defineDataset, localFiles } from '../../dist/index.js';
import { startViewer } from '../../dist/view/server.js';
import { launch, openPage, show } from './browser.mjs';

const DRAGS = Number(process.argv[2] ?? 15);
const SIZE = { width: 1000, height: 700 };
const BY = { x: -320, y: -180 };
const SIDE = 7200;
const DATASET = {
  title: 'Large chunks',
  dtype: 'uint8',
  local: true,
  bands: ['grey'],
  grid: {
    crs: 'EPSG:32652',
    bounds: [324000, 7884000, 540000, 8100000],
    resolution: 30,
    chunk: SIDE / 2,
  },
};

const folder = mkdtempSync(join(tmpdir(), 'geocubes-drag-'));
const pool = createPool({ size: 1 });
const browser = await launch();
try {
  const cube = await Cube.create(join(folder, 'cube'), defineDataset(DATASET), { pool });
  const source = await localFiles(cube.dataset, [writeRaster(join(folder, 'grey.tif'))]);
  const { committed } = await cube.ingest(cube.grid.geobox, { source, pool });
  await source.close();
  if (committed !== 4) throw new Error(`Expected 4 tiles but received ${committed}.`);
  const viewer = await startViewer({ storage: join(folder, 'cube'), pool, port: 0 });
  const { page } = await openPage(browser, SIZE);
  let pictures = 0;
  page.on('response', (response) => {
    if (response.url().includes('/api/tile')) pictures++;
  });
  const [a, , c, , e, f] = cube.grid.geobox.affine;
  const times = [];
  const across = Math.floor((SIDE - 2 * SIZE.width) / 900);
  for (let i = 0; i < DRAGS; i++) {
    const [col, row] = [1000 + 900 * (i % across), 700 + 700 * Math.floor(i / across)];
    const place = `at=${c + a * col},${f + e * row}&level=0`;
    await show(page, viewer.url, `${place}&band=grey&range=0,255&tiles=0`);
    times.push(await drag(page));
  }
  times.sort((one, other) => one - other);
  const at = (/** @type {number} */ q) => Math.round(times[Math.round(q * (times.length - 1))]);
  process.stdout.write(
    `drag: all is drawn ${at(0.5)} ms after its end (median of ${times.length}; ${at(0)} to ${at(1)}), ${pictures} pictures in all\n`,
  );
  await viewer.close();
} finally {
  await browser.close();
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Waves with some noise, which compress about as well as scenes do. */
function writeRaster(path) {
  const file = gdal.open(path, 'w', 'GTiff', SIDE, SIDE, 1, gdal.GDT_Byte);
  file.srs = gdal.SpatialReference.fromEPSG(32652);
  file.geoTransform = [324000, 30, 0, 8100000, 0, -30];
  const band = file.bands.get(1);
  const row = new Uint8Array(SIDE);
  let noise = 1;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      noise = (noise * 1103515245 + 12345) & 0x7fffffff;
      row[x] = 128 + 90 * Math.sin(x / 90) * Math.cos(y / 70) + ((noise >> 16) & 15);
    }
    band.pixels.write(0, y, SIDE, 1, row);
  }
  file.close();
  return path;
}

/** Milliseconds from its end until all is drawn. */
async function drag(page) {
  await page.evaluate(() => {
    const { documentElement: root } = document;
    const before = location.hash;
    window.sinceDrag = new Promise((resolve) => {
      const begin = () => {
        const from = performance.now();
        const look = () => {
          if (location.hash === before || root.dataset.drawn !== location.hash)
            requestAnimationFrame(look);
          else resolve(performance.now() - from);
        };
        look();
      };
      document.addEventListener('pointerup', begin, { capture: true, once: true });
    });
  });
  const [x, y] = [SIZE.width / 2 + 200, SIZE.height / 2 + 100];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + BY.x, y + BY.y, { steps: 12 });
  await page.mouse.up();
  return page.evaluate(() => window.sinceDrag);
}
