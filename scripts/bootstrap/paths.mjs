/** Where things lie. Everything made by the set-up is in node_modules, dist, .native and one cache folder. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CACHE_NAME = 'smart-geocubes-native';

/** @param {string} root the folder with package.json */
export function projectPaths(
  root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''),
) {
  const native = join(root, '.native');
  const isCheckout = existsSync(join(root, 'package-lock.json'));
  const modules = isCheckout ? join(root, 'node_modules') : modulesOfUser(root);
  return {
    root,
    /** Else npm has installed this as a package of somebody's: compiled, and beside what it depends on. */
    isCheckout,
    /** Stamps, logs, the lock and the addons compiled here; ignored by git. */
    native,
    logs: join(native, 'logs'),
    modules,
    gdalPackage: join(modules, 'gdal-async'),
    /** The one file gdal-async loads; its folder carries ABI, platform and architecture. */
    gdalBinding: join(modules, 'gdal-async', 'lib', 'binding', abiFolder(), 'gdal.node'),
  };
}

/** The folder with gdal-async, wherever npm has put it above this package. */
function modulesOfUser(/** @type {string} */ root) {
  try {
    const require = createRequire(join(root, 'package.json'));
    return dirname(dirname(require.resolve('gdal-async/package.json')));
  } catch {
    return dirname(root);
  }
}

export function abiFolder({ versions, platform, arch } = process) {
  return `node-v${versions.modules}-${platform}-${arch}`;
}

/**
 * The user's cache folder of this project. By the XDG rules an empty or relative value counts as unset.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheFolder(env, home = homedir()) {
  const xdg = env.XDG_CACHE_HOME;
  const parent = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.cache');
  return join(parent, CACHE_NAME);
}

/**
 * What every step gets.
 * @typedef {object} Context
 * @property {ReturnType<typeof projectPaths>} paths
 * @property {string} cache
 * @property {(text: string) => void} say
 */
