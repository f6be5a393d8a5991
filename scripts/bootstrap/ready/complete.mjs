/**
 * A checkout that somebody else has set up, and in which this user may not write, as in a container: nothing is made,
 * and nobody can be at it, so nothing is locked. What the set-up would make is looked for. Stamps are not asked:
 * images keep whole seconds of the times that these compare.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addonFile } from '../addon.mjs';
import { isCompiled } from '../compiled/typescript.mjs';
import { readJson } from '../files.mjs';
import { verifyBinding } from '../gdal/binding.mjs';
import { load, NAME } from '../icechunk.mjs';
import { isInstalled } from '../packages.mjs';
import { SetupFailure } from '../report.mjs';
import { lastLine } from '../run.mjs';

/**
 * Whether this user may write to a folder, or make it.
 * @param {string} folder
 */
export function mayWrite(folder) {
  try {
    accessSync(existsSync(folder) ? folder : dirname(folder), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * What is looked at, each by a name for people.
 * @param {import('../paths.mjs').Context} context
 * @returns {[name: string, look: () => import('../report.mjs').StepResult | Promise<import('../report.mjs').StepResult>][]}
 */
export function completeness(context) {
  const { root, modules } = context.paths;
  const lacking = (/** @type {string} */ what) =>
    new SetupFailure(
      `${what}, and you may not write to ${root}`,
      `node scripts/bootstrap.mjs, as the user who owns ${root}`,
    );
  return [
    [
      'packages',
      () => {
        const wanted = readJson(join(root, 'package-lock.json'));
        if (isInstalled(wanted, readJson(join(modules, '.package-lock.json'))))
          return { state: 'packages' };
        throw lacking('node_modules is not what package-lock.json asks for');
      },
    ],
    [
      'GDAL',
      async () => {
        const binding = await verifyBinding(context);
        if ('error' in binding)
          throw lacking(`the binding of GDAL does not load (${binding.error})`);
        return { state: `GDAL ${binding.version}` };
      },
    ],
    [
      'Icechunk',
      async () => {
        const addon = addonFile(context.paths, NAME);
        const { ok, output } = await load(context, existsSync(addon) ? addon : undefined);
        if (ok) return { state: 'Icechunk' };
        throw lacking(`Icechunk does not load (${lastLine(output)})`);
      },
    ],
    [
      'TypeScript',
      () => {
        if (isCompiled(root)) return { state: 'build' };
        throw lacking('src/ was not compiled, or is newer than dist/');
      },
    ],
  ];
}
