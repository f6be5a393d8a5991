/**
 * Measures the kernels against each other, against the floor under them and against the Python
 * original, and whole commands against those that one would type instead; see native-bench/README.md and
 * native-bench/commands/README.md, which this writes.
 *
 *   npm run bench [-- options]     --help lists them
 *
 * Environment:
 *   GEOCUBES_VENV  parent of the virtual environment (default .venv in the project)
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGdalKernel } from '../dist/kernel/gdal/kernel.js';
import { CannotRun, ensureEnvironment } from '../scripts/python.mjs';
import { Disagreement } from './agreement.mjs';
import { describeMachine, describeVersions } from './machine.mjs';
import { PARTS, readOptions, SIZES, USAGE, UsageError } from './options.mjs';
import { reportOn } from './report.mjs';
import { startOriginal } from './tasks/setting.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Results of quick and partial runs, which never take the place of a full one's. */
const PARTIAL = join(HERE, 'results', 'partial', 'some.json');

/** Where each part's page goes, and the README whose short table is of it. */
const PAGES = {
  kernels: { folder: HERE, readme: join(ROOT, 'README.md') },
  commands: { folder: join(HERE, 'commands') },
};

/** Of tasks that have one. */
const FOLDERS = { import: 'warps', 'load-like': 'warps' };

const ORIGINAL = {
  ...{ name: 'bench', file: 'requirements.txt', minor: 11 },
  what: 'the Python original and the other libraries of Python are',
};
/** It stands on other versions of the same packages. */
const WITH_XEE = {
  ...{ name: 'bench-seed', file: 'requirements-seed.txt', minor: 12 },
  what: 'smart-geocubes with Xee is',
};

/** Inputs and cubes of the task that runs: gigabytes, which an interrupted run must not leave behind. */
const folders = new Set();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(signal, () => process.exit(code));

const say = (line) => process.stderr.write(`bench: ${line}\n`);

try {
  await main(readOptions(process.argv.slice(2), availableParallelism()));
} catch (error) {
  const isPlain = error instanceof UsageError || error instanceof Disagreement;
  process.stderr.write(isPlain ? `${error.message}\n` : `${error.stack}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(options) {
  if (options.help) return void process.stdout.write(USAGE);
  if (options.isPartial) return runPart(options, PARTIAL, { folder: dirname(PARTIAL) });
  for (const part of options.parts)
    await runPart({ ...options, tasks: PARTS[part] }, join(HERE, 'results', `${part}.json`), {
      part,
      ...PAGES[part],
    });
}

/** Measures tasks, keeps the results in a file, and writes their page. */
async function runPart(options, file, places) {
  if (options.reportOnly && !existsSync(file))
    throw new UsageError(
      `Expected results at ${file} but received none. Run "npm run bench" first.`,
    );
  if (!options.reportOnly) {
    let results;
    // What is finished is kept as a partial run, so that a long one that fails is not all lost.
    for await (results of measure(options)) save(PARTIAL, results);
    save(file, results);
  }
  for (const path of reportOn(file, places)) say(`wrote ${path}`);
}

function save(file, results) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** Runs the tasks one after another; after each, yields the results of all so far. */
async function* measure({ mode, tasks, usePython, threads, seed }) {
  const started = Date.now();
  const python = usePython ? findPython(ORIGINAL) : undefined;
  const pythonSeed = usePython && tasks.includes('end-to-end') ? findPython(WITH_XEE) : undefined;
  const { hasBlosc } = createGdalKernel().facts;
  const run = {
    date: new Date(started).toISOString().slice(0, 10),
    ...{ mode, seed, threads, rounds: SIZES[mode].rounds },
    machine: describeMachine(),
    versions: describeVersions(ROOT),
    ...(python === undefined ? {} : { python: await pythonVersions(python) }),
    ...(pythonSeed === undefined ? {} : { pythonSeed: seedVersions(pythonSeed) }),
  };
  say(`${mode}, seed ${seed}, up to ${threads} threads, load ${run.machine.load.toFixed(2)}`);
  const results = {};
  for (const name of tasks) {
    const since = Date.now();
    results[name] = await inFolder(name, async (folder) => {
      const task = await import(`./tasks/${FOLDERS[name] ?? '.'}/${name}.mjs`);
      return task.run({
        ...{ folder, sizes: SIZES[mode], threads, seed, hasBlosc, python, pythonSeed },
        say: (line) => say(`${name}: ${line}`),
      });
    });
    say(`${name}: done in ${((Date.now() - since) / 1000).toFixed(0)} s`);
    yield { ...run, seconds: (Date.now() - started) / 1000, tasks: results };
  }
}

async function inFolder(name, use) {
  const folder = mkdtempSync(join(tmpdir(), `geocubes-bench-${name}-`));
  folders.add(folder);
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

/** @param {{ name: string, file: string, minor: number, what: string }} environment @returns {string | undefined} */
function findPython({ name, file, minor, what }) {
  const venv = resolve(process.env.GEOCUBES_VENV ?? join(ROOT, '.venv'));
  try {
    return ensureEnvironment(join(venv, name), join(HERE, 'python', file), minor, say);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`${what} left out. ${error.message}`);
    return undefined;
  }
}

async function pythonVersions(python) {
  const contender = startOriginal({ python });
  try {
    return await contender.ask('ready');
  } finally {
    contender.stop();
  }
}

/** Three decimals are more than the spread leaves. */
function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(6))
    : value;
}

/** Of what fills cubes there; asked of the environment, without loading it. */
function seedVersions(python) {
  const names = ['smart-geocubes', 'xee', 'earthengine-api', 'icechunk', 'xarray', 'zarr'];
  const code = `import importlib.metadata as m, json, platform, sys
print(json.dumps({"python": platform.python_version(), **{n: m.version(n) for n in sys.argv[1:]}}))`;
  return JSON.parse(execFileSync(python, ['-c', code, ...names], { encoding: 'utf8' }));
}
