#!/usr/bin/env node
/**
 * Opens cubes of the project's compiled code in Python, and the other way round:
 *
 *   node test/interop/run.mjs [pytest arguments]
 *
 * The tests of what Python reads run twice, in two virtual environments: icechunk 1 with what
 * smart-geocubes uses, and icechunk 2 with the newest of everything. In exchange/ smart-geocubes itself
 * fills cubes in turn with this program, in both its generations, two processes fill one in an S3 on this
 * machine, and cubes are filled from an Earth Engine of another hand (strict_service.py). In places/ PROJ itself says where pixels come from, and in clients/ the clients of Earth
 * Engine ask the loopback server; in files/ GeoTIFFs, Zarr and NetCDF that `load` writes are opened; in jobs/ what the command writes for clusters is held to their schemas. The environments are made at the first run. Where Python or its packages are not to be
 * had, that is said and the tests are skipped; with CI=true it is a failure. At the end the bodies of all
 * requests that our client has sent are checked against what Google publishes of them (sent-bodies/).
 *
 * Environment:
 *   GEOCUBES_VENV  parent of the virtual environments (default .venv in the project)
 *   CI             "true" turns every reason to skip into a failure
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkJournal, openJournal } from '../sent-bodies/journal.mjs';
import { comparePlaces } from './places/run.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = resolve(HERE, '../..');
const VENV = resolve(process.env.GEOCUBES_VENV ?? join(ROOT, '.venv'));
const IN_CI = process.env.CI === 'true';

const STACKS = [
  { name: 'icechunk-1', requirements: 'requirements.txt', python: 12 },
  { name: 'icechunk-2', requirements: 'requirements-icechunk-2.txt', python: 12 },
];

/** An older smart-geocubes, which stands on packages of its time; the newer one is in icechunk-1. */
const OLD_SEED = { name: 'seed-0.0', requirements: 'requirements-seed-0.0.txt', python: 12 };

/** Earth Engine's clients as they are today, and smart-geocubes with the last Xee that it works with. */
const CLIENTS = [
  { name: 'clients', requirements: 'clients/requirements.txt', python: 12 },
  { name: 'clients-seed', requirements: 'clients/requirements-seed.txt', python: 12 },
];

/** What schedulers of clusters publish of their jobs. */
const JOBS = { name: 'jobs', requirements: 'jobs/requirements.txt', python: 11 };

/** Before the environment of all children is made. */
const journal = openJournal();

const OPTIONS = {
  stdio: ['ignore', 'inherit', 'inherit'],
  cwd: ROOT,
  env: {
    ...process.env,
    // Read by Node at each start, which takes it longer than all the rest of its start.
    NODE_EXTRA_CA_CERTS: undefined,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
    // Icechunk warns of concurrent commits to a local folder each time it opens one; nothing commits here.
    ICECHUNK_LOG: 'error',
  },
};

const say = (line) => process.stdout.write(`interop: ${line}\n`);

const places = comparePlaces();
const tested = await main(process.argv.slice(2));
const sent = checkSent();
process.exitCode = tested || places || sent;

/** Where Python was to be had, cubes were filled; where not, nothing was sent. */
function checkSent() {
  const { line, problems } = checkJournal(journal);
  for (const each of [line, ...problems]) say(each);
  return problems.length > 0 ? 1 : 0;
}

/** @returns the exit code: the first that is not 0 */
async function main(/** @type {string[]} */ pytestArguments) {
  // At once: they wait for the network and for the disk in turn.
  const [first, second, oldSeed, jobs, ...clients] = await Promise.all(
    [...STACKS, OLD_SEED, JOBS, ...CLIENTS].map(prepare),
  );
  const ready = [first, second].filter((python) => python !== undefined);
  if (IN_CI && [first, second, oldSeed, jobs, ...clients].includes(undefined)) return 1;
  if (ready.length === 0) return 0;
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) {
    say('Expected the compiled project in dist/ but found none. Run "node scripts/bootstrap.mjs".');
    return 1;
  }
  const cubes = mkdtempSync(join(tmpdir(), 'geocubes-interop-'));
  const code = makeCubes(cubes) || testAll(ready, cubes, pytestArguments);
  if (code === 0) rmSync(cubes, { recursive: true, force: true });
  else say(`the cubes are kept in ${cubes}`);
  return (
    code ||
    exchange({ '0.0': oldSeed, 0.1: first }, second) ||
    testFiles(first) ||
    testClients(clients) ||
    testJobs(jobs)
  );
}

/** @returns the environment's Python, or `undefined` where it cannot be made, which is said */
async function prepare({ name, requirements, python }) {
  const args = [join(HERE, 'prepare.mjs'), join(VENV, name), join(HERE, requirements)];
  const child = spawn(process.execPath, [...args, String(python)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code === 0) return said.trim();
  say(`${IN_CI ? 'failed' : 'skipped'}: the tests with ${name}. ${said.trim()}`);
  return undefined;
}

/** The tests in which Python writes, those that need an S3, and those with a strict Earth Engine. */
function exchange(/** @type {Record<string, string | undefined>} */ seeds, moto) {
  const tests = ['exchange', 'object-store', 'strict-service', 'strict-cubes'];
  const env = {
    ...OPTIONS.env,
    GEOCUBES_SEED_PYTHONS: JSON.stringify(seeds),
    ...(moto === undefined ? {} : { GEOCUBES_MOTO_PYTHON: moto }),
    ...(seeds[0.1] === undefined ? {} : { GEOCUBES_STRICT_PYTHON: seeds[0.1] }),
  };
  const args = [
    '--test',
    '--test-reporter=spec',
    ...tests.map((name) => join(HERE, 'exchange', `${name}.test.mjs`)),
  ];
  return exitCode(spawnSync(process.execPath, args, { ...OPTIONS, env }));
}

/** What `load` writes, read by rasterio, xarray and GDAL. */
function testFiles(/** @type {string | undefined} */ python) {
  if (python === undefined) return 0;
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-files-'));
  const made = spawnSync(
    process.execPath,
    [join(HERE, 'files', 'make-files.mjs'), folder],
    OPTIONS,
  );
  const code =
    exitCode(made) ||
    exitCode(spawnSync(python, [join(HERE, 'files', 'read_files.py'), folder], OPTIONS));
  if (code === 0) rmSync(folder, { recursive: true, force: true });
  else say(`the files are kept in ${folder}`);
  return code;
}

/** Clients of Earth Engine, unchanged, against the loopback server. */
function testClients(/** @type {(string | undefined)[]} */ pythons) {
  const ready = pythons.filter((python) => python !== undefined);
  if (ready.length === 0) return 0;
  const args = [join(HERE, 'clients', 'run-clients.mjs'), ...ready];
  return exitCode(spawnSync(process.execPath, args, OPTIONS));
}

/** Scripts and manifests of `geocubes job`, held to the schedulers' own schemas, and run with their commands replaced. */
function testJobs(/** @type {string | undefined} */ python) {
  if (python === undefined) return 0;
  const args = ['-m', 'pytest', join(HERE, 'jobs'), '-p', 'no:cacheprovider'];
  const env = { ...OPTIONS.env, GEOCUBES_NODE: process.execPath };
  return exitCode(spawnSync(python, args, { ...OPTIONS, env }));
}

function makeCubes(/** @type {string} */ folder) {
  return exitCode(spawnSync(process.execPath, [join(HERE, 'make-cubes.mjs'), folder], OPTIONS));
}

function testAll(pythons, cubes, more) {
  const args = ['-m', 'pytest', join(HERE, 'python'), '--cubes', cubes, ...more];
  const codes = pythons.map((python) => exitCode(spawnSync(python, args, OPTIONS)));
  return codes.find((code) => code !== 0) ?? 0;
}

/** A child that was ended by a signal has no code. */
function exitCode({ status, error }) {
  if (error !== undefined) say(error.message);
  return status ?? 1;
}
