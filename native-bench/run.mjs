/**
 * Measures the kernels against each other, against the floor under them and against the Python
 * original; see native-bench/README.md, which this writes.
 *
 *   npm run bench [-- options]     --help lists them
 *
 * Environment:
 *   GEOCUBES_VENV  parent of the virtual environment (default .venv in the project)
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gdalFacts } from '../dist/kernel/gdal/facts.js';
import { CannotRun, ensureEnvironment } from '../scripts/python.mjs';
import { Disagreement } from './agreement.mjs';
import { describeMachine, describeVersions } from './machine.mjs';
import { readOptions, SIZES, USAGE, UsageError } from './options.mjs';
import { reportOn } from './report.mjs';
import { startOriginal } from './tasks/setting.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

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
  const place = options.isPartial ? 'results/partial' : 'results';
  const file = join(HERE, place, 'kernels.json');
  if (options.reportOnly && !existsSync(file))
    throw new UsageError(
      `Expected results at ${file} but received none. Run "npm run bench" first.`,
    );
  if (!options.reportOnly) {
    const results = await measure(options);
    mkdirSync(join(HERE, place), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
  }
  for (const path of reportOn(
    file,
    options.isPartial
      ? { folder: join(HERE, place) }
      : { folder: HERE, readme: join(ROOT, 'README.md') },
  ))
    say(`wrote ${path}`);
}

async function measure({ mode, tasks, usePython, threads, seed }) {
  const started = Date.now();
  const python = usePython ? findPython() : undefined;
  const machine = describeMachine();
  say(`${mode}, seed ${seed}, up to ${threads} threads, load ${machine.load.toFixed(2)}`);
  const results = {};
  for (const name of tasks) {
    const { run } = await import(`./tasks/${name}.mjs`);
    const folder = mkdtempSync(join(tmpdir(), `geocubes-bench-${name}-`));
    folders.add(folder);
    const since = Date.now();
    try {
      results[name] = await run({
        folder,
        sizes: SIZES[mode],
        threads,
        seed,
        hasBlosc: gdalFacts().bloscCompressors.includes('zstd'),
        python,
        say: (line) => say(`${name}: ${line}`),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    }
    say(`${name}: done in ${((Date.now() - since) / 1000).toFixed(0)} s`);
  }
  return {
    date: new Date(started).toISOString().slice(0, 10),
    mode,
    seed,
    threads,
    seconds: (Date.now() - started) / 1000,
    rounds: SIZES[mode].rounds,
    machine,
    versions: describeVersions(),
    python: python === undefined ? undefined : await pythonVersions(python),
    tasks: results,
  };
}

function findPython() {
  const venv = resolve(process.env.GEOCUBES_VENV ?? join(ROOT, '.venv'));
  try {
    return ensureEnvironment(
      join(venv, 'bench'),
      join(HERE, 'python', 'requirements.txt'),
      11,
      say,
    );
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`the Python original is left out. ${error.message}`);
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
