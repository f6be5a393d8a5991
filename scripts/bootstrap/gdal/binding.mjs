/** The binding's file: does it load, what is it, and the copy of it in the user's cache. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyAtomically, fingerprint, readJson, writeJson } from '../files.mjs';
import { runNode } from '../run.mjs';
import { cacheKey } from './choices.mjs';

/**
 * @typedef {import('../paths.mjs').Context} Context
 *
 * What a binding that loads says of itself.
 * @typedef {object} Binding
 * @property {string} version GDAL's
 * @property {boolean} bundled compiled in, or linked with the system's
 * @property {string | null} library path of the shared libgdal it found
 */

const QUESTION = `
const gdal = require('gdal-async');
process.report.excludeNetwork = true;
const library = process.report.getReport().sharedObjects.find((path) => /libgdal[.-][^/]*$/.test(path));
process.stdout.write(JSON.stringify({ version: gdal.version, bundled: gdal.bundled, library: library ?? null }));
`;

/**
 * Loads it in a process of its own.
 * @param {Context} context
 * @returns {Promise<Binding | { error: string }>}
 */
export async function verifyBinding({ paths }) {
  if (!existsSync(paths.gdalBinding)) return { error: 'there is no binding' };
  const result = await runNode(QUESTION, { cwd: paths.root });
  if (result.ok) return JSON.parse(result.stdout);
  return { error: /^(?:\w*Error): (.*)$/m.exec(result.output)?.[1] ?? 'it does not load' };
}

/**
 * What is known of a binding that was verified before and has not changed since; the library it
 * was linked with counts too, since an upgrade of the system may take it away.
 * @param {Context} context
 * @returns {(Binding & { madeBy: string }) | undefined}
 */
export function recallBinding({ paths }) {
  const stamp = readJson(stampPath(paths));
  if (stamp === undefined || stamp.node !== process.version) return undefined;
  if (stamp.binding !== fingerprint(paths.gdalBinding)) return undefined;
  if (stamp.library !== null && stamp.libraryState !== fingerprint(stamp.library)) return undefined;
  return stamp;
}

/** @param {Context} context @param {Binding} binding @param {string} madeBy */
export function rememberBinding({ paths }, binding, madeBy) {
  writeJson(stampPath(paths), {
    ...binding,
    madeBy,
    node: process.version,
    binding: fingerprint(paths.gdalBinding),
    libraryState: binding.library === null ? null : fingerprint(binding.library),
  });
}

function stampPath(/** @type {Context['paths']} */ paths) {
  return join(paths.native, 'gdal.json');
}

/** @param {Context} context */
export function removeBinding({ paths }) {
  rmSync(dirname(paths.gdalBinding), { recursive: true, force: true });
  rmSync(stampPath(paths), { force: true });
}

/** What of a cache key does not depend on GDAL. @param {Context} context */
export function bindingIdentity({ paths }) {
  const gdalAsync = String(readJson(join(paths.gdalPackage, 'package.json'))?.version);
  const { platform, arch, versions } = process;
  return { platform, arch, abi: versions.modules, gdalAsync };
}

/** @param {Context} context */
export function listCache({ cache }) {
  return existsSync(cache) ? readdirSync(cache) : [];
}

/**
 * Keeps a copy for the next checkout and the next `npm ci`. A cache that cannot be written is
 * worth a word, not a failure.
 * @param {Context} context
 * @param {Binding} binding
 */
export function storeBinding(context, binding) {
  const key = cacheKey(bindingIdentity(context), binding.bundled ? 'bundled' : binding.version);
  const target = join(context.cache, key);
  try {
    if (!existsSync(target)) copyAtomically(context.paths.gdalBinding, target);
  } catch (error) {
    context.say(
      `GDAL: no copy kept in ${context.cache}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * Puts a cached binding in place; one that does not load here is thrown away.
 * @param {Context} context
 * @param {string} name
 * @returns {Promise<Binding | { error: string }>}
 */
export async function restoreBinding(context, name) {
  const source = join(context.cache, name);
  copyAtomically(source, context.paths.gdalBinding);
  const binding = await verifyBinding(context);
  if ('error' in binding) {
    removeBinding(context);
    rmSync(source, { force: true });
  }
  return binding;
}
