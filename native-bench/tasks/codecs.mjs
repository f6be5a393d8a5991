import { fork } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadGdal } from '../../dist/kernel/gdal/load.js';
import { DEFAULT_BLOCKSIZE, FAST_BLOCKSIZE } from '../../dist/raster/codec.js';
import { checkEqual, readChunk } from '../agreement.mjs';
import { findLibraries } from '../contenders/libblosc.mjs';
import { drawBand } from '../inputs/pixels.mjs';
import { codecFor } from './setting.mjs';

const WORKER = fileURLToPath(new URL('../contenders/codec.mjs', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
/** Real pixels: the middle of the first band of each. */
const SCENES = [
  { name: 'Landsat 7', file: 'landsat7-utm18n-rgb-uint8.tif', dtype: 'uint8' },
  { name: 'cropland', file: 'cropland-global-epsg4326-uint8.tif', dtype: 'uint8' },
  { name: 'sea ice', file: 'sea-ice-epsg3031-float32-nan.tif', dtype: 'float32' },
];
const SHUFFLES = ['noshuffle', 'shuffle', 'bitshuffle'];
/** From this level of zstd on one round is enough: it takes seconds. */
const SLOW_LEVEL = 6;

/**
 * What was tried of Blosc: level against size, LZ4 with each shuffle, blocks, a newer library, and one that is
 * compiled for the processor. Processor time of one thread.
 */
export async function run(setting) {
  const { say, sizes, folder } = setting;
  const { libraries, leftOut } = await findLibraries(setting);
  if (libraries.length === 0) return { libraries, leftOut, cases: [] };
  const worker = startWorker();
  try {
    const described = await worker.ask({
      action: 'describe',
      files: libraries.map(({ file }) => file),
    });
    const cases = [];
    for (const raster of drawRasters(setting)) {
      say(raster.name);
      const path = join(folder, 'pixels');
      writeFileSync(path, raster.pixels);
      cases.push(await runCase(worker, raster, path, libraries, setting));
    }
    return {
      rounds: sizes.rounds,
      libraries: libraries.map(({ id, name }, i) => ({ id, name, ...described[i] })),
      ...(leftOut === undefined ? {} : { leftOut }),
      cases,
    };
  } finally {
    worker.stop();
  }
}

async function runCase(worker, { name, dtype, pixels, shape }, path, libraries, setting) {
  const entries = tried(dtype, setting).flatMap(({ isForAll, ...entry }) =>
    (isForAll ? libraries : libraries.slice(0, 1)).map((library) => ({ ...entry, library })),
  );
  const samples = entries.map(() => []);
  for (let round = 0; round < setting.sizes.rounds; round++)
    for (const [i, { codec, library }] of entries.entries()) {
      const isSlow = codec.cname === 'zstd' && codec.clevel >= SLOW_LEVEL;
      if (isSlow && round > 0) continue;
      const keep = round === 0 ? join(setting.folder, 'frame') : undefined;
      const { file } = library;
      samples[i].push(await worker.ask({ action: 'measure', file, path, codec, keep }));
      if (keep === undefined) continue;
      // By numcodecs.js, which is none of the libraries that are compared.
      const decoded = await readChunk(keep, { dtype, chunk: shape, codec });
      checkEqual(`${codec.cname} ${codec.clevel} by ${library.name}`, decoded, pixels);
    }
  return {
    ...{ name, dtype, shape, rawBytes: pixels.byteLength },
    tried: entries.map(({ codec, choice, library }, i) => ({
      ...{ codec, library: library.id, samples: samples[i] },
      ...(choice === undefined ? {} : { choice }),
    })),
  };
}

/** Codecs for pixels of a type; those `isForAll` by every library. */
function tried(dtype, setting) {
  const chosen = Object.fromEntries(
    ['default', 'fast', 'seed'].map((choice) => [choice, codecFor(dtype, choice, setting)]),
  );
  const zstd = (clevel, blocksize) => ({ codec: { ...chosen.default, clevel, blocksize } });
  const lz4 = (change) => ({ codec: { ...chosen.fast, ...change } });
  return [
    { codec: chosen.default, choice: 'default', isForAll: true },
    { codec: chosen.fast, choice: 'fast', isForAll: true },
    { codec: { blocksize: 0, ...chosen.seed }, choice: 'seed' },
    { ...zstd(1, DEFAULT_BLOCKSIZE), isForAll: true },
    ...[3, 4, 5, 6, 7, 8, 9].map((level) => zstd(level, DEFAULT_BLOCKSIZE)),
    ...[1, 2, 5].map((level) => zstd(level, 0)),
    ...[1, 9].map((clevel) => lz4({ clevel })),
    ...SHUFFLES.filter((shuffle) => shuffle !== chosen.fast.shuffle).map((shuffle) =>
      lz4({ shuffle }),
    ),
    ...[0, DEFAULT_BLOCKSIZE]
      .filter((blocksize) => blocksize !== FAST_BLOCKSIZE)
      .map((blocksize) => lz4({ blocksize })),
  ];
}

function drawRasters({ sizes, seed }) {
  const synthetic = ['uint8', 'float32'].map((dtype) => {
    const side = sizes.encode[dtype];
    const pixels = drawBand(side, side, dtype, seed);
    return { name: `synthetic ${dtype}`, dtype, shape: [side, side], pixels };
  });
  return [...synthetic, ...(sizes.landsat ? SCENES.flatMap((scene) => readScene(scene)) : [])];
}

/** At most as many pixels as a synthetic band of a full run has in half its side. */
const MOST = 1800;

function readScene({ name, file, dtype }) {
  const path = join(SHARED, file);
  if (!existsSync(path)) return [];
  const dataset = loadGdal().open(path);
  const { x, y } = dataset.rasterSize;
  const [height, width] = [Math.min(y, MOST), Math.min(x, MOST)];
  const [row, col] = [Math.floor((y - height) / 2), Math.floor((x - width) / 2)];
  const pixels = dataset.bands.get(1).pixels.read(col, row, width, height);
  dataset.close();
  return [{ name, dtype, shape: [height, width], pixels }];
}

function startWorker() {
  const child = fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let waiting;
  child.on('message', ({ value, error }) =>
    error === undefined ? waiting?.resolve(value) : waiting?.reject(new Error(error)),
  );
  child.on('exit', (code) => waiting?.reject(new Error(`the codecs ended with code ${code}`)));
  return {
    ask: (task) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        child.send(task);
      }),
    stop: () => child.connected && child.disconnect(),
  };
}
