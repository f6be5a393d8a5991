/**
 * How a cube like AlphaEarth north of 60 degrees grows: 751,950 tiles of 64 bands, 48 million chunks. Measured with
 * references alone, up to some millions of them; what lies beyond is arithmetic on what was measured, and said so.
 * Run: node native-bench/growth/large.mjs [folder for the cube; about 1 GB]
 *
 * Results go to native-bench/results/growth-large.json and native-bench/growth/README.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../statistics.mjs';
import { alphaEarth, emptyCube, fill, placeAfter, sizeOf, tcTrend } from './large-cubes.mjs';
import { writeLargePage } from './large-page.mjs';

/** References that are there when commits are measured. */
const POINTS = (process.env.POINTS ?? '10000,100000,1000000,5000000').split(',').map(Number);
/** Tiles in a commit. */
const GROUPS = [1, 4, 16, 64];
const ROUNDS = 3;

const root = new URL('../../', import.meta.url);
const say = (line) => process.stderr.write(`${line}\n`);

function inProcess(script, ...args) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const out = execFileSync(process.execPath, [file, ...args.map(String)], { encoding: 'utf8' });
  return JSON.parse(out);
}

async function folderBytes(path) {
  const names = await readdir(path);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** By each number of references: what a commit of each size of group writes and takes. */
async function measureCommits(path) {
  await emptyCube(alphaEarth, path);
  const { bands } = sizeOf(alphaEarth);
  const points = [];
  let filled = 0;
  for (const references of POINTS) {
    const tiles = Math.round(references / bands);
    const started = performance.now();
    await fill(alphaEarth, path, filled, tiles);
    const fillSeconds = (performance.now() - started) / 1000;
    const set = (tiles - filled) * bands;
    filled = tiles;
    const load = loadavg()[0];
    // Of single tiles the second of three is the one in the middle.
    const place = placeAfter(alphaEarth, filled + Math.ceil(ROUNDS / 2));
    const groups = GROUPS.map((group) => {
      const { runs, megabytes } = inProcess('commit.mjs', path, filled, group, ROUNDS);
      filled += group * ROUNDS;
      const of = (name, what) => median(runs.map((run) => run[name][what]));
      return {
        ...{ group, ms: median(runs.map(({ ms }) => ms)), megabytes },
        leastMs: Math.min(...runs.map(({ ms }) => ms)),
        mostMs: Math.max(...runs.map(({ ms }) => ms)),
        snapshotBytes: of('snapshots', 'bytes'),
        manifestBytes: of('manifests', 'bytes'),
        manifestFiles: of('manifests', 'files'),
        transactionBytes: of('transactions', 'bytes'),
      };
    });
    const point = { references: filled * bands, ...place, set, fillSeconds, load, groups };
    say(JSON.stringify(point));
    points.push(point);
  }
  return { points, bytes: await cubeBytes(path) };
}

async function cubeBytes(path) {
  const folders = ['snapshots', 'manifests', 'transactions'];
  return Object.fromEntries(
    await Promise.all(folders.map(async (name) => [name, await folderBytes(join(path, name))])),
  );
}

/** Planning the whole region, with nothing loaded, in a process of its own. */
async function measurePlans(folder) {
  const rows = [];
  for (const [name, dataset] of [
    ['AlphaEarth north of 60 degrees', alphaEarth],
    ['pan-Arctic TCTrend', tcTrend],
  ]) {
    const path = join(folder, name.replaceAll(' ', '-'));
    await emptyCube(dataset, path);
    const runs = Array.from({ length: ROUNDS }, () => inProcess('measure.mjs', 'plan', path));
    rows.push({
      ...{ name, tiles: runs[0].count },
      requests: runs[0].requests,
      bytes: runs[0].bytes,
      seconds: median(runs.map(({ seconds }) => seconds)),
      megabytes: median(runs.map(({ megabytes }) => megabytes)),
    });
    say(JSON.stringify(rows.at(-1)));
  }
  return rows;
}

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'geocubes-large-')));
try {
  const plans = await measurePlans(folder);
  const commits = await measureCommits(join(folder, 'alphaearth'));
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cores: availableParallelism(),
      cpu: cpus()[0]?.model.trim(),
      node: process.versions.node,
    },
    rounds: ROUNDS,
    cubes: { alphaEarth: sizeOf(alphaEarth), tcTrend: sizeOf(tcTrend) },
    plans,
    ...commits,
  };
  const json = `${JSON.stringify(result, undefined, 2)}\n`;
  await writeFile(new URL('native-bench/results/growth-large.json', root), json);
  await writeFile(new URL('native-bench/growth/README.md', root), writeLargePage(result));
} finally {
  await rm(folder, { recursive: true, force: true });
}
