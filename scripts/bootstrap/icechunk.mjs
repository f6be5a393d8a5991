/**
 * Makes `@earthmover/icechunk` load. Its linux-x64 binary asks for two symbols that glibc has from
 * 2.38 on; on older systems the addon in `scripts/icechunk-glibc.c` supplies them.
 */
import { join } from 'node:path';
import { addonFile, provideAddon } from './addon.mjs';
import { fingerprint, readJson, writeJson } from './files.mjs';
import { installCommand } from './gdal/choices.mjs';
import { isRoot, systemFamily } from './gdal/probe.mjs';
import { SetupFailure } from './report.mjs';
import { lastLine, run } from './run.mjs';

/** @typedef {import('./paths.mjs').Context} Context */

const PACKAGE = '@earthmover/icechunk';

/** Of the addon. */
export const NAME = 'icechunk-glibc';

/** Prints the whole chain of causes: the binding's own message is the misleading outermost one. */
const QUESTION = `
const constants = require('node:os').constants.dlopen;
const addon = process.argv[1];
try {
  if (addon) process.dlopen({ exports: {} }, addon, constants.RTLD_NOW | constants.RTLD_GLOBAL);
  require('${PACKAGE}');
} catch (error) {
  for (let cause = error; cause; cause = cause.cause) console.log(cause.message.split('\\n')[0]);
  process.exit(1);
}
`;

/** @param {Context} context */
export async function setUpIcechunk(context) {
  const { paths } = context;
  const addon = addonFile(paths, NAME);
  const stampFile = join(paths.native, 'icechunk.json');
  const version = String(readJson(join(paths.modules, PACKAGE, 'package.json'))?.version);
  const stamp = readJson(stampFile);
  const here = { version, node: process.version, system: systemState(paths.modules) };
  if (
    stamp?.here === JSON.stringify(here) &&
    (!stamp.addon || stamp.addon === fingerprint(addon))
  ) {
    return { state: `Icechunk ${version}${stamp.addon ? ADDED : ''}` };
  }
  const plain = await load(context);
  if (plain.ok) {
    writeJson(stampFile, { here: JSON.stringify(here), addon: null });
    return { state: `Icechunk ${version}`, did: 'loads as it is' };
  }
  if (!/__isoc23_(sscanf|strtol)/.test(plain.output)) throw explainMissing(version, plain.output);
  const did = await makeAddon(context);
  writeJson(stampFile, { here: JSON.stringify(here), addon: fingerprint(addon) });
  return { state: `Icechunk ${version}${ADDED}`, did };
}

const ADDED = ' (with the glibc addon)';

/** What, when it changes, asks for another look: the binary and the C library. */
function systemState(/** @type {string} */ modules) {
  // Listing network interfaces may take seconds. (The option is newer than Node 20's type definitions.)
  Object.assign(process.report, { excludeNetwork: true });
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  const binary = join(
    modules,
    `${PACKAGE}-${process.platform}-${process.arch}-gnu`,
    'package.json',
  );
  return [report.header?.glibcVersionRuntime ?? 'no glibc', fingerprint(binary) ?? 'elsewhere'];
}

/** Whether it loads, in a process of its own. @param {Context} context @param {string} [addon] */
export function load({ paths }, addon) {
  const args = ['--input-type=commonjs', '-e', QUESTION, ...(addon === undefined ? [] : [addon])];
  return run(process.execPath, args, { cwd: paths.root });
}

/**
 * @param {Context} context
 * @throws {SetupFailure} where it cannot be made, or does not help
 */
async function makeAddon(context) {
  const result = await provideAddon(context, {
    name: NAME,
    verify: (file) => load(context, file),
  });
  if ('did' in result) return `${result.did} the addon for this older glibc`;
  switch (result.error) {
    case 'compiler':
      throw new SetupFailure(
        `${PACKAGE} needs a small addon on this glibc, and there is no C compiler to make it`,
        installCommand(
          systemFamily(),
          { headers: 'not needed here', missingTools: ['c++'] },
          isRoot(),
        ) ?? '',
      );
    case 'build':
      throw new SetupFailure(
        `the addon for Icechunk did not compile: ${result.output} (log: ${result.log})`,
        `less ${result.log}`,
      );
    case 'load':
      throw explainMissing('', result.output);
  }
}

/** @param {string} version @param {string} output */
export function explainMissing(version, output) {
  const glibc = /version `(GLIBC_[\d.]+)' not found/.exec(output)?.[1];
  if (glibc !== undefined) {
    return new SetupFailure(
      `${PACKAGE} ${version} needs ${glibc}, newer than this system's C library`,
      'run it on Debian 12, Ubuntu 22.04, RHEL 9 or newer',
    );
  }
  if (output.includes('Cannot find module')) {
    return new SetupFailure(
      `${PACKAGE} ${version} has no binary installed for ${process.platform}-${process.arch}`,
      'rm -rf node_modules && npm start (binaries exist for Linux x64 with glibc, macOS arm64 and Windows x64)',
    );
  }
  return new SetupFailure(
    `${PACKAGE} ${version} does not load: ${lastLine(output)}`,
    'rm -rf node_modules && npm start',
  );
}
