import { detectAccount } from '../../src/earth-engine/credentials/detect.js';
import { thisMachine } from '../../src/earth-engine/credentials/surroundings.js';
import { HIGH_VOLUME_ENDPOINT } from '../../src/index.js';

/** The service that is asked: GEOCUBES_ENDPOINT, so that the checks themselves can be tried on a loopback server. */
export const ENDPOINT = process.env.GEOCUBES_ENDPOINT ?? HIGH_VOLUME_ENDPOINT;

/** Why the live checks are skipped here; they cost quota, so credentials alone do not start them. */
export function reasonToSkip(): string | undefined {
  if (process.env.GEOCUBES_LIVE !== '1') return 'GEOCUBES_LIVE=1 is not set';
  const { account, project } = detectAccount({}, thisMachine());
  if (account === undefined) return 'no Earth Engine credentials on this machine';
  if (account.problem !== undefined) return `${account.origin} ${account.problem}`;
  return project === undefined ? 'no Google Cloud project' : undefined;
}
