/**
 * Keeps what V8 makes of the bundled command (`bundle.mjs`) for the next start, which else compiles it anew: a file
 * beside the addons for each bundle and version of Node. `src/machine/bundled.ts` reads them.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lastLine, run } from '../run.mjs';
import { ENTRIES } from './bundle.mjs';

const SCRIPT = fileURLToPath(import.meta.url);

/**
 * An extra: without it a command starts a tenth of a second later, and nothing else is different.
 * @param {import('../paths.mjs').Context} context
 */
export async function setUpCodeCache({ paths: { root }, say }) {
  const bundles = join(root, 'dist', 'bundle');
  const names = Object.keys(ENTRIES);
  if (!names.every((name) => existsSync(join(bundles, `${name}.cjs`))))
    return { state: 'no code cache' };
  const { codeCacheOf, isCompiledBefore } = await bundled(root);
  if (names.every((name) => isCompiledBefore(name))) return { state: 'code cache' };
  for (const name of names) {
    // A process of its own, in which nothing has been compiled yet.
    const result = await run(process.execPath, [SCRIPT, root, name]);
    if (!result.ok) {
      say(`code cache: commands start more slowly: ${lastLine(result.output)}`);
      return { state: 'no code cache' };
    }
    removeOthers(fileURLToPath(codeCacheOf(name)), name);
  }
  return { state: 'code cache', did: 'compiled the command' };
}

/** @param {string} root @returns {Promise<typeof import('../../dist/machine/bundled.js')>} */
function bundled(root) {
  return import(pathToFileURL(join(root, 'dist', 'machine', 'bundled.js')).href);
}

/** Those of other versions of Node. */
function removeOthers(/** @type {string} */ kept, /** @type {string} */ name) {
  const folder = dirname(kept);
  for (const other of readdirSync(folder))
    if (other.startsWith(`${name}-v`) && other.endsWith('.code') && other !== basename(kept))
      rmSync(join(folder, other), { force: true });
}

/** What a function was never called, V8 has not compiled: so what commands load is loaded first. */
async function write(/** @type {string} */ root, /** @type {string} */ name) {
  const { openBundle, codeCacheOf } = await bundled(root);
  const { script, seal, run } = openBundle(name);
  await run().loadAll?.();
  const file = fileURLToPath(codeCacheOf(name));
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, Buffer.concat([Buffer.from(seal, 'latin1'), script.createCachedData()]));
  renameSync(temporary, file);
}

if (process.argv[1] === SCRIPT) await write(...process.argv.slice(2));
