/**
 * No module of src keeps anything that changes, but for what is listed here, each with the reason why no
 * call can be disturbed by another that runs while it waits.
 */
import { relative } from 'node:path';
import ts from 'typescript';
import { findModuleState } from './module-state.mjs';

const ONCE = 'loaded once, without an await, and never another';
const OF_KEY = 'a cache: what is kept is a pure function of its key, and nobody changes it';

/** @type {Readonly<Record<string, string>>} */
export const ALLOWED = {
  'cli/interrupt:running': 'signals are the process’s; added and taken out without an await',
  'earth-engine/live/npy:MAGIC': 'the bytes of a constant, only compared with',
  'earth-engine/expressions/official-client:client':
    'Google’s client has one state for the process, as its calls have turns',
  'earth-engine/expressions/official-client:initialisedFor':
    'what that one client was told; read and set in a turn alone',
  'earth-engine/expressions/official-client:lastTurn':
    'the queue of those turns; read and set without an await',
  'grid/crs/crs:converters': OF_KEY,
  'grid/crs/crs:known': OF_KEY,
  'grid/crs/full-turn:known': OF_KEY,
  'grid/crs/point-transforms:library': 'set while modules are loaded, before anything computes',
  'kernel/gdal/blosc-addon:loaded': ONCE,
  'kernel/gdal/load:loaded': ONCE,
  'kernel/gdal/load:names': 'a counter, so that no two names are alike; read and raised at once',
  'kernel/gdal/proj/points:isAbsent': ONCE,
  'kernel/gdal/proj/points:kept': OF_KEY,
  'kernel/gdal/resample-addon:loaded': ONCE,
  'kernel/resample/squares:BASIS': 'a table, only read, by C too',
  'kernel/resample/squares:PLACES': 'a table, only read, by C too',
  'loopback/tcvis/coastline:loaded': ONCE,
  'loopback/tcvis/grid:shores': OF_KEY,
  'loopback/tcvis/noise:TONE_TABLE': 'a table, written as it is made and only read from then on',
  'loopback/tcvis/noise:grainTable': 'the same, made at the first call',
  'picture/map/coastlines:atlases': OF_KEY,
  'picture/text:fonts': OF_KEY,
  'pool/run-task:current':
    'the kernel of a name, which has no state that lives across an await itself',
  'store/icechunk/chunk-files-worker:last':
    'a cache of one: what is asked for is taken out of it before the await',
  'store/icechunk/chunk-files-worker:repositories':
    'a cache: a repository by its path, opened to be read',
  'store/icechunk/chunk-files:requests':
    'a counter, so that no two questions are alike; read and raised at once',
  'store/icechunk/chunk-files:waiting': 'questions under way, each under a number of its own',
  'store/icechunk/chunk-files:worker':
    'one thread for all questions; whoever waits is answered when it ends',
  'store/durability/whole-snapshots:MAGIC': 'the bytes of a constant, only compared with',
  'raster/worker-stand-in:globalThis': 'there while geotiff.js is loaded, without an await',
  'raster/worker-stand-in-gone:platform': 'takes that away',
  'store/icechunk/backend:inMemory':
    'what `memory:NAME` means: cubes that live as long as the process',
  'store/icechunk/load:loaded': ONCE,
  'store/sharing/process-identity:self': 'what this process is, which stays the same',
};

/**
 * @param {string} root of the project
 * @returns {string[]} what is wrong
 */
export function checkModuleState(root) {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const found = findModuleState(fileNames, options).map(({ file, name, why }) => {
    const module = relative(`${root}/src`, file).replace(/\.ts$/, '');
    return { place: `${module}:${name}`, why };
  });
  return compare(found, ALLOWED);
}

/**
 * @param {readonly { place: string, why: string }[]} found
 * @param {Readonly<Record<string, string>>} allowed
 * @returns {string[]}
 */
export function compare(found, allowed) {
  const places = new Set(found.map(({ place }) => place));
  return [
    ...found
      .filter(({ place }) => !Object.hasOwn(allowed, place))
      .map(
        ({ place, why }) =>
          `${place}: is state of a module (${why}). Hand it in, or list it with a reason.`,
      ),
    ...Object.keys(allowed)
      .filter((place) => !places.has(place))
      .map(
        (place) => `${place}: is listed as state of a module but is none. Take it off the list.`,
      ),
  ];
}
