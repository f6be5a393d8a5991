/** What this machine has to get GDAL's binding with. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, which } from '../run.mjs';

/**
 * @typedef {import('./choices.mjs').Tool} Tool
 * @typedef {import('./choices.mjs').SystemFamily} SystemFamily
 */

/**
 * Version of the system's GDAL, where gdal-config is on the PATH and the header it speaks of exists.
 * @returns {Promise<string | undefined>}
 */
export async function findSystemGdal() {
  const config = which('gdal-config');
  if (config === undefined) return undefined;
  const [version, flags, prefix] = await Promise.all(
    ['--version', '--cflags', '--prefix'].map((flag) => run(config, [flag])),
  );
  if (!version?.ok || !flags?.ok) return undefined;
  const folders = [...flags.stdout.matchAll(/-I(\S+)/g)].map((match) => match[1] ?? '');
  const standard = ['include', 'include/gdal'].map((part) =>
    join(prefix?.stdout.trim() || '/usr', part),
  );
  const found = [...folders, ...standard].some((folder) => existsSync(join(folder, 'gdal.h')));
  return found ? version.stdout.trim() : undefined;
}

/**
 * What node-gyp needs and does not find here.
 * @returns {Promise<Tool[]>}
 */
export async function findMissingTools(env = process.env) {
  /** @type {Tool[]} */
  const missing = [];
  if (!(await hasPython(env))) missing.push('python3');
  // CXX may hold flags behind the name, as in "ccache g++".
  const compilers = [env.CXX?.trim().split(/\s+/)[0], 'c++', 'g++', 'clang++'];
  if (!compilers.some((name) => name && which(name, env))) missing.push('c++');
  if (![env.MAKE, 'make', 'gmake'].some((name) => name && which(name, env))) missing.push('make');
  return missing;
}

/** Runs it, because a version manager's shim may stand where no Python is. The order is node-gyp's. */
async function hasPython(/** @type {NodeJS.ProcessEnv} */ env) {
  const forced = env.NODE_GYP_FORCE_PYTHON;
  const names = forced ? [forced] : [env.npm_config_python, env.PYTHON, 'python3', 'python'];
  for (const name of names) {
    if (!name || which(name, env) === undefined) continue;
    const script = 'import sys; sys.exit(0 if sys.version_info >= (3, 6) else 1)';
    if ((await run(name, ['-c', script], { env })).ok) return true;
  }
  return false;
}

/**
 * The folder to give node-gyp as `nodedir`, so that it downloads no headers: beside the running
 * Node, else where distributions put them, and only if they are of the same ABI.
 */
export function findNodeHeaders(execPath = process.execPath, abi = process.versions.modules) {
  const beside = dirname(dirname(realpathSync(execPath)));
  return [beside, '/usr'].find((prefix) => {
    try {
      const header = readFileSync(join(prefix, 'include', 'node', 'node_version.h'), 'utf8');
      return /#define NODE_MODULE_VERSION (\d+)/.exec(header)?.[1] === abi;
    } catch {
      return false;
    }
  });
}

/** @returns {SystemFamily} */
export function systemFamily(platform = process.platform, release = readOsRelease()) {
  if (platform === 'darwin') return 'macos';
  const words = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
  if (words.some((word) => word === 'debian' || word === 'ubuntu')) return 'debian';
  if (words.some((word) => word === 'fedora' || word === 'rhel' || word === 'centos'))
    return 'fedora';
  if (words.includes('arch')) return 'arch';
  if (words.some((word) => word.includes('suse'))) return 'suse';
  return 'other';
}

function readOsRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

export function isRoot() {
  return process.getuid?.() === 0;
}

export function canApt(family = systemFamily()) {
  return family === 'debian' && isRoot() && which('apt-get') !== undefined;
}
