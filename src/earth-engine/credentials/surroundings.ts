import { homedir } from 'node:os';
import { join } from 'node:path';
import { readFileAtMost } from '../../raster/read-at-most.js';

/** What credentials are looked for in; all of it can be replaced, so that any machine can be described in a test. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
  /** Where Linux tells who made the machine; Google's own say "Google". */
  readonly biosVendorFile: string;
}

export function thisMachine(): Surroundings {
  return {
    env: process.env,
    home: homedir(),
    biosVendorFile: '/sys/class/dmi/id/bios_vendor',
  };
}

/** A variable's value; one that is empty counts as unset. */
export function variable({ env }: Surroundings, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** Credentials take a few kB. */
const MAX_FILE_BYTES = 1024 ** 2;

/** The text of a file, or nothing where it cannot be read. The reason is dropped: it may quote the content. */
export function readText(path: string): string | undefined {
  try {
    const { bytes, isCut } = readFileAtMost(path, MAX_FILE_BYTES);
    return isCut ? undefined : bytes.toString('utf8');
  } catch {
    return undefined;
  }
}

/** The same place on every system, as the Python client has it. */
export function earthEngineFile({ home }: Surroundings): string {
  return join(home, '.config', 'earthengine', 'credentials');
}

export function gcloudFile(surroundings: Surroundings): string {
  const { home } = surroundings;
  const appData = variable(surroundings, 'APPDATA');
  const folder =
    variable(surroundings, 'CLOUDSDK_CONFIG') ??
    (process.platform === 'win32' && appData !== undefined
      ? join(appData, 'gcloud')
      : join(home, '.config', 'gcloud'));
  return join(folder, 'application_default_credentials.json');
}

/** Whether this looks like a machine of Google's, which has a metadata server. Nobody is asked. */
export function isGoogleMachine(surroundings: Surroundings): boolean {
  if (variable(surroundings, 'METADATA_SERVER_DETECTION') === 'none') return false;
  const signs = ['GCE_METADATA_HOST', 'GCE_METADATA_IP', 'K_SERVICE', 'CLOUD_RUN_JOB'];
  return (
    signs.some((name) => variable(surroundings, name) !== undefined) ||
    (readText(surroundings.biosVendorFile)?.includes('Google') ?? false)
  );
}
