/**
 * The one place that loads gdal-async, so that every thread can.
 *
 * The binding is registered with `NODE_MODULE` and is not context-aware: the first thread of a
 * process that opens the file wins, and every later one is told "Module did not self-register".
 * Each thread therefore opens a private copy of the file, which has static state of its own.
 *
 * When a thread ends, Node closes the library, and V8's weak callbacks would then jump into memory
 * that is no longer mapped (SIGSEGV at pool shutdown). `RTLD_NODELETE` keeps it mapped, at the price
 * of about 2 MB for each thread ever started.
 *
 * Threads open their copies one after another: each copy registers GDAL's drivers as it is opened, which two threads
 * must not do at once in a shared libgdal (SIGSEGV in GDALRegister_WMS, seen in 4 of some 30 starts on
 * a busy machine).
 *
 * With the system's GDAL all copies share one libgdal: one block cache and one `/vsimem` name space,
 * so names in there must carry {@link uniqueName}. With a bundled GDAL each copy is a whole GDAL.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type * as GdalModule from 'gdal-async';
import { SetupError } from '../../errors.js';
import { SET_UP_COMMAND } from '../../machine/set-up.js';
import { cannotUse, makeTemporaryFolder } from '../../machine/temporary.js';
import { checkEnvironment } from './environment.js';
import { oneThreadAtATime } from './load-lock.js';

export type Gdal = typeof GdalModule;

/** Not in `os.constants.dlopen`; the values of <dlfcn.h>. */
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000;

const require = createRequire(import.meta.url);

let loaded: Gdal | undefined;

/**
 * What keeps GDAL off the network, beside the drivers it may use (`inputs/`): files on its network drives
 * must have this one name, and what it fetches otherwise goes to a proxy that cannot be. `NO_PROXY` would let
 * the latter through: what is known to fetch is refused before GDAL sees it. VRTs run no Python.
 */
const NO_NETWORK = {
  CPL_VSIL_CURL_ALLOWED_FILENAME: 'none',
  GDAL_HTTP_PROXY: 'none://',
  GDAL_HTTPS_PROXY: 'none://',
  GML_DOWNLOAD_SCHEMA: 'NO',
  GDAL_VRT_ENABLE_PYTHON: 'NO',
} as const;

/**
 * gdal-async for the calling thread; loads it at the first call.
 *
 * @throws {SetupError} when the binding is absent or does not load.
 */
export function loadGdal(): Gdal {
  loaded ??= load();
  return loaded;
}

/** An option of our own: threads that load the binding later see it, where they share one GDAL. */
const NETWORK_ALLOWED = 'GEOCUBES_NETWORK';

/** Lifts what keeps GDAL off the network, for good and for the whole process: its options are the process's. */
export function allowNetwork(): void {
  const gdal = loadGdal();
  if (gdal.config.get(NETWORK_ALLOWED) === 'YES') return;
  gdal.config.set(NETWORK_ALLOWED, 'YES');
  for (const name of Object.keys(NO_NETWORK)) gdal.config.set(name, null);
}

type Loader = (module: NodeJS.Module, filename: string) => void;

function load(): Gdal {
  const extensions = (Module as unknown as { _extensions: Record<string, Loader> })._extensions;
  const original = extensions['.node'];
  if (original === undefined) throw new SetupError('Expected this Node to load native addons.');
  extensions['.node'] = (module, filename) => {
    if (basename(filename) !== 'gdal.node') return original(module, filename);
    // The copy is made in its turn, too: who is killed meanwhile leaves no more than one.
    oneThreadAtATime(() => openPrivateCopy(module, filename));
  };
  const originalScript = extensions['.js'];
  extensions['.js'] = (module, filename) => {
    const spared = insteadOf(filename);
    if (spared === undefined) originalScript?.(module, filename);
    else module.exports = spared;
  };
  try {
    const gdal = require('gdal-async') as Gdal;
    // The worker thread is the unit of parallelism; GDAL's own threads would only compete with it.
    gdal.config.set('GDAL_NUM_THREADS', '1');
    // A reply may lie in memory beside thousands of names; GDAL has no business listing them. TRUE still
    // looks for the mask beside a file on disk, by its name.
    gdal.config.set('GDAL_DISABLE_READDIR_ON_OPEN', 'TRUE');
    // fillNodata keeps three work files; in memory they are quick, and a killed process leaves none.
    gdal.config.set('CPL_TMPDIR', '/vsimem');
    // Uncompressed pixels go straight to the tile's array, not through the block cache: a third of the time.
    gdal.config.set('GTIFF_DIRECT_IO', 'YES');
    // x before y, whatever the authority of a CRS says: as files have it, and as everywhere here.
    gdal.config.set('OSR_DEFAULT_AXIS_MAPPING_STRATEGY', 'TRADITIONAL_GIS_ORDER');
    // What lies beside a raster as .aux.xml is read: nodata, CRS, names. GDAL writes such a file only for a
    // dataset that it was asked to change, and rasters of others are opened to be read.
    gdal.config.set('GDAL_PAM_ENABLED', 'YES');
    if (gdal.config.get(NETWORK_ALLOWED) !== 'YES')
      for (const [name, value] of Object.entries(NO_NETWORK)) gdal.config.set(name, value);
    checkEnvironment(gdal);
    return gdal;
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new SetupError(
      `Expected the GDAL binding of gdal-async to load but received: ${reason}. Run "${SET_UP_COMMAND}" to build it, then "geocubes doctor".`,
      { cause },
    );
  } finally {
    extensions['.node'] = original;
    extensions['.js'] = originalScript as Loader;
  }
}

/** Where gdal-async's package.json says that its binding lies; its set-up puts it there. */
const BINDING = join(
  'lib',
  'binding',
  `node-v${process.versions.modules}-${process.platform}-${process.arch}`,
  'gdal.node',
);

/**
 * Two scripts of gdal-async lead to a hundred files that nobody here uses, and that every thread would load: a
 * writer of XML for `wrapVRT`, and what finds the binding, where it lies in its usual place.
 */
function insteadOf(filename: string): unknown {
  const path = filename.replaceAll('\\', '/');
  if (path.endsWith('/gdal-async/lib/wrapVRT.js')) return wrapVRT;
  if (!path.endsWith('/node-pre-gyp/lib/node-pre-gyp.js')) return undefined;
  const binding = join(dirname(require.resolve('gdal-async/package.json')), BINDING);
  return existsSync(binding) ? { find: () => binding } : undefined;
}

function wrapVRT(): never {
  throw new SetupError('Expected nobody to ask for wrapVRT, which is not loaded.');
}

function openPrivateCopy(module: NodeJS.Module, filename: string): void {
  const folder = makeTemporaryFolder('geocubes-gdal-');
  try {
    const copy = join(folder, 'gdal.node');
    try {
      copyFileSync(filename, copy);
    } catch (cause) {
      // That the original is not there is for whoever asked to load it.
      throw existsSync(filename) ? cannotUse(cause) : cause;
    }
    process.dlopen(module, copy, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
  } finally {
    // The mapping outlives the name, on Linux as on macOS.
    rmSync(folder, { recursive: true, force: true });
  }
}

let names = 0;

/** A path in `/vsimem` that no other thread and no other call in this thread uses. */
export function uniqueName(suffix: string): string {
  return `/vsimem/geocubes-${process.pid}-${threadId}-${names++}${suffix}`;
}
