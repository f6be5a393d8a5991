/**
 * Which credentials win on this machine, and which project: the one place that decides, for requests
 * and for `geocubes doctor` alike. Reads variables and files, asks nobody.
 */
import { existsSync } from 'node:fs';
import { localPath } from '../../machine/local-path.js';
import {
  ALL_KEYS,
  type Key,
  type KeyType,
  PLAIN_KEYS,
  parseObject,
  readKey,
  textOf,
  userKey,
} from './key.js';
import { connectToMetadata } from './metadata-server.js';
import {
  earthEngineFile,
  gcloudFile,
  isGoogleMachine,
  readText,
  type Surroundings,
  variable,
} from './surroundings.js';
import { CommandTokens, isToken, wordsOf } from './token-command.js';
import { givenToken, LibraryTokens, type Tokens } from './tokens.js';

/** What the caller names; each comes before the variable of the same meaning. */
export interface Wishes {
  readonly token?: string | undefined;
  readonly tokenCommand?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly project?: string | undefined;
}

/** The account that requests are signed as. Safe to print: secrets are in the closure alone. */
export interface Account {
  readonly kind: 'token' | 'key' | 'metadata-server';
  /** Where it was found, in the reader's terms; never a secret. */
  readonly origin: string;
  /** Set where it was named but cannot work; the rest of a sentence that begins with `origin`. */
  readonly problem?: string;
  /** Its tokens, with these scopes where it may choose them. Nothing is sent before the first is asked for. */
  readonly tokens: (scopes: readonly string[]) => Tokens;
}

export interface FoundProject {
  readonly id: string;
  readonly origin: string;
}

export interface Detected {
  /** Absent where there is none, as far as can be told without asking the network. */
  readonly account?: Account;
  readonly project?: FoundProject;
  /** A source that looks like one but cannot serve, and what to do: whole sentences. */
  readonly passedOver?: string;
}

/** An account with what its JSON says about projects. */
interface Candidate extends Account {
  readonly key?: Key;
}

/**
 * The first account there is, in this order: a token (option, GEOCUBES_TOKEN), a command that prints one
 * (option, GEOCUBES_TOKEN_COMMAND), a key file (option, GEOCUBES_KEY_FILE), EE_SERVICE_ACC_PRIVATE_KEY, the Earth Engine credentials file, and application
 * default credentials: GOOGLE_APPLICATION_CREDENTIALS, gcloud's file, the metadata server. What is named
 * but cannot work wins all the same, with its `problem`: going on silently would use another account
 * than the one that was meant.
 */
export function detectAccount(wishes: Wishes, surroundings: Surroundings): Detected {
  const file = readEarthEngineFile(surroundings);
  const account =
    fromToken(wishes, surroundings) ??
    fromTokenCommand(wishes, surroundings) ??
    fromKeyFile(wishes, surroundings) ??
    fromKeyText(surroundings) ??
    file.account ??
    fromDefaultFile(surroundings) ??
    fromGcloud(surroundings) ??
    (isGoogleMachine(surroundings) ? metadataAccount() : undefined);
  const project = chooseProject(wishes, surroundings, account, file.project);
  return {
    ...(account === undefined ? {} : { account }),
    ...(project === undefined ? {} : { project }),
    ...(file.problem === undefined ? {} : { passedOver: file.problem }),
  };
}

export const EARTH_ENGINE_FILE = '~/.config/earthengine/credentials';
/** By which the Python client, where it is installed, hands out tokens of its own login by its own code. */
export const PYTHON_TOKEN_COMMAND =
  'python3 -c "import ee, google.auth.transport.requests as r; c = ee.data.get_persistent_credentials(); c.refresh(r.Request()); print(c.token)"';
const GCLOUD_FILE = "gcloud's default credentials";
const LOG_IN = 'Run "gcloud auth application-default login" again.';
const CHECK_KEY = 'Check that the key has not been deleted, and its account not disabled.';

function fromToken({ token }: Wishes, surroundings: Surroundings): Candidate | undefined {
  const given = token?.trim();
  const value = given || variable(surroundings, 'GEOCUBES_TOKEN');
  const origin = given ? 'the token given' : 'GEOCUBES_TOKEN';
  if (value === undefined) return undefined;
  // Anything else could not stand in a header, and the HTTP client's error would quote it.
  return isToken(value)
    ? { kind: 'token', origin, tokens: () => givenToken(value) }
    : broken('token', origin, 'holds characters that no token has');
}

/** One that is given for this run is as good as a token; one of the environment may print what is Google's alone. */
function fromTokenCommand(
  { tokenCommand }: Wishes,
  surroundings: Surroundings,
): Candidate | undefined {
  const given = tokenCommand?.trim();
  const line = given || variable(surroundings, 'GEOCUBES_TOKEN_COMMAND');
  if (line === undefined) return undefined;
  const origin = given ? 'the token command given' : 'GEOCUBES_TOKEN_COMMAND';
  const words = wordsOf(line);
  return typeof words === 'string'
    ? broken('token', origin, words)
    : {
        kind: given ? 'token' : 'key',
        origin,
        tokens: () => new CommandTokens(origin, words),
      };
}

function fromKeyFile({ keyFile }: Wishes, surroundings: Surroundings): Candidate | undefined {
  const path =
    keyFile === undefined
      ? variable(surroundings, 'GEOCUBES_KEY_FILE')
      : localPath(keyFile, 'the key file');
  if (path === undefined) return undefined;
  const origin = keyFile === undefined ? 'GEOCUBES_KEY_FILE' : 'the key file given';
  return fileAccount(origin, path, PLAIN_KEYS);
}

function fromKeyText(surroundings: Surroundings): Candidate | undefined {
  const origin = 'EE_SERVICE_ACC_PRIVATE_KEY';
  const text = variable(surroundings, origin);
  return text === undefined ? undefined : keyAccount(origin, text, ['service_account']);
}

function fromDefaultFile(surroundings: Surroundings): Candidate | undefined {
  const origin = 'GOOGLE_APPLICATION_CREDENTIALS';
  const path = variable(surroundings, origin);
  return path === undefined ? undefined : fileAccount(origin, path, ALL_KEYS);
}

function fromGcloud(surroundings: Surroundings): Candidate | undefined {
  const text = readText(gcloudFile(surroundings));
  return text === undefined ? undefined : keyAccount(GCLOUD_FILE, text, ALL_KEYS);
}

/** The account of the machine itself. */
export function metadataAccount(): Account {
  const origin = 'the metadata server of this machine';
  const todo = 'Check that the machine has a service account.';
  return {
    kind: 'metadata-server',
    origin,
    tokens: (scopes) => new LibraryTokens(origin, todo, () => connectToMetadata(scopes)),
  };
}

function fileAccount(origin: string, path: string, allowed: readonly KeyType[]): Candidate {
  const text = readText(path);
  return text === undefined
    ? broken(
        'key',
        origin,
        `names a file that ${existsSync(path) ? 'cannot be read' : 'is not there'}`,
      )
    : keyAccount(origin, text, allowed);
}

function keyAccount(origin: string, text: string, allowed: readonly KeyType[]): Candidate {
  const key = readKey(text, allowed);
  if (typeof key === 'string') return broken('key', origin, key);
  return signedBy(origin, key, key.type === 'authorized_user' ? LOG_IN : CHECK_KEY);
}

function signedBy(origin: string, key: Key, todo: string): Candidate {
  return {
    kind: 'key',
    origin,
    key,
    tokens: (scopes) => new LibraryTokens(origin, todo, () => key.connect(scopes)),
  };
}

function broken(kind: Account['kind'], origin: string, problem: string): Candidate {
  return { kind, origin, problem, tokens: () => givenToken('') };
}

interface EarthEngineFile {
  readonly account?: Candidate;
  readonly project?: string;
  /** Why it is no account though it is there. */
  readonly problem?: string;
}

/**
 * The Python client's file. It names an OAuth client only where the user brought one; else the Python
 * client uses its own, whose secret is not ours to use, so that the file gives its project at most.
 */
function readEarthEngineFile(surroundings: Surroundings): EarthEngineFile {
  const text = readText(earthEngineFile(surroundings));
  if (text === undefined) return {};
  const json = parseObject(text);
  if (json === undefined)
    return { problem: `${EARTH_ENGINE_FILE} is no JSON object and was passed over.` };
  const id = textOf(json.project);
  const project = id === undefined ? {} : { project: id };
  const [refresh_token, client_id, client_secret] = [
    json.refresh_token,
    json.client_id,
    json.client_secret,
  ].map(textOf);
  if (refresh_token === undefined) return project;
  if (client_id === undefined || client_secret === undefined) {
    const problem = `${EARTH_ENGINE_FILE} was passed over: it names no OAuth client of its own, so it serves the Python client alone. Run "gcloud auth application-default login" or "earthengine authenticate --auth_mode=gcloud", or let that client print tokens: --token-command '${PYTHON_TOKEN_COMMAND}'.`;
    return { ...project, problem };
  }
  const key = userKey({ refresh_token, client_id, client_secret });
  const todo = 'Run "earthengine authenticate" again.';
  return { ...project, account: signedBy(EARTH_ENGINE_FILE, key, todo) };
}

/**
 * The project that is billed: the one that is named; a service account's own, or the Earth Engine
 * credentials file's (which `earthengine set_project` writes, whichever login is used); the variables; the
 * quota project of the login.
 */
function chooseProject(
  wishes: Wishes,
  surroundings: Surroundings,
  account: Candidate | undefined,
  ofFile: string | undefined,
): FoundProject | undefined {
  const { key, origin = '' } = account ?? {};
  const own =
    key?.type === 'service_account'
      ? { id: key.project, origin }
      : { id: ofFile, origin: EARTH_ENGINE_FILE };
  const variables = (names: readonly string[]) =>
    names.map((name) => ({ id: variable(surroundings, name), origin: name }));
  const candidates = [
    { id: wishes.project, origin: 'the project given' },
    ...variables(['GEOCUBES_PROJECT']),
    own,
    ...variables([
      'GOOGLE_CLOUD_PROJECT',
      'EE_PROJECT',
      'GEE_PROJECT',
      'GOOGLE_CLOUD_QUOTA_PROJECT',
    ]),
    { id: key?.quotaProject, origin: `the quota project of ${origin}` },
  ];
  for (const { id, origin } of candidates) {
    if (id !== undefined && id !== '') return { id, origin };
  }
  return undefined;
}
