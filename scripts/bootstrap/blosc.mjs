/**
 * Gives the native kernel libblosc itself, through the addon in `scripts/blosc.c`, where the system has
 * libblosc with its header and a C compiler (Debian's libgdal-dev brings the former). An extra: without
 * it chunks are compressed through GDAL, more slowly, so nothing here ends the set-up.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addonFile, provideAddon } from './addon.mjs';
import { fingerprint, readJson, writeJson } from './files.mjs';
import { findNodeHeaders } from './gdal/probe.mjs';
import { run } from './run.mjs';

/** @typedef {import('./paths.mjs').Context} Context */

const NAME = 'blosc';

/** Where packages put the header; the compiler looks there by itself. */
const HEADERS = ['/usr/include/blosc.h', '/usr/local/include/blosc.h'];

/** Loads it, and takes something there and back. */
const QUESTION = `
const module = { exports: {} };
process.dlopen(module, process.argv[1]);
const { compress, decompress, version } = module.exports;
const pixels = new Uint8Array(1000).fill(7);
const back = new Uint8Array(1000);
decompress(compress(pixels, 1, 2, 'zstd', 1), back);
if (back[999] !== 7) throw new Error('it gives other pixels back');
console.log(version);
`;

/** @param {Context} context */
export async function setUpBlosc(context) {
  const { paths } = context;
  const file = addonFile(paths, NAME);
  const stampFile = join(paths.native, `${NAME}.json`);
  const here = describeSystem(paths);
  const stamp = readJson(stampFile);
  if (stamp?.here === here && stamp.addon === (fingerprint(file) ?? null)) {
    return { state: stamp.state };
  }
  /** @param {{ state: string, did: string }} result */
  const remember = (result) => {
    writeJson(stampFile, { here, addon: fingerprint(file) ?? null, state: result.state });
    return result;
  };
  const missing = findMissing();
  if (missing !== undefined) {
    rmSync(file, { force: true });
    return remember({ state: WITHOUT, did: `left out, ${missing}; GDAL compresses instead` });
  }
  const include = join(/** @type {string} */ (findNodeHeaders()), 'include', 'node');
  const result = await provideAddon(context, {
    name: NAME,
    flags: [`-I${include}`],
    libraries: ['-lblosc'],
    verify: (built) =>
      run(process.execPath, ['--input-type=commonjs', '-e', QUESTION, built], { cwd: paths.root }),
  });
  if ('error' in result) {
    const reason = `${result.output.trim().split('\n')[0]} (log: ${result.log})`;
    return remember({ state: WITHOUT, did: `left out, ${reason}; GDAL compresses instead` });
  }
  return remember({ state: 'Blosc', did: `${result.did} the addon` });
}

const WITHOUT = 'no Blosc addon';

/** What a build needs and this machine lacks. */
function findMissing() {
  if (process.platform !== 'linux') return 'it is made on Linux only';
  const headers = HEADERS.find((path) => existsSync(path));
  if (headers === undefined) return 'there is no blosc.h (Debian: libblosc-dev)';
  return findNodeHeaders() === undefined ? "there are no headers of this Node's" : undefined;
}

/** What, when it changes, asks for another look. @param {Context['paths']} paths */
function describeSystem(paths) {
  return JSON.stringify({
    node: process.version,
    headers: HEADERS.map((path) => fingerprint(path) ?? null),
    nodeHeaders: findNodeHeaders() ?? null,
    source: fingerprint(join(paths.root, 'scripts', `${NAME}.c`)) ?? null,
    compiler: process.env.CC ?? null,
  });
}
