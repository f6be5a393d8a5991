/** The package as a stranger has it: installed from its tarball into an empty folder, and used as the README says. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLine, run } from '../bootstrap/run.mjs';

/** Prints the public names; fails where the package or its schema cannot be imported. */
const IMPORTS = `
const names = Object.keys(await import('smart-geocubes-native'));
const schema = await import('smart-geocubes-native/dataset.schema.json', { with: { type: 'json' } });
if (typeof schema.default.properties !== 'object') throw new Error('the schema has no properties');
console.log(names.join(' '));
`;

/** The same by `require`, for scripts that are CommonJS. */
const REQUIRES = `console.log(Object.keys(require('smart-geocubes-native')).join(' '));`;

/** Everything that a caller can name has its type, also what others declare, and bands are known by name. */
const CONSUMER = `
import * as geocubes from 'smart-geocubes-native';
export const names: string[] = Object.keys(geocubes);
export async function brightness(): Promise<Uint8Array> {
  const pool = geocubes.createPool();
  const dataset = geocubes.presetDataset('TCTrend');
  const cube = await geocubes.Cube.create('memory:consumer', dataset, { pool });
  const { bands } = await cube.load(geocubes.parseBoundingBox('0,0,1,1'));
  return bands.get('TCB_slope');
}
export function words(error: unknown): string {
  if (!(error instanceof geocubes.GeocubesError)) throw error;
  switch (error.tag) {
    case 'store':
      return error.kind;
    case 'raster':
      return error.stage;
    default:
      return error.message;
  }
}
`;
const COMMONJS_CONSUMER = `
import geocubes = require('smart-geocubes-native');
export const open: Promise<geocubes.Cube> = geocubes.Cube.open('memory:none');
`;

/** By what a project says of its modules. None leaves out what declarations of others say. */
const PROJECTS = [
  { file: 'consumer.ts', module: 'node16', moduleResolution: 'node16' },
  { file: 'consumer.ts', module: 'nodenext', moduleResolution: 'nodenext' },
  { file: 'consumer.ts', module: 'esnext', moduleResolution: 'bundler' },
  { file: 'required.cts', module: 'nodenext', moduleResolution: 'nodenext' },
];

/** Fills a small cube from a source in memory, with threads, and reads it. */
const USE = `
import { Cube, createPool, defineDataset } from 'smart-geocubes-native';

export async function use(name) {
  const pool = createPool({ size: 2, kernel: 'js' });
  const dataset = defineDataset({
    title: 'small',
    local: true,
    bands: ['height'],
    dtype: 'int16',
    nodata: -1,
    grid: { crs: 'EPSG:32633', bounds: [0, 0, 640, 640], resolution: 10, chunk: 32 },
  });
  const cube = await Cube.create('memory:' + name, dataset, { pool });
  const { bands, missingTiles } = await cube.load(cube.grid.geobox, { pool });
  await pool.close();
  return { pixels: bands.get('height').length, missingTiles };
}
`;
const USED = '{"pixels":4096,"missingTiles":4}';

/** Starts the user's own thread, without \`workerData\` and with some, and prints what each says. */
const THREADS = `
import { Worker } from 'node:worker_threads';
for (const workerData of [undefined, null, { mod: './of-the-user.js' }]) {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData });
  const [said] = await Promise.race([
    new Promise((resolve) => worker.once('message', (message) => resolve([message]))),
    new Promise((_, reject) => worker.once('error', reject)),
  ]);
  console.log(JSON.stringify(said));
  await worker.terminate();
}
`;
const THREAD = `
import { parentPort, threadId } from 'node:worker_threads';
import { use } from './use.mjs';
parentPort.postMessage(await use('thread-' + threadId));
`;

const TESTED = `
import { isMainThread } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { use } from './use.mjs';

test('in a thread of vitest', { timeout: 120_000 }, async () => {
  expect(isMainThread).toBe(false);
  expect(JSON.stringify(await use('vitest'))).toBe('${USED}');
});
`;

/**
 * Problems, one a line; empty where there are none. Needs the network, or npm's cache.
 * @param {string} root the checkout, for its compiler and its vitest
 * @param {string} tarball
 * @param {{ version: string, publicNames: readonly string[], say: (line: string) => void }} expected
 */
export async function tryInstall(root, tarball, { version, publicNames, say }) {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-release-'));
  const call = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
    run(command, args, { cwd: folder });
  const node = (/** @type {string[]} */ ...args) => call(process.execPath, ...args);
  const geocubes = (/** @type {string[]} */ ...args) =>
    call(join('node_modules', '.bin', 'geocubes'), ...args);
  const checks = {
    'import()': async () =>
      importProblems(await node('--input-type=module', '-e', IMPORTS), publicNames),
    'require()': async () => importProblems(await node('required.cjs'), publicNames),
    types: async () => (await Promise.all(PROJECTS.map((project) => compile(project)))).flat(),
    // Before anything native is loaded: an older glibc lacks some of it.
    'geocubes setup': async () => failed(await geocubes('setup')),
    'in threads': async () => printed(await node('threads.mjs'), `${USED}\n${USED}\n${USED}`),
    'in vitest': async () =>
      failed(await node(linked('vitest', 'vitest.mjs'), 'run', '--pool=threads')),
    'geocubes --version': async () => printed(await geocubes('--version'), version),
    'geocubes demo': async () => failed(await geocubes('demo')),
  };
  /** A tool of the checkout, as one of the folder's own. */
  function linked(/** @type {string} */ name, /** @type {string} */ entry) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
    return join('node_modules', name, entry);
  }
  async function compile({ file, ...options }) {
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--pretty', 'false'];
    // Without @types/node in `types`: what of it the declarations need they ask for themselves.
    const result = await node(compiler, file, '--target', 'es2023', ...strict, ...flags);
    const where = `types (${options.moduleResolution}, ${file})`;
    const lines = result.output.split('\n').filter((line) => line.includes('error TS'));
    return lines.slice(0, 5).map((line) => `${where}: ${line}`);
  }
  try {
    writeAll(folder);
    const npm = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline'];
    const installed = await call('npm', 'install', tarball, ...npm);
    if (!installed.ok) return [`npm install: ${lastLine(installed.output)}`];
    const problems = [];
    for (const [name, check] of Object.entries(checks)) {
      const began = performance.now();
      const found = await check();
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      say(`  ${name}: ${found.length === 0 ? 'good' : 'not good'} (${seconds} s)`);
      problems.push(...found.map((line) => `${name}: ${line}`));
    }
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeAll(/** @type {string} */ folder) {
  const files = {
    'package.json': '{ "private": true, "type": "module" }',
    'consumer.ts': CONSUMER,
    'required.cts': COMMONJS_CONSUMER,
    'required.cjs': REQUIRES,
    'use.mjs': USE,
    'threads.mjs': THREADS,
    'thread.mjs': THREAD,
    'threads.test.mjs': TESTED,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** @typedef {import('../bootstrap/run.mjs').RunResult} RunResult */

/** @param {RunResult} result @param {readonly string[]} publicNames */
function importProblems(result, publicNames) {
  if (!result.ok) return [firstError(result.output)];
  const names = result.stdout.trim().split(' ');
  return publicNames
    .filter((name) => !names.includes(name))
    .map((name) => `expected the name ${name} but it is not exported`);
}

/** @param {RunResult} result @param {string} wanted */
function printed(result, wanted) {
  if (result.ok && result.stdout.trim() === wanted) return [];
  return [`expected ${wanted} but received: ${firstError(result.output)}`];
}

/** @param {RunResult} result */
function failed(result) {
  return result.ok ? [] : [firstError(result.output)];
}

function firstError(/** @type {string} */ output) {
  return output.split('\n').find((line) => /Error/.test(line)) ?? lastLine(output);
}
