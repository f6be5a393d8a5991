/**
 * Which source of Earth Engine credentials, and which of the project, this machine offers. Looks at
 * names and existence, and at the one field `project`; never keeps or shows a secret.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
}

export interface Found {
  /** Where it was found, in the reader's terms. */
  readonly source: string;
  /** Set where the source is named but cannot work. */
  readonly problem?: string;
}

export interface FoundProject extends Found {
  readonly id: string;
}

/** The first source there is, in the order in which `earth-engine/credentials.ts` looks. */
export function findCredentials({ env, home }: Surroundings): Found | undefined {
  if (isSet(env.GEOCUBES_TOKEN)) return { source: 'GEOCUBES_TOKEN' };
  if (existsSync(earthEngineFile(home))) return { source: EARTH_ENGINE_FILE };
  const keyFile = env.GOOGLE_APPLICATION_CREDENTIALS;
  if (isSet(keyFile)) {
    const source = 'GOOGLE_APPLICATION_CREDENTIALS';
    return existsSync(keyFile) ? { source } : { source, problem: 'names a file that is not there' };
  }
  if (existsSync(gcloudFile({ env, home }))) return { source: GCLOUD_FILE };
  if (isSet(env.EE_SERVICE_ACC_PRIVATE_KEY)) return { source: 'EE_SERVICE_ACC_PRIVATE_KEY' };
  return undefined;
}

/** The project that computations are billed to: the first of the same order. */
export function findProject({ env, home }: Surroundings): FoundProject | undefined {
  const variables = ['EE_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'GEE_PROJECT'];
  const found = [
    { source: EARTH_ENGINE_FILE, id: readField(earthEngineFile(home), 'project') },
    ...variables.map((source) => ({ source, id: env[source] })),
    { source: GCLOUD_FILE, id: readField(gcloudFile({ env, home }), 'quota_project_id') },
  ];
  for (const { source, id } of found) {
    if (isSet(id)) return { source, id };
  }
  return undefined;
}

const EARTH_ENGINE_FILE = '~/.config/earthengine/credentials';
const GCLOUD_FILE = "gcloud's default credentials";

function earthEngineFile(home: string): string {
  return join(home, '.config', 'earthengine', 'credentials');
}

function gcloudFile({ env, home }: Surroundings): string {
  const folder = isSet(env.CLOUDSDK_CONFIG) ? env.CLOUDSDK_CONFIG : join(home, '.config', 'gcloud');
  return join(folder, 'application_default_credentials.json');
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function readField(path: string, field: string): string | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const id: unknown = Reflect.get(value, field);
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
