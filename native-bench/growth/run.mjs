/**
 * Whether a cube stays quick as it grows: planning and counting 700,000 tiles, and a commit into a cube
 * that holds up to a million references to chunks, with its manifests split and without.
 * Run: node native-bench/growth/run.mjs [folder for the cubes; about 500 MB]
 *
 * Contenders take turns, so that a machine that drifts drifts for all. Results go to
 * native-bench/results/growth.json and into the README of src/store.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Repository } from '../../dist/store/repository.js';
import { Committer } from '../../dist/store/tiles/committer.js';
import { median } from '../statistics.mjs';
import { dataset, emptyCube, fill, grid, mark, SIDE, squareOf } from './cubes.mjs';

const REFERENCES = [0, 10_000, 100_000, 1_000_000];
const COMMIT_ROUNDS = Number(process.env.ROUNDS ?? 25);
const WARM_UP = 3;
const PROCESS_ROUNDS = 3;
const GROUP = 16;
/** More than Icechunk keeps inside a manifest, so that objects are written as in life. */
const CHUNK_BYTES = 1024;

const root = new URL('../../', import.meta.url);
const range = (values) => [Math.min(...values), Math.max(...values)];

/** Park and Miller's generator: the same places in every run. */
let state = 20_261_125;
const random = () => {
  state = (state * 48_271) % 0x7fffffff;
  return state / 0x7fffffff;
};

async function manifestsOf(path) {
  const folder = join(path, 'manifests');
  // There is none before the first manifest.
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return { count: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** One commit of a group of tiles that lie side by side, among those that are there. */
async function commitGroup({ path, references }) {
  const repository = await Repository.open({ kind: 'local', path });
  const { rows, cols } =
    references === 0 ? { rows: grid.rows, cols: grid.cols } : squareOf(references);
  const row = Math.floor(random() * rows);
  const from = Math.floor(random() * Math.max(cols - GROUP, 1));
  let ms;
  const committer = new Committer(repository, dataset, {
    groupSize: GROUP,
    onCommit: (_, took) => {
      ms = took;
    },
  });
  const before = await manifestsOf(path);
  const started = performance.now();
  for (let i = 0; i < GROUP; i++) {
    const index = { row, col: from + i };
    const chunks = dataset.bands.map((_, band) => ({
      band,
      bytes: new Uint8Array(CHUNK_BYTES).fill(i + 1),
      counts: { valid: 1, filled: 0, empty: 0 },
    }));
    await committer.add({
      state: 'encoded',
      id: `${row}-${from + i}`,
      index,
      chunks,
      isEmpty: false,
    });
  }
  const groupMs = performance.now() - started;
  const after = await manifestsOf(path);
  return { ms, groupMs, manifests: after.count - before.count, bytes: after.bytes - before.bytes };
}

async function compareCommits(folder) {
  const contenders = [];
  for (const references of REFERENCES)
    for (const isSplit of [true, false]) {
      const path = join(folder, `${references}-${isSplit ? 'split' : 'whole'}`);
      await emptyCube(path, isSplit);
      await fill(path, references);
      contenders.push({ references, isSplit, path, runs: [] });
      process.stderr.write(`made ${path}\n`);
    }
  for (let round = -WARM_UP; round < COMMIT_ROUNDS; round++)
    for (const contender of contenders) {
      const run = await commitGroup(contender);
      if (round >= 0) contender.runs.push(run);
    }
  return contenders.map(({ references, isSplit, runs }) => {
    const times = runs.map(({ ms }) => ms);
    return {
      references,
      isSplit,
      ms: median(times),
      spread: range(times),
      groupMs: median(runs.map(({ groupMs }) => groupMs)),
      groupSpread: range(runs.map(({ groupMs }) => groupMs)),
      manifests: median(runs.map(({ manifests }) => manifests)),
      manifestBytes: median(runs.map(({ bytes }) => bytes)),
    };
  });
}

/** The same thing by several processes, one after the other. */
function inProcess(what, path) {
  const script = fileURLToPath(new URL('measure.mjs', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, what, path], { encoding: 'utf8' }));
}

async function measureWalks(folder) {
  const cubes = [
    { name: 'no tile loaded', isLoaded: () => false },
    { name: 'every second tile loaded', isLoaded: (row, col) => (row + col) % 2 === 1 },
    { name: 'all tiles loaded', isLoaded: () => true },
  ];
  for (const cube of cubes) {
    cube.path = join(folder, cube.name.replaceAll(' ', '-'));
    await mark(await emptyCube(cube.path, true), cube.isLoaded);
  }
  const [none, second, all] = cubes;
  const tasks = [
    { what: 'open', ...none },
    { what: 'plan', ...none },
    { what: 'plan', ...second },
    { what: 'plan and walk', ...none },
    { what: 'count', ...all },
    { what: 'walk', ...all },
    { what: 'verify --quick', name: '1,000,000 references', path: join(folder, '1000000-split') },
  ].map((task) => ({ ...task, runs: [] }));
  for (let round = 0; round < PROCESS_ROUNDS; round++)
    for (const task of tasks) task.runs.push(inProcess(task.what, task.path));
  return tasks.map(({ what, name, runs }) => ({
    what,
    name,
    count: runs[0].count,
    seconds: median(runs.map(({ seconds }) => seconds)),
    secondsSpread: range(runs.map(({ seconds }) => seconds)),
    megabytes: median(runs.map(({ megabytes }) => megabytes)),
    megabytesSpread: range(runs.map(({ megabytes }) => megabytes)),
  }));
}

const number = (value) => value.toLocaleString('en');

function commitTable(rows) {
  const empty = rows.find(({ references, isSplit }) => references === 0 && isSplit);
  const shown = (ms, [low, high]) => `${ms.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
  const lines = rows.map((row) => {
    const { references, isSplit, ms, spread, groupMs, groupSpread, manifests, manifestBytes } = row;
    return `| ${[
      number(references),
      isSplit ? `${SIDE} x ${SIDE}` : 'no',
      shown(ms, spread),
      `${(ms / empty.ms).toFixed(1)} / ${(spread[0] / empty.spread[0]).toFixed(1)}`,
      `${shown(groupMs, groupSpread)}, ${(groupMs / empty.groupMs).toFixed(1)}`,
      manifests,
      (manifestBytes / 1000).toFixed(0),
    ].join(' | ')} |`;
  });
  return [
    '| references there | split, tiles | ms of the commit, median (range) | of the empty cube: median / least | ms with writing the chunks, and of the empty cube | manifests written | kB of them |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

const TASKS = {
  open: 'open the cube',
  plan: 'plan all tiles',
  'plan and walk': 'plan, and make each planned tile',
  count: 'count states',
  walk: 'list the states of all tiles',
  'verify --quick': 'verify --quick',
};

function walkTable(rows) {
  const lines = rows.map(
    ({ what, name, seconds, secondsSpread: s, megabytes, megabytesSpread: m }) =>
      `| ${TASKS[what]} | ${name} | ${seconds.toFixed(2)} (${s.map((x) => x.toFixed(2)).join(' to ')}) | ${megabytes.toFixed(0)} (${m.map((x) => x.toFixed(0)).join(' to ')}) |`,
  );
  return [
    '| task | cube | seconds, median (range) | MB of the process at its peak |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n');
}

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'geocubes-growth-')));
const load = loadavg()[0];
try {
  const commits = await compareCommits(folder);
  process.stdout.write(`${commitTable(commits)}\n\n`);
  const walks = await measureWalks(folder);
  process.stdout.write(`${walkTable(walks)}\n`);
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model,
    node: process.versions.node,
    loadAtStart: load,
    loadAtEnd: loadavg()[0],
  };
  const date = new Date().toISOString().slice(0, 10);
  const result = {
    date,
    machine,
    tiles: grid.rows * grid.cols,
    group: GROUP,
    side: SIDE,
    commits,
    walks,
  };
  await writeFile(
    new URL('native-bench/results/growth.json', root),
    `${JSON.stringify(result, undefined, 2)}\n`,
  );
  const readme = new URL('src/store/README.md', root);
  const text = await readFile(readme, 'utf8');
  const busy = Math.max(machine.loadAtStart, machine.loadAtEnd);
  const notes = `${date}, ${machine.cores} cores, Node ${machine.node}, local disk${busy > 1 ? `; the machine was not idle (load average ${machine.loadAtStart.toFixed(1)} at the start, ${machine.loadAtEnd.toFixed(1)} at the end)` : ''}. Made by \`node native-bench/growth/run.mjs\`.`;
  const body = [
    '<!-- growth:start -->',
    `A commit of ${GROUP} tiles of ${dataset.bands.length} bands, ledger and lock included, among the references that are there. Medians of ${COMMIT_ROUNDS} commits by each cube, taken in turn. ${notes}`,
    '',
    commitTable(commits),
    '',
    `A grid of ${number(grid.rows * grid.cols)} tiles. Medians of ${PROCESS_ROUNDS} runs, each in a process of its own.`,
    '',
    walkTable(walks),
    '<!-- growth:end -->',
  ].join('\n');
  await writeFile(readme, text.replace(/<!-- growth:start -->[\s\S]*<!-- growth:end -->/, body));
} finally {
  await rm(folder, { recursive: true, force: true });
}
