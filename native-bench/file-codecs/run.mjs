/**
 * Loads of a cube onto the grid of a raster by `near`, beside `gdalwarp` of a GeoTIFF of the cube's pixels: to files
 * of several codecs, the same for both. Writes results/file-codecs.json and the page.
 *
 *   node native-bench/file-codecs/run.mjs [--rounds 3] [--side 6000]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runTimed } from '../contenders/command.mjs';
import { isInstalled } from '../contenders/warps.mjs';
import { LAYOUT, writeScene, writeSceneDataset } from '../inputs/scene.mjs';
import { describeMachine } from '../machine.mjs';
import { compareAndTime, kernelScale, timedInto } from '../tasks/warps/compared.mjs';
import { gdalwarps, within } from '../tasks/warps/import.mjs';
import { writePage } from './page.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const [THREADS, CHUNK, SEED] = [2, 2048, 1];

const CODECS = {
  'DEFLATE 1, predictor 2': ['COMPRESS=DEFLATE', 'ZLEVEL=1', 'PREDICTOR=2'],
  'ZSTD 1, predictor 2': ['COMPRESS=ZSTD', 'ZSTD_LEVEL=1', 'PREDICTOR=2'],
  none: ['COMPRESS=NONE'],
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    side: { type: 'string', default: '6000' },
  },
});
const [rounds, side] = [Number(values.rounds), Number(values.side)];
if (!(await isInstalled('gdalwarp')))
  throw new Error(
    'Expected the command gdalwarp but it is not installed: Debian has it in gdal-bin.',
  );
const say = (line) => process.stderr.write(`file-codecs: ${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'geocubes-file-codecs-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const machine = describeMachine();
  const like = join(folder, 'scene.tif');
  const file = join(folder, 'dataset.json');
  const cube = join(folder, 'cube');
  const source = join(folder, 'source.tif');
  const cli = (...words) => [process.execPath, MAIN, ...words];
  const co = (options) => options.flatMap((option) => ['--co', option]);
  const scene = writeScene(like, { side, seed: SEED, threads: THREADS });
  const { geobox } = writeSceneDataset(file, { side, chunk: CHUNK }).grid;
  say('filling the cube');
  await runTimed(cli('create', '--dataset', file, '--store', cube));
  await runTimed(cli('import', like, '--store', cube));
  const box = ['--bbox-crs', geobox.crs, '--bbox', within(geobox).join(',')];
  await runTimed(cli('load', '--store', cube, ...box, ...co(LAYOUT), '--out', source));
  const scale = kernelScale(geobox, scene);
  const cases = Object.entries(CODECS).map(([codec, options]) => {
    const creation = [...LAYOUT, ...options];
    const warp = (name) => ({
      ...{ source, out: join(folder, name), grid: scene, resampling: 'near' },
      ...{ scale, threads: THREADS, creation },
    });
    const command = (kind, words, more) => {
      const samples = [];
      const out = join(folder, `${kind}.tif`);
      const measure = async () => void samples.push(await timedInto(out, words));
      return { kind, measure, samples, pixels: () => out, ...more };
    };
    const how = ['--like', like, '--resampling', 'near', '--threads', `${THREADS}`];
    const out = ['--out', join(folder, 'geocubes.tif'), '--overwrite'];
    const contenders = [
      command('geocubes', cli('load', '--store', cube, ...how, ...co(creation), ...out), {
        ...{ name: 'geocubes load --like', isExact: true },
      }),
      ...gdalwarps(warp, command, {}),
    ];
    return { codec, creation, contenders };
  });
  // What a round has measured is kept: codecs take turns too, and a machine may not be ours for long.
  for (let round = 0; round < rounds; round++) {
    for (const { codec, contenders } of cases) {
      const told = (line) => say(`round ${round + 1}, ${codec}: ${line}`);
      told('begins');
      if (round === 0)
        await compareAndTime(contenders, {
          ...{ resampling: 'near', source, rounds: 0, say: told },
        });
      else for (const { measure } of contenders) await measure();
    }
    save({ machine, scene, geobox, cases });
  }
}

function save({ machine, scene, geobox, cases }) {
  const results = {
    ...{ date: new Date().toISOString().slice(0, 10), machine, node: process.versions.node },
    ...{ side, bands: scene.bands.length, sourceShape: geobox.shape, chunk: CHUNK },
    threads: THREADS,
    cases: cases.map(({ codec, creation, contenders }) => ({
      ...{ codec, creation },
      contenders: contenders.map(({ name, kind, samples }) => ({ name, kernel: kind, samples })),
    })),
  };
  if (side !== 6000) return void say(writePage(results));
  writeFileSync(
    join(HERE, '../results/file-codecs.json'),
    `${JSON.stringify(results, undefined, 2)}\n`,
  );
  writeFileSync(join(HERE, 'README.md'), writePage(results));
}
