/**
 * One tile of AlphaEarth, 64 bands of float32, by whole processes: this version, and another one where it is given.
 *
 * Run: node native-bench/large-tile/run.mjs [COMMIT]
 *
 * COMMIT is compiled in a folder beside the system's temporary ones, with the packages and addons of this one. Replies
 * are computed once and kept in files (3.3 GB), those of a version in the round before the first, which checks that the
 * pixels of both are the same. Versions take turns. SIDE is that of the tile in pixels, 3600 where nothing is said,
 * ROUNDS how often. Results go to native-bench/results/large-tile.json and native-bench/large-tile/README.md.
 */
import { execFileSync, fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cube } from '../../dist/index.js';
import { writePage } from './page.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SIDE = Number(process.env.SIDE ?? 3600);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const THREADS = availableParallelism();
const RESOLUTION = 8.98315284e-5;
/** Where there is land. */
const [WEST, SOUTH] = [126, 71.5].map((at) => Math.round(at / RESOLUTION));
const say = (line) => process.stderr.write(`${line}\n`);
const [commit] = process.argv.slice(2);

const folder = mkdtempSync(join(tmpdir(), 'geocubes-large-tile-'));
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(signal, () => process.exit(code));
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const bounds = [WEST, SOUTH, WEST + SIDE, SOUTH + SIDE].map((at) => at * RESOLUTION);
const dataset = join(folder, 'dataset.json');
writeFileSync(
  dataset,
  JSON.stringify({
    title: 'Large tile',
    collection: 'GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL',
    bands: Array.from({ length: 64 }, (_, band) => `A${String(band).padStart(2, '0')}`),
    dtype: 'float32',
    grid: { crs: 'EPSG:4326', bounds, resolution: RESOLUTION, chunk: SIDE },
    time: { start: '2020-01-01', step: '1 year', count: 1 },
  }),
);

const versions = [{ name: 'this version', root: ROOT }];
if (commit !== undefined) versions.unshift({ name: commit, root: await compiled(commit) });
const service = await startService();
try {
  for (const version of versions) {
    say(`${version.name}: check`);
    await fill(version);
    version.pixels = await digest(version);
    version.planned = version.root === ROOT ? await planned(version) : undefined;
  }
  const [first, ...others] = versions;
  for (const { name, pixels } of others)
    if (pixels !== first.pixels)
      throw new Error(`Expected the pixels of ${first.name} but ${name} has others.`);
  const samples = versions.map(() => []);
  const load = loadavg()[0];
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, version] of versions.entries()) {
      samples[i].push(await fill(version));
      say(`${version.name}: ${JSON.stringify(samples[i].at(-1))}`);
    }
  const results = {
    ...{ date: new Date().toISOString().slice(0, 10), cpu: cpus()[0]?.model.trim() ?? 'unknown' },
    ...{ cores: THREADS, node: process.versions.node, load, side: SIDE, bands: 64 },
    versions: versions.map(({ name, planned }, i) => ({ name, planned, samples: samples[i] })),
  };
  writeFileSync(
    new URL('../results/large-tile.json', import.meta.url),
    `${JSON.stringify(results, undefined, 2)}\n`,
  );
  writeFileSync(new URL('README.md', import.meta.url), writePage(results));
} finally {
  service.stop();
}

/** Another version of this project, with what npm and the set-up have made of this one. */
async function compiled(name) {
  say(`compiling ${name}`);
  const root = join(folder, 'version');
  mkdirSync(root);
  const archive = execFileSync('git', ['archive', name], { cwd: ROOT, maxBuffer: 1024 ** 3 });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  for (const shared of ['node_modules', '.native'])
    symlinkSync(join(ROOT, shared), join(root, shared));
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', root]);
  // Its own, which knows what that version consists of, where it had it.
  const script = ['compiled/bundle.mjs', 'bundle.mjs']
    .map((each) => join(root, 'scripts/bootstrap', each))
    .find((each) => existsSync(each));
  if (script !== undefined) await (await import(script)).bundleCommand(root);
  return root;
}

function startService() {
  const replies = join(folder, 'replies');
  mkdirSync(replies);
  const child = fork(fileURLToPath(new URL('service.mjs', import.meta.url)), [replies]);
  // Before the folder goes that it writes to.
  process.prependOnceListener('exit', () => child.kill('SIGKILL'));
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`The service ended with code ${code}.`)));
    });
  return answer().then(({ url }) => ({
    url,
    counted: () => {
      const counts = answer();
      child.send('count');
      return counts;
    },
    stop: () => child.disconnect(),
  }));
}

/** Fills an empty cube; milliseconds, processor time, peak of resident memory in bytes, requests. */
async function fill({ root }) {
  const store = join(folder, 'cube');
  rmSync(store, { recursive: true, force: true });
  await run(root, ['create', '--dataset', dataset, '--store', store]);
  const time = await run(root, ['ingest', ...regionOf(store), '--quiet']);
  return { ...time, ...(await service.counted()) };
}

function regionOf(store) {
  const [west, south, east, north] = bounds;
  const within = RESOLUTION / 4;
  const box = [west + within, south + within, east - within, north - within].join(',');
  return [
    ...['--store', store, '--bbox-crs', 'EPSG:4326', '--bbox', box, '--threads', `${THREADS}`],
    ...['--endpoint', service.url, '--project', 'bench'],
  ];
}

/** Bytes of memory that a plan tells. */
async function planned({ root }) {
  const store = join(folder, 'empty');
  await run(root, ['create', '--dataset', dataset, '--store', store]);
  const main = join(root, 'dist/cli/main.js');
  const words = [main, 'plan', ...regionOf(store), '--format', 'json'];
  const { memory } = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
  return memory.bytes;
}

async function digest() {
  const cube = await Cube.open(join(folder, 'cube'));
  const hash = createHash('sha256');
  const { geobox } = cube.grid;
  for (const { name } of cube.dataset.bands) {
    const { bands } = await cube.load(geobox, { bands: [name] });
    for (const pixels of bands.values())
      hash.update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
  }
  return hash.digest('hex');
}

/** `time` of GNU tells the peak of a process's memory too. */
function run(root, words) {
  return new Promise((resolve, reject) => {
    const main = join(root, 'dist/cli/main.js');
    const timed = ['-f', '%e %U %S %M', process.execPath, main, ...words];
    const child = spawn('/usr/bin/time', timed, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, GEOCUBES_TOKEN: 'loopback' },
    });
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const [real, user, system, peak] = said.trim().split('\n').at(-1).split(' ').map(Number);
      if (code !== 0) reject(new Error(`Expected ${words[0]} to end well but it said: ${said}`));
      else resolve({ ms: 1000 * real, cpuMs: 1000 * (user + system), peak: 1024 * peak });
    });
  });
}
