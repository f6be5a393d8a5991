import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadGdal } from '../../dist/kernel/gdal/load.js';
import { Disagreement } from '../agreement.mjs';
import { runTimed } from '../contenders/command.mjs';
import { takeTurns } from '../contenders/rounds.mjs';
import { writeMosaic } from '../inputs/mosaic.mjs';
import { fill } from './load.mjs';
import { withThreads } from './setting.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../python/window.py', import.meta.url));

/** All of a cube to a GeoTIFF, by whole processes: what somebody waits for who exports one. */
export async function run(setting) {
  const { folder, sizes, seed, say, python, threads } = setting;
  const { side, rows, rounds } = sizes.save;
  const rasters = join(folder, 'rasters');
  const dataset = writeMosaic(rasters, { side, rows, cols: rows, seed });
  const store = join(folder, 'cube');
  say('filling the cube');
  await fill(store, rasters, dataset, setting);
  const out = (name) => join(folder, `${name}.tif`);
  const { crs, affine, shape } = dataset.grid.geobox;
  const [width, , west, , height, north] = affine;
  const box = [west + 1, north + shape[0] * height + 1, west + shape[1] * width - 1, north - 1];
  const save = (name, ...more) => [
    ...[process.execPath, MAIN, 'load', '--store', store, '--threads', `${threads}`],
    ...['--bbox-crs', crs, '--bbox', box.join(','), '--out', out(name), '--overwrite', ...more],
  ];
  const deflate = ['TILED=YES', 'COMPRESS=DEFLATE', 'INTERLEAVE=BAND', `NUM_THREADS=${threads}`];
  const source = 'source';
  await runTimed(save(source));
  const translate = (name, ...options) => [
    ...['gdal_translate', '-q', ...options.flatMap((option) => ['-co', option])],
    ...[out(source), out(name)],
  ];
  const contenders = [
    [withThreads('geocubes load --out', threads), 'deflate', save('deflate')],
    [
      withThreads('geocubes load --out, ZSTD 1', threads),
      'zstd',
      save('zstd', '--co', 'COMPRESS=ZSTD', '--co', 'ZSTD_LEVEL=1'),
    ],
    ...((await isThere('gdal_translate'))
      ? [
          [
            withThreads('gdal_translate, DEFLATE 6', threads),
            'translate',
            translate('translate', ...deflate, 'PREDICTOR=2'),
          ],
          [
            withThreads('gdal_translate, DEFLATE 1', threads),
            'translate-1',
            translate('translate-1', ...deflate, 'PREDICTOR=2', 'ZLEVEL=1'),
          ],
        ]
      : []),
    ...(python === undefined
      ? []
      : [
          ['rasterio, from a GeoTIFF', 'rasterio', out(source)],
          ['icechunk, zarr and rasterio, from the cube', 'zarr', store],
        ].map(([name, kind, input]) => [
          name,
          kind,
          [python, SCRIPT, kind, input, out(kind), 0, shape[0]].map(String),
        ])),
  ].map(([name, kind, words]) => ({ name, kind, words }));
  for (const { name, kind, words } of contenders) {
    say(`check ${name}`);
    await runTimed(words);
    if (digestOf(out(kind)) !== digestOf(out(source)))
      throw new Disagreement(`Expected the pixels of the cube but ${name} wrote others.`);
  }
  const bytes = contenders.map(({ kind }) => statSync(out(kind)).size);
  const turns = await takeTurns(
    contenders.map((contender) => ({ contender, measure: () => runTimed(contender.words) })),
    { rounds, warmUps: 0 },
  );
  return {
    ...{ shape, bands: dataset.bands.length, rounds },
    contenders: contenders.map(({ name, kind }, i) => ({
      ...{ name, kernel: kind, threads, bytes: bytes[i] },
      samples: turns[i].samples,
    })),
  };
}

function isThere(command) {
  return runTimed([command, '--version']).then(
    () => true,
    () => false,
  );
}

/** Of all bands. */
function digestOf(file) {
  const dataset = loadGdal().open(file);
  const { x, y } = dataset.rasterSize;
  const hash = createHash('sha256');
  for (let band = 1; band <= dataset.bands.count(); band++)
    hash.update(dataset.bands.get(band).pixels.read(0, 0, x, y));
  dataset.close();
  return hash.digest('hex');
}
