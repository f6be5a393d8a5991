/**
 * Expressions built with Google's own client, `@google/earthengine`. It is used for nothing else: it has
 * no call for pixels, sends one request each 350 ms, loses the body of a request when it renews a token,
 * follows redirects with the token, reads replies without end, and blocks the thread when it is used before it
 * is initialised. Here it sends nothing: the list of functions, all that it needs, comes by our own client, and
 * it is initialised before anybody gets hold of it. It never has a token: its blocking calls would write it into
 * the arguments of a process.
 */
import { createRequire } from 'node:module';
import { argumentsIn } from '../../dataset/expressions/expression.js';
import { EarthEngineError, expected, InvalidInputError } from '../../errors.js';
import { AdaptiveLimiter } from '../adaptive-limiter.js';
import { EarthEngineClient } from '../client.js';
import type { Credentials } from '../credentials.js';
import type { Expression } from './expression.js';

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

/** A time step while an image is built: stand-ins for the numbers of each. */
export interface StepArguments {
  /** An `ee.Number`: milliseconds since 1970 in UTC at which the step starts. */
  readonly start: EarthEngineObject;
  /** An `ee.Number`: those at which it ends, which do not belong to it, as `filterDate` takes them. */
  readonly end: EarthEngineObject;
}

/** Builds an `ee.Image`, of a time step where it looks at that. It is called once. */
export type BuildImage = (ee: EarthEngineNamespace, step: StepArguments) => unknown;

export interface OfficialClientOptions {
  /** Base URL, the one that pixels come from. */
  readonly endpoint: string;
  readonly credentials: Credentials;
}

/** What of the client is used here beside its classes. */
interface OfficialClient extends EarthEngineNamespace {
  readonly data: {
    /** What it asks for as it is initialised. */
    getAlgorithms: (callback?: (functions: unknown) => void) => unknown;
  };
  /** From replies of the REST API to what it keeps. */
  readonly rpc_convert: { algorithms(reply: unknown): unknown };
  readonly Serializer: { encodeCloudApi(object: unknown): Expression };
  /** Calls `body` with stand-ins for its arguments, whatever it does with them. */
  readonly CustomFunction: new (
    signature: typeof STEP_SIGNATURE,
    body: (...args: EarthEngineObject[]) => unknown,
  ) => object;
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

const START = 'start';
const END = 'end';
const STEP_SIGNATURE = {
  name: 'step',
  args: [
    { name: START, type: 'Number' },
    { name: END, type: 'Number' },
  ],
  returns: 'Image',
} as const;

/** Whoever waits for an expression would rather be told. */
const LIST_RETRY = { maxTries: 3, exchangeMs: 60_000 };

/** The client's state is global to the process, and so is what we know of it. */
let client: OfficialClient | undefined;
let initialisedFor: string | undefined;
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * The expression of an image that is built with the official client; of a function of the time step, where the image
 * depends on it.
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
  const step = stepArguments(client);
  return encode(client, await runBuild(client, build, step));
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
  await load(ee, base, credentials);
  initialisedFor = wanted;
}

async function load(ee: OfficialClient, base: string, credentials: Credentials): Promise<void> {
  const list = await listFunctions(base, credentials);
  const { getAlgorithms } = ee.data;
  try {
    const functions = ee.rpc_convert.algorithms(list);
    ee.data.getAlgorithms = (callback) => {
      callback?.(functions);
      return functions;
    };
    await new Promise<void>((resolve, reject) => {
      ee.initialize(base, base, resolve, reject, null, credentials.project);
    });
  } catch (cause) {
    ee.reset();
    throw unexpectedList(base, 'transient', `what its client cannot use (${cause})`, cause);
  } finally {
    ee.data.getAlgorithms = getAlgorithms;
  }
}

/** @returns the reply of the REST API to `projects.algorithms.list`, within the bound of replies without pixels. */
async function listFunctions(base: string, credentials: Credentials): Promise<object> {
  const text = await askForList(base, credentials);
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray((list as { readonly algorithms?: unknown } | null)?.algorithms))
      return list as object;
  } catch {
    // Told as what has no list.
  }
  throw unexpectedList(base, 'transient', 'a reply without one');
}

async function askForList(base: string, credentials: Credentials): Promise<string> {
  const client = new EarthEngineClient(base, credentials, new AdaptiveLimiter(), LIST_RETRY);
  const path = `/v1/projects/${credentials.project}/algorithms?prettyPrint=false`;
  try {
    return Buffer.from((await client.send({ method: 'GET', path })).bytes).toString('utf8');
  } catch (cause) {
    if (!(cause instanceof EarthEngineError) || cause.kind === 'unreachable') throw cause;
    throw unexpectedList(base, cause.kind, cause.message, cause);
  } finally {
    await client.close();
  }
}

function unexpectedList(
  base: string,
  kind: EarthEngineError['kind'],
  received: string,
  cause?: unknown,
): EarthEngineError {
  return new EarthEngineError(
    kind,
    `Expected the list of Earth Engine's functions from ${base} but received: ${received}`,
    cause instanceof EarthEngineError ? cause.status : undefined,
  );
}

/** As the client makes them for a function, which cannot wait for its body as we do. */
function stepArguments(ee: OfficialClient): StepArguments {
  const step: EarthEngineObject[] = [];
  new ee.CustomFunction(STEP_SIGNATURE, (...args) => {
    step.splice(0, step.length, ...args);
    return args[0];
  });
  const [start, end] = step as [EarthEngineObject, EarthEngineObject];
  return { start, end };
}

async function runBuild(
  ee: OfficialClient,
  build: BuildImage,
  step: StepArguments,
): Promise<unknown> {
  try {
    return await build(ee, step);
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
  const expression = ee.Serializer.encodeCloudApi(image);
  const names = argumentsIn(expression);
  if (!names.has(START) && !names.has(END)) return expression;
  return ee.Serializer.encodeCloudApi(new ee.CustomFunction(STEP_SIGNATURE, () => image));
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
