/** Calls npm, and says in one line why it failed. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readJson } from './files.mjs';
import { SetupFailure } from './report.mjs';
import { lastLine, run, which } from './run.mjs';

const NPM_FLAGS = [
  '--ignore-scripts',
  '--include=dev',
  '--include=optional',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  // npm's own pauses between attempts add up to more than a minute before it admits there is no network.
  '--fetch-retry-factor=2',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=2000',
];

/**
 * Installs what the lock file names.
 *
 * npm 11 refuses `npm ci` when the lock file lacks optional packages that are for other systems
 * anyway (the registry it was written from had none, npm/cli issue 9846). Then `npm install
 * --no-save` installs the same versions and leaves the lock file as it is.
 *
 * @param {import('./paths.mjs').Context} context
 */
export async function installPackages({ paths, say }) {
  const npm = findNpm();
  const log = join(paths.logs, 'npm-install.log');
  const call = (/** @type {string[]} */ ...args) =>
    run(npm.command, [...npm.args, ...args, ...NPM_FLAGS], { cwd: paths.root, log });
  const clean = await call('ci');
  if (clean.ok) return;
  if (!lacksOnlyOptional(clean.output, readJson(join(paths.root, 'package-lock.json')))) {
    throw explainNpmFailure(clean.output, log);
  }
  say(
    "packages: the lock file lacks optional packages of other systems, which this npm's `ci` refuses; using `npm install --no-save`",
  );
  const lenient = await call('install', '--no-save');
  if (!lenient.ok) throw explainNpmFailure(lenient.output, log);
}

/**
 * Installs one package without its scripts into the project that has this one, and leaves its package.json alone.
 *
 * @param {import('./paths.mjs').Context} context
 * @param {string} wanted name and range
 */
export async function installPeer({ paths }, wanted) {
  const npm = findNpm();
  const log = join(paths.logs, 'npm-install.log');
  const flags = NPM_FLAGS.filter((flag) => !flag.startsWith('--include='));
  const args = [...npm.args, 'install', '--no-save', wanted, ...flags];
  const result = await run(npm.command, args, { cwd: dirname(paths.modules), log });
  if (!result.ok) throw explainNpmFailure(result.output, log);
}

/**
 * Whether all that `npm ci` misses in the lock file are optional dependencies of packages in it.
 * @param {string} output
 * @param {{ packages: Record<string, { optionalDependencies?: Record<string, string> }> } | undefined} lock
 */
export function lacksOnlyOptional(output, lock) {
  const missing = [...output.matchAll(/Missing: (@?[^@\s]+)@\S* from lock file/g)].map(
    (match) => match[1] ?? '',
  );
  const complaints = output.match(/^npm \S+ (Missing|Invalid): /gm) ?? [];
  const optional = new Set(
    Object.values(lock?.packages ?? {}).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    ),
  );
  return (
    missing.length > 0 &&
    missing.length === complaints.length &&
    missing.every((name) => optional.has(name))
  );
}

/** The npm that called us, else the one on the PATH. */
function findNpm() {
  const caller = process.env.npm_execpath;
  if (caller !== undefined && basename(caller) === 'npm-cli.js' && existsSync(caller)) {
    return { command: process.execPath, args: [caller] };
  }
  const command = which('npm');
  if (command !== undefined) return { command, args: [] };
  throw new SetupFailure(
    'Expected npm on the PATH but found none',
    'install npm (it comes with Node from https://nodejs.org/en/download), then npm start',
  );
}

const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/;

/** @param {string} output @param {string} log */
export function explainNpmFailure(output, log) {
  const network = NO_NETWORK.exec(output)?.[0];
  if (network !== undefined) {
    return new SetupFailure(
      `npm could not reach its package registry (${network}); details in ${log}`,
      'check the network (npm ping), then npm start',
    );
  }
  if (output.includes('ENOSPC')) {
    return new SetupFailure(
      'the disk is full; node_modules needs about 1 GB',
      'df -h . , then npm start',
    );
  }
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return new SetupFailure(
      `npm may not write to this folder; details in ${log}`,
      'ls -ld . node_modules',
    );
  }
  if (output.includes('EUSAGE')) {
    return new SetupFailure(
      `package.json and package-lock.json do not agree; details in ${log}`,
      'npm install --ignore-scripts, then npm start',
    );
  }
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1];
  return new SetupFailure(
    `npm failed (${code ?? lastLine(output)}); details in ${log}`,
    `less ${log}`,
  );
}
