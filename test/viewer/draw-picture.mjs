#!/usr/bin/env node
/** Makes .github/pictures/view.png: the page in a headless Chromium, showing a polar cube that is filled by three quarters. */
import { join } from 'node:path';
import sharp from 'sharp';
import { startViewer } from '../../dist/view/server.js';
import { drawn, launch, openPage, show } from './browser.mjs';
import { ANNUAL, openWorkshop } from './cubes.mjs';

const target = join(import.meta.dirname, '..', '..', '.github', 'pictures', 'view.png');
const workshop = await openWorkshop();
const browser = await launch();
try {
  const { path, cube } = await workshop.create('lena-delta', {
    ...ANNUAL,
    title: 'Brightness trend, Laptev Sea coast',
    bands: [
      { name: 'TCB_slope', long_name: 'Tasseled cap brightness, trend' },
      { name: 'TCG_slope', long_name: 'Tasseled cap greenness, trend' },
    ],
    grid: {
      crs: 'EPSG:3413',
      bounds: [-200_000, 1_900_000, 300_000, 2_300_000],
      resolution: 1000,
      chunk: 100,
    },
  });
  const { west, south, east, north } = cube.grid.geobox.bounds;
  const region = { crs: cube.grid.geobox.crs, west, south: south + 1, east: east - 100_001, north };
  await workshop.fill(cube, region);
  const viewer = await startViewer({ storage: path, pool: workshop.pool, port: 0 });
  const { page } = await openPage(browser, { width: 900, height: 980 });
  await show(page, viewer.url, 'level=-1&at=60000,2090000&band=TCB_slope&colormap=cividis&t=2');
  await page.getByRole('button', { name: 'of what is seen', exact: true }).click();
  await page.mouse.click(330, 250);
  await page.locator('#point svg').waitFor();
  await page.mouse.move(334, 256);
  await page.locator('#pointer:not(:empty)').waitFor();
  await drawn(page);
  // Few colours, as a map of one band has: a third of the bytes.
  await sharp(await page.screenshot())
    .png({ palette: true, colours: 128 })
    .toFile(target);
  await viewer.close();
} finally {
  await browser.close();
  await workshop.close();
}
