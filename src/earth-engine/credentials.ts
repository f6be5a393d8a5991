import { EarthEngineError, expected } from '../errors.js';
import {
  type Account,
  detectAccount,
  type FoundProject,
  metadataAccount,
  type Wishes,
} from './credentials/detect.js';
import { isGoogle } from './credentials/key.js';
import { askMetadata } from './credentials/metadata-server.js';
import { checkSecrecy } from './credentials/secrecy.js';
import { type Surroundings, thisMachine } from './credentials/surroundings.js';

/** What a request is signed with. */
export interface Credentials {
  /** Where they were found, for people; never a secret. */
  readonly origin: string;
  readonly project: string;
  /**
   * The headers of one request; ask again for each, because tokens are renewed ahead of their end.
   * @throws {EarthEngineError} when the token server refuses (`credentials`) or is away (`transient`, `unreachable`).
   */
  headers(): Promise<Record<string, string>>;
  /**
   * Gets a new token, after the service has refused the old one. Cheap to call by many requests at once, and
   * without effect on a token that was given. @throws {EarthEngineError} as {@link headers}.
   */
  refresh(): Promise<void>;
}

export interface CredentialOptions extends Wishes {
  /** Base URL of the service. */
  readonly endpoint: string;
  /** Whether a token may go over plain http to another machine than this one. Default: false. */
  readonly insecureHttp?: boolean | undefined;
  /** What the tokens of service accounts may do. Default: {@link READ_ONLY}. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Reading is all that filling a cube needs, and the REST reference lists this scope as sufficient for
 * `computePixels` (to be confirmed live). A token that leaks can then change nothing. Tokens of users
 * have the scopes of their login, whatever is asked for here.
 */
export const READ_ONLY: readonly string[] = [
  'https://www.googleapis.com/auth/earthengine.readonly',
];

/**
 * Finds credentials, in the order of {@link detectAccount}, and the project that is billed. Nothing is
 * asked of the network, but for the metadata server where nothing else was found. Credentials found on
 * the machine go to Google's hosts only; any other endpoint gets an explicit token or nothing.
 *
 * @throws {EarthEngineError} of kind `credentials` when there are none, or they cannot work, or no project.
 * @throws {InvalidInputError} when the project is none.
 */
export async function findCredentials(
  options: CredentialOptions,
  surroundings: Surroundings = thisMachine(),
): Promise<Credentials> {
  checkSecrecy(options.endpoint, options.insecureHttp);
  const found = detectAccount(options, surroundings);
  if (!isGoogle(options.endpoint) && found.account?.kind !== 'token')
    throw keptFrom(options.endpoint);
  const account = found.account ?? (await probeMetadata(surroundings));
  if (account === undefined) throw noneFound(found.passedOver);
  if (account.problem !== undefined) {
    throw refuse(
      `Expected Earth Engine credentials but ${account.origin} ${account.problem}. Mend it or leave it out.`,
    );
  }
  const project = checkProject(found.project ?? (await projectOf(account, surroundings)));
  const tokens = account.tokens(options.scopes ?? READ_ONLY);
  return {
    origin: account.origin,
    project,
    headers: async () => ({
      authorization: `Bearer ${await tokens.token()}`,
      'x-goog-user-project': project,
    }),
    refresh: () => tokens.refresh(),
  };
}

async function probeMetadata(surroundings: Surroundings): Promise<Account | undefined> {
  const answer = await askMetadata('instance/service-accounts/default/email', surroundings);
  return answer === undefined ? undefined : metadataAccount();
}

async function projectOf(
  { kind, origin }: Account,
  surroundings: Surroundings,
): Promise<FoundProject | undefined> {
  if (kind !== 'metadata-server') return undefined;
  const id = await askMetadata('project/project-id', surroundings);
  return id === undefined ? undefined : { id, origin };
}

function checkProject(project: FoundProject | undefined): string {
  if (project === undefined) {
    throw refuse(
      'Expected a Google Cloud project but received none. Give --project, or set GOOGLE_CLOUD_PROJECT.',
    );
  }
  // It becomes part of a path and a header.
  if (!/^[a-z0-9][a-z0-9.:-]*$/.test(project.id))
    throw expected('a project id', `the Google Cloud project (${project.origin})`, project.id);
  return project.id;
}

function keptFrom(endpoint: string): EarthEngineError {
  return refuse(
    `Expected a token for ${endpoint} but received none. Set GEOCUBES_TOKEN; credentials found on this machine are sent to Google only.`,
  );
}

function noneFound(passedOver: string | undefined): EarthEngineError {
  return refuse(
    passedOver === undefined
      ? 'Expected Earth Engine credentials on this machine but received none. Run "gcloud auth application-default login" or "earthengine authenticate --auth_mode=gcloud", or set GOOGLE_APPLICATION_CREDENTIALS to a key file.'
      : `Expected Earth Engine credentials on this machine but received none: ${passedOver} Or set GOOGLE_APPLICATION_CREDENTIALS to a key file.`,
  );
}

function refuse(message: string): EarthEngineError {
  return new EarthEngineError('credentials', message);
}
