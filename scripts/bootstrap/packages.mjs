/** Node itself, and the packages of the lock file. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from './files.mjs';
import { rescueBinding } from './gdal.mjs';
import { installPackages, installPeer } from './npm.mjs';
import { SetupFailure } from './report.mjs';

export const OLDEST_NODE = '20.18.1';

export function checkNode(version = process.versions.node) {
  if (isOlder(version, OLDEST_NODE)) {
    throw new SetupFailure(
      `Expected Node ${OLDEST_NODE} or newer but received ${version}`,
      'install Node 20 or newer (https://nodejs.org/en/download), then npm start',
    );
  }
  return { state: `Node ${version}` };
}

/** @param {string} version @param {string} than */
export function isOlder(version, than) {
  const wanted = than.split('.').map(Number);
  const found = version.split('.').map(Number.parseFloat);
  const at = wanted.findIndex((part, i) => part !== found[i]);
  return at >= 0 && (found[at] ?? 0) < (wanted[at] ?? 0);
}

/**
 * Installs from the lock file, without any package's install script: gdal-async's own would
 * download a binary, or build a whole GDAL for the better part of an hour.
 *
 * @param {import('./paths.mjs').Context} context
 */
export async function setUpPackages(context) {
  const { root, modules } = context.paths;
  const lockFile = join(root, 'package-lock.json');
  const stamp = join(modules, '.geocubes-lock-hash');
  const wanted = lockStamp(readFileSync(lockFile));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { state: 'packages' };
  if (isInstalled(readJson(lockFile), readJson(join(modules, '.package-lock.json')))) {
    writeFileSync(stamp, wanted);
    return { state: 'packages' };
  }
  await rescueBinding(context);
  context.say('packages: installing from package-lock.json');
  await installPackages(context);
  writeFileSync(stamp, wanted);
  return { state: 'packages', did: 'installed from package-lock.json' };
}

/**
 * Beside a package that npm installed, gdal-async: npm leaves it out, because its install script would download a
 * binary, or build a whole GDAL. It is not written into the project's package.json, which is its owner's.
 *
 * @param {import('./paths.mjs').Context} context
 */
export async function setUpPeers(context) {
  const { root, gdalPackage } = context.paths;
  if (existsSync(join(gdalPackage, 'package.json'))) return { state: 'packages' };
  const { peerDependencies } = readJson(join(root, 'package.json')) ?? {};
  const wanted = `gdal-async@${peerDependencies['gdal-async']}`;
  await installPeer(context, wanted);
  context.say(
    `packages: npm keeps gdal-async when your project names it: npm install --ignore-scripts "${wanted}"`,
  );
  return { state: 'packages', did: `installed ${wanted} beside this package` };
}

/** Platform and architecture count, because optional packages hold binaries. */
function lockStamp(/** @type {Buffer} */ lock) {
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`;
}

/**
 * Whether what npm wrote down about node_modules is what the lock file asks for. npm writes that
 * file last, so an interrupted installation has none.
 *
 * @param {{ packages: Record<string, LockEntry> } | undefined} lock package-lock.json
 * @param {{ packages: Record<string, LockEntry> } | undefined} installed node_modules/.package-lock.json
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockEntry
 */
export function isInstalled(lock, installed) {
  if (lock === undefined || installed === undefined) return false;
  return Object.entries(lock.packages).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}
