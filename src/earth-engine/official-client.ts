/**
 * Expressions built with Google's own client, `@google/earthengine`. It is used for nothing else: it has
 * no call for pixels, sends one request each 350 ms, loses the body of a request when it renews a token,
 * follows redirects with the token, and blocks the thread when it is used before it is initialised. Here it
 * sends one request, for the list of functions, and is initialised before anybody gets hold of it. It has a
 * token for that request alone: its blocking calls would write it into the arguments of a process.
 */
import { createRequire } from 'node:module';
import {
  EarthEngineError,
  type EarthEngineErrorKind,
  expected,
  InvalidInputError,
} from '../errors.js';
import type { Credentials } from './credentials.js';
import type { Expression } from './expression.js';
import { kindOfWords } from './reply-errors.js';

/** Methods that images and collections are commonly built with. */
type Method =
  | 'abs'
  | 'add'
  | 'addBands'
  | 'and'
  | 'bitwiseAnd'
  | 'cat'
  | 'clamp'
  | 'cos'
  | 'divide'
  | 'eq'
  | 'exp'
  | 'expression'
  | 'filter'
  | 'filterBounds'
  | 'filterDate'
  | 'first'
  | 'focalMean'
  | 'gt'
  | 'gte'
  | 'limit'
  | 'linkCollection'
  | 'log'
  | 'lt'
  | 'lte'
  | 'map'
  | 'mask'
  | 'max'
  | 'mean'
  | 'median'
  | 'merge'
  | 'min'
  | 'mosaic'
  | 'multiply'
  | 'neq'
  | 'normalizedDifference'
  | 'not'
  | 'or'
  | 'pow'
  | 'qualityMosaic'
  | 'reduce'
  | 'remap'
  | 'rename'
  | 'resample'
  | 'select'
  | 'sin'
  | 'sort'
  | 'sqrt'
  | 'subtract'
  | 'sum'
  | 'toDouble'
  | 'toFloat'
  | 'toInt16'
  | 'toInt32'
  | 'toUint16'
  | 'toUint32'
  | 'toUint8'
  | 'unmask'
  | 'updateMask'
  | 'where';

type Call = (...args: unknown[]) => EarthEngineObject;

/**
 * An object of Earth Engine under construction. The service tells at run time which methods it really
 * has: those with a name here are the usual ones of images and collections, and all others may be absent.
 */
export type EarthEngineObject = { readonly [M in Method]: Call } & {
  readonly [method: string]: Call;
};

/** A class of Earth Engine: called with or without `new`, and with static functions of its own. */
export interface EarthEngineClass {
  (...args: unknown[]): EarthEngineObject;
  new (...args: unknown[]): EarthEngineObject;
  readonly [method: string]: Call;
}

/** The part of the official client that builds expressions; it ships no types of its own. */
export interface EarthEngineNamespace {
  readonly Image: EarthEngineClass;
  readonly ImageCollection: EarthEngineClass;
  readonly Feature: EarthEngineClass;
  readonly FeatureCollection: EarthEngineClass;
  readonly Filter: EarthEngineClass;
  readonly Geometry: EarthEngineClass;
  readonly Reducer: EarthEngineClass;
  readonly Kernel: EarthEngineClass;
  readonly Terrain: EarthEngineClass;
  readonly Date: EarthEngineClass;
  readonly DateRange: EarthEngineClass;
  readonly List: EarthEngineClass;
  readonly Dictionary: EarthEngineClass;
  readonly Number: EarthEngineClass;
  readonly String: EarthEngineClass;
  /** Functions that belong to no class, such as `ee.Algorithms.If`. */
  readonly Algorithms: Readonly<Record<string, unknown>>;
}

export type BuildImage = (ee: EarthEngineNamespace) => unknown;

export interface OfficialClientOptions {
  /** Base URL, the one that pixels come from. */
  readonly endpoint: string;
  readonly credentials: Credentials;
}

/** What of the client is used here beside its classes. */
interface OfficialClient extends EarthEngineNamespace {
  readonly data: {
    setAuthToken(
      clientId: string,
      type: 'Bearer',
      token: string,
      expiresIn: number | undefined,
      extraScopes: readonly string[],
      callback: undefined,
      updateAuthLibrary: boolean,
    ): void;
    clearAuthToken(): void;
    setDeadline(ms: number): void;
  };
  readonly Serializer: { encodeCloudApi(object: unknown): Expression };
  ready(): 'not_ready' | 'loading' | 'ready';
  initialize(
    base: string,
    tiles: string,
    onSuccess: () => void,
    onFailure: (error: unknown) => void,
    xsrfToken: null,
    project: string,
  ): void;
  reset(): void;
}

/** The list of functions is less than a megabyte. */
const DEADLINE_MS = 60_000;

/** The client's state is global to the process, and so is what we know of it. */
let client: OfficialClient | undefined;
let initialisedFor: string | undefined;
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * The expression of an image that is built with the official client.
 *
 * The client is loaded when this is first called (about a second), and initialised once for an endpoint and
 * project; for another one it is reset and initialised again, so calls run one after the other. `build` only
 * builds: calls that ask the service, such as `getInfo`, have no token there.
 *
 * @param build gets the initialised client, and returns an `ee.Image` or a promise of one.
 * @throws {InvalidInputError} when `build` fails or gives no image, or when the program has initialised the client itself.
 * @throws {EarthEngineError} when the client cannot be initialised.
 */
export function buildExpression(
  build: BuildImage,
  options: OfficialClientOptions,
): Promise<Expression> {
  const turn = lastTurn.then(() => takeTurn(build, options));
  lastTurn = turn.catch(() => {});
  return turn;
}

async function takeTurn(build: BuildImage, options: OfficialClientOptions): Promise<Expression> {
  client ??= loadClient();
  await initialise(client, options);
  return encode(client, await runBuild(client, build));
}

/** Here rather than at the top: it costs a second, which commands without such expressions need not spend. */
function loadClient(): OfficialClient {
  const ee = createRequire(import.meta.url)('@google/earthengine') as OfficialClient;
  if (ee.ready() === 'not_ready') return ee;
  throw new InvalidInputError(
    'Expected the Earth Engine client as it is loaded but received one that this program has initialised. Build the image with it, and give { kind: "expression", expression: ee.Serializer.encodeCloudApi(image) } as the source.',
  );
}

async function initialise(
  ee: OfficialClient,
  { endpoint, credentials }: OfficialClientOptions,
): Promise<void> {
  const base = endpoint.replace(/\/+$/, '');
  const wanted = `${credentials.project} at ${base}`;
  if (initialisedFor === wanted) return;
  ee.reset();
  initialisedFor = undefined;
  ee.data.setDeadline(DEADLINE_MS);
  try {
    await load(ee, base, credentials);
  } catch (error) {
    if (!(error instanceof EarthEngineError && error.kind === 'credentials')) throw error;
    await credentials.refresh();
    await load(ee, base, credentials);
  }
  initialisedFor = wanted;
}

async function load(ee: OfficialClient, base: string, credentials: Credentials): Promise<void> {
  const { authorization = '' } = await credentials.headers();
  const token = authorization.replace(/^Bearer /, '');
  // Without an end it starts no timer, and unless told not to it would load a script for browsers.
  ee.data.setAuthToken('', 'Bearer', token, undefined, [], undefined, false);
  try {
    await new Promise<void>((resolve, reject) => {
      ee.initialize(base, base, resolve, reject, null, credentials.project);
    });
  } catch (error) {
    ee.reset();
    throw initialisationError(error, base);
  } finally {
    ee.data.clearAuthToken();
  }
}

/** The client tells no status, only the service's message. */
function initialisationError(error: unknown, base: string): EarthEngineError {
  // Where no connection was made the client takes the stack of the failure for a reply.
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const message = line.slice(0, 300);
  return new EarthEngineError(
    kindOf(message),
    `Expected the list of Earth Engine's functions from ${base} but received: ${message}`,
  );
}

function kindOf(message: string): EarthEngineErrorKind {
  if (/Failed to contact|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH/.test(message))
    return 'unreachable';
  if (/authentication credential|HTTP code: 401/i.test(message)) return 'credentials';
  if (/HTTP code: 429/i.test(message)) return 'quota';
  const kind = kindOfWords(message);
  if (kind !== undefined) return kind;
  return /permission|has not been used|HTTP code: 403/i.test(message) ? 'permission' : 'transient';
}

async function runBuild(ee: OfficialClient, build: BuildImage): Promise<unknown> {
  try {
    return await build(ee);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError(
      `Expected a function that builds an ee.Image but it failed: ${message}`,
      { cause },
    );
  }
}

function encode(ee: OfficialClient, image: unknown): Expression {
  if (!(image instanceof ee.Image)) {
    throw expected(
      'an ee.Image',
      'the result of the function that builds the image',
      describe(ee, image),
      hintFor(ee, image),
    );
  }
  return ee.Serializer.encodeCloudApi(image);
}

function describe(ee: OfficialClient, value: unknown): string {
  if (value instanceof ee.ImageCollection) return 'an ee.ImageCollection';
  return value === null || typeof value !== 'object' ? String(value) : 'another object';
}

function hintFor(ee: OfficialClient, value: unknown): string {
  return value instanceof ee.ImageCollection
    ? 'Make it one image, with mosaic() for example.'
    : 'Wrap what is one at the service in ee.Image().';
}
