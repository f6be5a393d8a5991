#!/usr/bin/env node
/**
 * A Slurm cluster on this machine, and the scripts of `geocubes job slurm` handed in to it as they are printed:
 *
 *   npm run test:cluster [-- --short] [-- FILES]
 *
 * Slurm and munge are installed by apt-get where that is possible (root), versitygw is built by Go, Snakemake comes into
 * the virtual environment of test/interop/jobs. What this machine does not allow is left out, with the reason.
 * --short, as in CI, leaves out what waits for a time limit of Slurm's, of minutes. Ends with a line "cluster: N passed, N failed, N skipped".
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun, ensureEnvironment } from '../../scripts/python.mjs';
import { installCommands, prepareVersitygw } from '../fault/machines/tools.mjs';
import { runInGroup } from '../in-group.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Commands, and Debian's packages that have them. */
const COMMANDS = {
  slurmctld: 'slurmctld',
  slurmd: 'slurmd',
  sbatch: 'slurm-client',
  munged: 'munge',
  unshare: 'util-linux',
  hostname: 'hostname',
};

/** A whole run takes some minutes; beyond this something hangs. */
const LIMIT_MS = 40 * 60_000;

const say = (/** @type {string} */ line) => process.stdout.write(`cluster: ${line}\n`);

const rest = process.argv.slice(2);
const files = rest.filter((each) => each !== '--short');
installCommands(COMMANDS, say);
const tools = { ...prepareVersitygw(say), ...prepareSnakemake() };
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const config = ['--config', 'test/cluster/vitest.config.ts'];
process.exitCode = await runInGroup([process.execPath, vitest, 'run', ...config, ...files], {
  cwd: ROOT,
  env: { ...process.env, ...tools, CLUSTER_SHORT: files.length < rest.length ? '1' : '' },
  ...{ name: 'cluster', limitMs: LIMIT_MS, say },
});

function prepareSnakemake() {
  const folder = join(process.env.GEOCUBES_VENV ?? join(ROOT, '.venv'), 'jobs');
  const requirements = join(ROOT, 'test', 'interop', 'jobs', 'requirements.txt');
  try {
    return { GEOCUBES_SNAKEMAKE_PYTHON: ensureEnvironment(folder, requirements, 11, say) };
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`not here: Snakemake (${error.message})`);
    return {};
  }
}
