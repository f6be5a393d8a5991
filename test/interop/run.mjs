#!/usr/bin/env node
/**
 * Makes cubes with the project's compiled code and opens them in Python:
 *
 *   node test/interop/run.mjs [pytest arguments]
 *
 * All tests run twice, in two virtual environments: icechunk 1 with what smart-geocubes uses, and
 * icechunk 2 with the newest of everything. They are made at the first run. Where Python or its
 * packages are not to be had, that is said and the tests are skipped; with CI=true it is a failure.
 *
 * Environment:
 *   GEOCUBES_VENV  parent of the virtual environments (default .venv in the project)
 *   CI             "true" turns every reason to skip into a failure
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun, ensureEnvironment } from './python.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = resolve(HERE, '../..');
const VENV = resolve(process.env.GEOCUBES_VENV ?? join(ROOT, '.venv'));
const IN_CI = process.env.CI === 'true';

const STACKS = [
  { name: 'icechunk-1', requirements: 'requirements.txt', python: 12 },
  { name: 'icechunk-2', requirements: 'requirements-icechunk-2.txt', python: 12 },
];

const OPTIONS = {
  stdio: ['ignore', 'inherit', 'inherit'],
  cwd: ROOT,
  env: {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
    // Icechunk warns of concurrent commits to a local folder each time it opens one; nothing commits here.
    ICECHUNK_LOG: 'error',
  },
};

const say = (line) => process.stdout.write(`interop: ${line}\n`);

process.exitCode = main(process.argv.slice(2));

/** @returns the exit code: the first of pytest's that is not 0 */
function main(/** @type {string[]} */ pytestArguments) {
  const environments = STACKS.map(prepare);
  const ready = environments.filter((python) => python !== undefined);
  if (IN_CI && ready.length < STACKS.length) return 1;
  if (ready.length === 0) return 0;
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) {
    say('Expected the compiled project in dist/ but found none. Run "node scripts/bootstrap.mjs".');
    return 1;
  }
  const cubes = mkdtempSync(join(tmpdir(), 'geocubes-interop-'));
  const code = makeCubes(cubes) || testAll(ready, cubes, pytestArguments);
  if (code === 0) rmSync(cubes, { recursive: true, force: true });
  else say(`the cubes are kept in ${cubes}`);
  return code;
}

function prepare({ name, requirements, python }) {
  try {
    return ensureEnvironment(join(VENV, name), join(HERE, requirements), python, say);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`${IN_CI ? 'failed' : 'skipped'}: the tests with ${name}. ${error.message}`);
    return undefined;
  }
}

function makeCubes(/** @type {string} */ folder) {
  return exitCode(spawnSync(process.execPath, [join(HERE, 'make-cubes.mjs'), folder], OPTIONS));
}

function testAll(pythons, cubes, more) {
  const args = ['-m', 'pytest', HERE, '--cubes', cubes, ...more];
  const codes = pythons.map((python) => exitCode(spawnSync(python, args, OPTIONS)));
  return codes.find((code) => code !== 0) ?? 0;
}

/** A child that was ended by a signal has no code. */
function exitCode({ status, error }) {
  if (error !== undefined) say(error.message);
  return status ?? 1;
}
