import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type AuthClient, GoogleAuth, UserRefreshClient } from 'google-auth-library';
import { EarthEngineError, expected } from '../errors.js';

/** What a request is signed with. */
export interface Credentials {
  /** Where they were found, for people; never a secret. */
  readonly origin: string;
  readonly project: string;
  headers(): Promise<Record<string, string>>;
  /** Forces a new token; asked for once after a refusal. */
  refresh(): Promise<void>;
}

export interface CredentialOptions {
  /** Base URL of the service. */
  readonly endpoint: string;
  /** Google Cloud project. Default: the credentials file's, then EE_PROJECT, GOOGLE_CLOUD_PROJECT, GEE_PROJECT. */
  readonly project?: string | undefined;
  /** A bearer token to send as it is. */
  readonly token?: string | undefined;
}

const SCOPES = [
  'https://www.googleapis.com/auth/earthengine.readonly',
  'https://www.googleapis.com/auth/cloud-platform',
];

/** The Python client's own OAuth client, used by credentials files that name none. */
interface EarthEngineFile {
  readonly refresh_token?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly project?: string;
}

/**
 * Finds credentials: an explicit token, the Earth Engine credentials file, then application default
 * credentials. Found ones go to Google's hosts only; any other endpoint gets an explicit token or nothing.
 *
 * @throws {EarthEngineError} of kind `credentials` when there are none, or no project.
 */
export async function findCredentials({
  endpoint,
  project,
  token,
}: CredentialOptions): Promise<Credentials> {
  const wanted =
    project ??
    process.env.EE_PROJECT ??
    process.env.GOOGLE_CLOUD_PROJECT ??
    process.env.GEE_PROJECT;
  if (token !== undefined) {
    return signed('the token given', requireProject(wanted), async () => ({
      authorization: `Bearer ${token}`,
    }));
  }
  if (!isGoogle(endpoint)) {
    throw new EarthEngineError(
      'credentials',
      `Expected a token for ${endpoint} but received none. Set GEOCUBES_TOKEN; credentials found on this machine are sent to Google only.`,
    );
  }
  const file = await readEarthEngineFile();
  if (
    file?.refresh_token !== undefined &&
    file.client_id !== undefined &&
    file.client_secret !== undefined
  ) {
    const client = new UserRefreshClient(file.client_id, file.client_secret, file.refresh_token);
    return fromClient(
      'the Earth Engine credentials file',
      client,
      requireProject(project ?? file.project ?? wanted),
    );
  }
  return fromDefaults(wanted ?? file?.project);
}

async function fromDefaults(project: string | undefined): Promise<Credentials> {
  const auth = new GoogleAuth({ scopes: SCOPES });
  let client: AuthClient;
  try {
    client = await auth.getClient();
  } catch (cause) {
    throw new EarthEngineError(
      'credentials',
      'Expected Earth Engine credentials on this machine but received none. Run "earthengine authenticate", or set GOOGLE_APPLICATION_CREDENTIALS to a key file.',
      undefined,
      { cause },
    );
  }
  const fallback = client.quotaProjectId ?? (await auth.getProjectId().catch(() => undefined));
  return fromClient('application default credentials', client, requireProject(project ?? fallback));
}

function fromClient(origin: string, client: AuthClient, project: string): Credentials {
  return signed(origin, project, async () => {
    try {
      const headers = await client.getRequestHeaders();
      const authorization = headers.get('authorization');
      return authorization === null ? {} : { authorization };
    } catch (cause) {
      // The library's own error may quote the refused grant; only its kind is passed on.
      throw new EarthEngineError(
        'credentials',
        `Expected a token from ${origin} but received a refusal. Run "earthengine authenticate" again; a wrong clock has the same effect.`,
        undefined,
        { cause: cause instanceof Error ? cause.name : undefined },
      );
    }
  });
}

function signed(
  origin: string,
  project: string,
  authorize: () => Promise<Record<string, string>>,
): Credentials {
  return {
    origin,
    project,
    headers: async () => ({ ...(await authorize()), 'x-goog-user-project': project }),
    refresh: async () => {},
  };
}

function requireProject(project: string | undefined): string {
  if (project === undefined || project === '') {
    throw new EarthEngineError(
      'credentials',
      'Expected a Google Cloud project but received none. Give --project, or set GOOGLE_CLOUD_PROJECT.',
    );
  }
  if (!/^[a-z0-9][a-z0-9.:-]*$/.test(project))
    throw expected('a project id', 'the Google Cloud project', project);
  return project;
}

function isGoogle(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'https:' && hostname.endsWith('.googleapis.com');
}

async function readEarthEngineFile(): Promise<EarthEngineFile | undefined> {
  try {
    return JSON.parse(
      await readFile(join(homedir(), '.config', 'earthengine', 'credentials'), 'utf8'),
    ) as EarthEngineFile;
  } catch {
    return undefined;
  }
}
