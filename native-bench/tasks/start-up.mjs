import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadGdal } from '../../dist/kernel/gdal/load.js';
import { checkEqual } from '../agreement.mjs';
import { runTimed } from '../contenders/command.mjs';
import { takeTurns } from '../contenders/rounds.mjs';
import { writeMosaic } from '../inputs/mosaic.mjs';
import { fill } from './load.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const WINDOW_SCRIPT = fileURLToPath(new URL('../python/window.py', import.meta.url));

/** Sides of the window that is read out of one chunk. */
const WINDOW = 256;

/** Whole processes, from their start to their end: what somebody waits for who types a command. */
export async function run(setting) {
  const { folder, sizes, seed, say, python } = setting;
  const { side, rounds } = sizes.startUp;
  const rasters = join(folder, 'rasters');
  const dataset = writeMosaic(rasters, { side, rows: 1, cols: 1, seed });
  const store = join(folder, 'cube');
  say('filling the cube');
  await fill(store, rasters, dataset, setting);
  const offset = side >> 1;
  const out = (name) => join(folder, `${name}.tif`);
  const load = (window, name) => [
    ...[process.execPath, MAIN, 'load', '--store', store, '--bbox-crs', dataset.grid.geobox.crs],
    ...['--bbox', boxOf(dataset.grid.geobox, window), '--out', out(name), '--overwrite'],
  ];
  const source = 'whole';
  await runTimed(load({ row: 0, col: 0, side }, source));
  const contenders = [
    ['node alone', 'node', [process.execPath, '-e', '0']],
    ...['--version', '--help'].map((option) => [
      `geocubes ${option}`,
      option.slice(2),
      [process.execPath, MAIN, option],
    ]),
    ...['status', 'log'].map((name) => [
      `geocubes ${name}`,
      name,
      [process.execPath, MAIN, name, '--store', store],
    ]),
    [
      'geocubes load of the window',
      'window',
      load({ row: offset, col: offset, side: WINDOW }, 'window'),
    ],
    ...(python === undefined
      ? []
      : [
          ['python alone', 'python', [python, '-c', 'pass']],
          ...[
            ['rasterio, from a GeoTIFF', 'rasterio', out(source)],
            ['icechunk, zarr and rasterio, from the cube', 'zarr', store],
          ].map(([name, kind, input]) => [
            name,
            kind,
            [python, WINDOW_SCRIPT, kind, input, out(kind), offset, WINDOW].map(String),
          ]),
        ]),
  ].map(([name, kind, words]) => ({ name, kind, words }));
  for (const { words } of contenders) await runTimed(words);
  const wanted = pixelsOf(out('window'));
  for (const { name, kind } of contenders)
    if (existsSync(out(kind))) checkEqual(name, pixelsOf(out(kind)), wanted);
  const turns = await takeTurns(
    contenders.map((contender) => ({ contender, measure: () => runTimed(contender.words) })),
    { rounds, warmUps: 1 },
  );
  return {
    ...{ side, window: WINDOW, bands: dataset.bands.length, rounds },
    contenders: contenders.map(({ name, kind }, i) => ({
      ...{ name, kernel: kind, threads: 1 },
      samples: turns[i].samples,
    })),
  };
}

/** The box of a window, a quarter of a pixel within its edges. */
function boxOf({ affine: [width, , west, , height, north] }, { row, col, side }) {
  const [low, high] = [0.25, side - 0.25];
  return [
    ...[west + (col + low) * width, north + (row + high) * height],
    ...[west + (col + high) * width, north + (row + low) * height],
  ].join(',');
}

/** Of all bands, one after the other. */
function pixelsOf(file) {
  const dataset = loadGdal().open(file);
  const { x, y } = dataset.rasterSize;
  const bands = Array.from({ length: dataset.bands.count() }, (_, i) => dataset.bands.get(i + 1));
  const pixels = bands.flatMap((band) => [...band.pixels.read(0, 0, x, y)]);
  dataset.close();
  return pixels;
}
