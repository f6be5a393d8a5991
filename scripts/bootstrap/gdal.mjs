/** Gets GDAL's binding for this Node, by the first way that works. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  bindingIdentity,
  listCache,
  recallBinding,
  rememberBinding,
  removeBinding,
  restoreBinding,
  storeBinding,
  verifyBinding,
} from './gdal/binding.mjs';
import { cachedCandidates, installCommand, planChoices } from './gdal/choices.mjs';
import { buildAgainstSystem, installAndBuild } from './gdal/make.mjs';
import { canApt, findMissingTools, findSystemGdal, isRoot, systemFamily } from './gdal/probe.mjs';
import { SetupFailure } from './report.mjs';

/**
 * @typedef {import('./paths.mjs').Context} Context
 * @typedef {import('./gdal/choices.mjs').Choice} Choice
 * @typedef {import('./gdal/choices.mjs').Probe} Probe
 * @typedef {import('./gdal/binding.mjs').Binding} Binding
 */

/** @type {Record<Choice, string>} */
const DONE = {
  present: 'the binding in node_modules loads',
  cached: 'restored a binding built earlier',
  system: "built the binding against the system's GDAL",
  apt: "installed the system's GDAL and built the binding",
};

/**
 * @param {Context} context
 * @param {Choice} [forced]
 * @param {boolean} [allowed] to install packages of the system
 */
export async function setUpGdal(context, forced, allowed = true) {
  const present = await usePresent(context, forced);
  if (present !== undefined) return present;

  const probe = await probeMachine(context, forced, allowed);
  const plan = planChoices(probe, forced);
  for (const choice of plan) {
    const binding = await attempt(context, choice, probe);
    if (!('error' in binding)) {
      rememberBinding(context, binding, choice);
      storeBinding(context, binding);
      return { state: describe(binding), did: `${DONE[choice]}: ${describe(binding)}` };
    }
    context.say(`GDAL: ${choice}: ${binding.error}`);
  }
  throw explainFailure(plan, probe, context, forced);
}

/**
 * The binding that is there, if it loads. A forced choice accepts only its own earlier work, so
 * that forcing it again does nothing.
 * @param {Context} context
 * @param {Choice} [forced]
 */
async function usePresent(context, forced) {
  const known = recallBinding(context);
  if (known !== undefined && isWelcome(known.madeBy, forced)) {
    storeBinding(context, known);
    return { state: describe(known) };
  }
  if (forced !== undefined && forced !== 'present') return undefined;
  const binding = await verifyBinding(context);
  if (!('error' in binding)) {
    rememberBinding(context, binding, 'present');
    storeBinding(context, binding);
    return { state: describe(binding), did: `${DONE.present}: ${describe(binding)}` };
  }
  if (existsSync(context.paths.gdalBinding)) {
    context.say(`GDAL: the binding in node_modules does not load (${binding.error})`);
  }
  return undefined;
}

/** @param {string} madeBy @param {Choice} [forced] */
function isWelcome(madeBy, forced) {
  return forced === undefined || forced === 'present' || forced === madeBy;
}

/**
 * Keeps a copy of a working binding before `npm ci` empties node_modules.
 * @param {Context} context
 */
export async function rescueBinding(context) {
  if (!existsSync(context.paths.gdalBinding)) return;
  const binding = recallBinding(context) ?? (await verifyBinding(context));
  if (!('error' in binding)) storeBinding(context, binding);
}

/**
 * @param {Context} context
 * @param {Choice | undefined} forced
 * @param {boolean} allowed
 * @returns {Promise<Probe & { cached: string[] }>}
 */
async function probeMachine(context, forced, allowed) {
  const [headers, missingTools] = await Promise.all([findSystemGdal(), findMissingTools()]);
  const cached = cachedCandidates(
    listCache(context),
    bindingIdentity(context),
    headers,
    forced === 'cached',
  );
  const found = { missingTools, canApt: allowed && canApt(), hasCached: cached.length > 0, cached };
  return headers === undefined ? found : { ...found, headers };
}

/**
 * @param {Context} context
 * @param {Choice} choice
 * @param {Probe & { cached: string[] }} probe
 * @returns {Promise<Binding | { error: string }>}
 */
async function attempt(context, choice, probe) {
  if (choice === 'present') return verifyBinding(context);
  if (choice === 'cached') return restoreFirst(context, probe.cached);
  removeBinding(context);
  const make = { system: buildAgainstSystem, apt: installAndBuild }[choice];
  const reason = await make(context, probe);
  const binding = reason === undefined ? await verifyBinding(context) : { error: reason };
  if ('error' in binding) removeBinding(context);
  return binding;
}

/** @param {Context} context @param {readonly string[]} names */
async function restoreFirst(context, names) {
  for (const name of names) {
    const binding = await restoreBinding(context, name);
    if (!('error' in binding)) return binding;
    context.say(`GDAL: threw away the cached ${name}, which does not load here (${binding.error})`);
  }
  return { error: `nothing in ${context.cache} fits this Node and this system` };
}

/** @param {Binding} binding */
function describe({ version, bundled }) {
  return `GDAL ${version} (${bundled ? "gdal-async's own, without Blosc" : "the system's"})`;
}

/**
 * @param {readonly Choice[]} tried
 * @param {Probe} probe
 * @param {Context} context
 * @param {Choice} [forced]
 */
function explainFailure(tried, probe, { paths }, forced) {
  const attempts =
    tried.length === 0
      ? 'none was made earlier, and what a build needs is not all here'
      : `tried: ${tried.join(', ')}; reasons above`;
  const reason = `no binding of GDAL for this Node (${attempts})`;
  if (forced === 'present' || forced === 'cached') {
    return new SetupFailure(reason, 'GEOCUBES_GDAL= npm start (tries every way)');
  }
  const install = installCommand(systemFamily(), probe, isRoot());
  return new SetupFailure(reason, install ?? `less ${join(paths.logs, 'gdal-build.log')}`);
}
