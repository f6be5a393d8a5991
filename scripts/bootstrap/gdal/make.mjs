/** The ways to make the binding. Each answers undefined, or why it did not work. */
import { join } from 'node:path';
import { lastLine, run } from '../run.mjs';
import { announceInstall, explainBuildFailure, missingPackages } from './choices.mjs';
import { findMissingTools, findNodeHeaders, findSystemGdal } from './probe.mjs';

/**
 * @typedef {import('../paths.mjs').Context} Context
 * @typedef {import('./choices.mjs').Probe} Probe
 */

/** Whatever npm or the user's environment says, these two decide between building and fetching. */
const OURS = [
  'npm_config_build_from_source',
  'npm_config_fallback_to_build',
  'npm_config_node_gyp',
];

function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.includes(name)));
}

/**
 * gdal-async's own installer, called as its install script does. Not through `npm rebuild`, which
 * refuses install scripts or not depending on npm's version and the user's configuration.
 * @param {Context} context
 */
function installer({ paths }) {
  return join(paths.gdalPackage, 'node_modules', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');
}

/**
 * Compiles the binding, and only that, against the system's GDAL.
 * @param {Context} context
 * @param {Probe} probe
 */
export async function buildAgainstSystem(context, probe) {
  if (probe.headers === undefined)
    return "no headers of the system's GDAL (no gdal-config on the PATH)";
  if (probe.missingTools.length > 0) {
    if (!probe.canApt) return `to build needs ${probe.missingTools.join(', ')}`;
    const reason = await aptInstall(context, missingPackages('debian', probe));
    if (reason !== undefined) return reason;
  }
  const log = join(context.paths.logs, 'gdal-build.log');
  context.say(
    `GDAL: building the binding against the system's GDAL ${probe.headers}; takes a minute or two (log: ${log})`,
  );
  const nodedir = findNodeHeaders();
  const env = {
    ...cleanEnvironment(),
    npm_config_build_from_source: 'true',
    npm_config_shared_gdal: 'true',
    ...(nodedir === undefined ? {} : { npm_config_nodedir: nodedir }),
  };
  const args = [installer(context), 'install', '-j', 'max'];
  const result = await run(process.execPath, args, { cwd: context.paths.gdalPackage, env, log });
  return result.ok ? undefined : `${explainBuildFailure(result.output)} (log: ${log})`;
}

/**
 * Installs the system's GDAL, then builds against it.
 * @param {Context} context
 * @param {Probe} probe
 */
export async function installAndBuild(context, probe) {
  if (!probe.canApt)
    return 'apt-get needs a Debian-family system and root, and neither --no-apt nor GEOCUBES_NO_APT';
  const packages = missingPackages('debian', probe);
  if (packages.length > 0) {
    const reason = await aptInstall(context, packages);
    if (reason !== undefined) return reason;
  }
  const headers = await findSystemGdal();
  const missingTools = await findMissingTools();
  return buildAgainstSystem(context, {
    ...probe,
    missingTools,
    ...(headers === undefined ? {} : { headers }),
  });
}

/** @param {Context} context @param {readonly string[]} packages */
async function aptInstall(context, packages) {
  const log = join(context.paths.logs, 'apt.log');
  for (const line of announceInstall(packages, log)) context.say(line);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const patience = [
    '-o',
    'DPkg::Lock::Timeout=120',
    '-o',
    'Acquire::http::Timeout=20',
    '-o',
    'Acquire::Retries=2',
  ];
  // One dead mirror among several makes `update` fail while the packages are at hand all the same.
  await run('apt-get', [...patience, 'update'], {
    env,
    log: join(context.paths.logs, 'apt-update.log'),
  });
  const install = [...patience, 'install', '-y', '--no-install-recommends', ...packages];
  const result = await run('apt-get', install, { env, log });
  return result.ok ? undefined : `apt-get install failed: ${lastLine(result.output)} (log: ${log})`;
}
