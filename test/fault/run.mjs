#!/usr/bin/env node
/**
 * Machines, clocks, disks and object stores that fail, whole and in one go:
 *
 *   npm run test:faults [-- --short] [-- FILES]
 *
 * README.md beside this file tells which file tries what. What the faults are made with is installed first,
 * as far as this machine allows; what it does not allow is left out, with the reason. Ends with a line
 * "faults: N passed, N failed, N skipped".
 *
 * --short has fewer of what is random, for CI; the environment has the last word:
 *   FAULT_RUNS   runs of four processes on one store, for each kind of store
 *   POWER_CUTS   power cuts, for each kind of store
 *   KILLS        processes that are killed among others, for each kind of store
 *   TRUNCATIONS  files that are damaged, for each kind of store
 * What takes minutes on each object store, or is tried with several seeds, has one of them then, and processes share
 * Icechunk repositories alone.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInGroup } from '../in-group.mjs';
import { prepareTools } from './machines/tools.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const WHOLE = { FAULT_RUNS: '20', POWER_CUTS: '10', KILLS: '12', TRUNCATIONS: '40' };
const SHORT = { FAULT_RUNS: '2', POWER_CUTS: '4', KILLS: '4', TRUNCATIONS: '8' };

/** Neither takes a quarter of an hour on two idle cores; beyond this something hangs. */
const LIMIT_MS = 60 * 60_000;

const say = (/** @type {string} */ line) => process.stdout.write(`faults: ${line}\n`);

const rest = process.argv.slice(2);
const files = rest.filter((each) => each !== '--short');
const isShort = files.length < rest.length;
const counts = Object.fromEntries(
  Object.entries(isShort ? SHORT : WHOLE).map(([name, count]) => [
    name,
    process.env[name] ?? count,
  ]),
);

const tools = prepareTools(say);
say(
  Object.entries(counts)
    .map(([name, count]) => `${name}=${count}`)
    .join(' '),
);
const command = [
  ...ownMounts(),
  process.execPath,
  join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
  ...['run', '--config', 'test/fault/machines/vitest.config.ts', ...files],
];
process.exitCode = await runInGroup(command, {
  cwd: ROOT,
  env: { ...process.env, ...tools, ...counts, ...(isShort && { FAULTS_SHORT: '1' }) },
  ...{ name: 'faults', limitMs: LIMIT_MS, say },
});

/** Mounts that only the tests see, and that go with them. */
function ownMounts() {
  if (process.getuid?.() !== 0) return [];
  const under = ['unshare', '--mount', '--propagation', 'private', '--'];
  return spawnSync('unshare', [...under.slice(1), 'true']).status === 0 ? under : [];
}
