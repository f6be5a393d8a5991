/**
 * What the environment can take from GDAL and PROJ without either of them failing to load: then CRSs are
 * unknown, datum shifts left out, and files of no format, each in its own place and with words of its own.
 */

import type * as Gdal from 'gdal-async';
import { SetupError } from '../../errors.js';
import { SET_UP_COMMAND } from '../../machine/set-up.js';
import { visible } from '../../visible.js';

/** In the order in which PROJ asks. */
const PROJ_VARIABLES = ['PROJ_DATA', 'PROJ_LIB'] as const;

/** Without these neither replies nor files can be read, nor pixels lent. */
const DRIVERS = ['GTiff', 'VRT', 'MEM'] as const;

/** @throws {SetupError} of kind `environment`, naming the variable. */
export function checkEnvironment(gdal: typeof Gdal): void {
  checkProj(gdal);
  const names = gdal.drivers.getNames();
  const missing = DRIVERS.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const skip = process.env.GDAL_SKIP;
  throw new SetupError(
    `Expected GDAL's driver${missing.length === 1 ? '' : 's'} ${missing.join(', ')} but ${
      skip === undefined
        ? `this GDAL has none. Run "${SET_UP_COMMAND}".`
        : `received GDAL_SKIP=${visible(skip)}, which leaves out what it names. Unset GDAL_SKIP.`
    }`,
    { kind: 'environment' },
  );
}

function checkProj(gdal: typeof Gdal): void {
  try {
    gdal.SpatialReference.fromEPSG(4326);
    return;
  } catch (cause) {
    const reason = visible(
      (cause as Error).message.replace(/^PROJ: \w+: /, '').split('\n')[0] ?? '',
    );
    const variable = PROJ_VARIABLES.find((name) => process.env[name]);
    const value =
      variable === undefined ? '' : ` with ${variable}=${visible(process.env[variable] ?? '')}`;
    const todo =
      variable === undefined
        ? "Set PROJ_DATA to the folder of this PROJ's proj.db, or install it (Debian: proj-data)."
        : `Unset ${variable}, or set it to the folder of the proj.db that belongs to this PROJ.`;
    throw new SetupError(
      `Expected PROJ's database of CRSs but received: ${reason.replace(/\.$/, '')}${value}. ${todo}`,
      { kind: 'environment', cause },
    );
  }
}
