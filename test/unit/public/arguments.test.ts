/** Every public name, with wrong arguments in each place: it works, or says what it expected. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RESAMPLINGS } from '../../../src/dataset/dataset.js';
import * as library from '../../../src/index.js';

type Fn = (...args: unknown[]) => unknown;

const WRONG: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['42', 42],
  ['-1.5', -1.5],
  ['NaN', Number.NaN],
  ["'abc'", 'abc'],
  ['{}', {}],
  ['[]', []],
  ['[undefined]', [undefined]],
  ['true', true],
  ['a function', () => 1],
  ['a Symbol', Symbol('s')],
  ['a BigInt', 10n],
  ['an object without a prototype', Object.create(null)],
];

const DATASET = library.defineDataset({
  title: 'arguments',
  local: true,
  bands: ['b'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:32631', bounds: [0, 0, 64, 64], resolution: 1, chunk: 32 },
});
const GRID = library.Grid.fromRecord(DATASET.grid);
const GEOBOX = GRID.geobox;
const BBOX = { west: 0, south: 0, east: 40, north: 40, crs: GEOBOX.crs };
const WINDOW = { row: 0, col: 0, height: 8, width: 8 };
const POOL = library.createPool({ size: 0 });
const SOURCE: library.TileSource = {
  mask: { kind: 'file' },
  planRequests: () => [],
  check: async () => {},
  close: async () => {},
  fetch: async ({ id, index, geobox }) => ({ state: 'fetched', id, index, geobox, parts: [] }),
};
const AXIS = library.TimeAxis.fromRecord({
  kind: 'regular',
  start: '2019',
  step: '1 year',
  count: 2,
} as never);

const home = mkdtempSync(join(tmpdir(), 'geocubes-arguments-'));
const before = process.cwd();
let cube: library.Cube;
beforeAll(async () => {
  process.chdir(home);
  cube = await library.Cube.create('memory:', DATASET, { pool: POOL });
});
afterAll(async () => {
  process.chdir(before);
  await POOL.close();
  rmSync(home, { recursive: true });
});

const RUN = { source: SOURCE, pool: POOL };
const REGION = () => ({
  geobox: GEOBOX,
  dtype: 'uint8',
  nodata: 0,
  bands: new Map([['b', new Uint8Array(64 * 64)]]),
});

interface Call {
  readonly on?: () => unknown;
  /** Arguments that work, or fail in a way of our own. */
  readonly good: () => readonly unknown[];
  /** Options of the last argument that are tried with wrong values one by one. */
  readonly options?: readonly string[];
}

const call = (
  good: () => readonly unknown[],
  options: readonly string[] = [],
  on?: () => unknown,
): Call => ({
  good,
  options,
  ...(on === undefined ? {} : { on }),
});

/** Of a run, however its events are told. */
const INGEST_OPTIONS = [
  ...['source', 'pool', 'tilesInFlight', 'memory', 'groupSize', 'maxCommitDelayMs', 'onEvent'],
  ...['maxOutageMs', 'trustFileSystem', 'maxTiles', 'maxBytes', 'until', 'time', 'signal'],
];

/** Every function and method that is public. */
const CALLS: Readonly<Record<string, Call>> = {
  createPool: call(() => [{ size: 0 }], ['size', 'kernel']),
  defineDataset: call(() => [{}, {}], ['like', 'onSnap', 'endpoint', 'token', 'project']),
  describeDataset: call(
    () => ['no/asset', { endpoint: 'http://127.0.0.1:1', token: 't', project: 'p' }],
    ['endpoint', 'token', 'project', 'bands', 'crs', 'time', 'step', 'dtype', 'title'],
  ),
  parseDataset: call(() => [{}, {}], ['like', 'onSnap']),
  drawReport: call(() => [undefined, {}]),
  drawStateMap: call(
    () => [{ title: 't', grid: GRID, states: [] }],
    ['title', 'grid', 'states', 'widthPx', 'region', 'areas'],
  ),
  earthEngine: call(
    () => [
      library.presetDataset('demo'),
      { endpoint: 'http://127.0.0.1:1', token: 't', project: 'p' },
    ],
    ['endpoint', 'project', 'token', 'keyFile', 'scopes', 'limiter', 'retry', 'workloadTag'],
  ),
  earthEngineExpression: call(
    () => [undefined, { endpoint: 'http://127.0.0.1:1', token: 't', project: 'p' }],
    ['endpoint', 'token', 'keyFile'],
  ),
  ingestWithReport: call(() => [cube, BBOX, RUN, { folder: 'report' }], ['folder', 'onWritten']),
  localFiles: call(
    () => [DATASET, ['x.tif'], {}],
    ['order', 'nodata', 'bands', 'resampling', 'trustInputs'],
  ),
  logBenchmarkSummary: call(() => [new library.Stopwatch(), { info() {} }]),
  parseBoundingBox: call(() => ['0,0,1,1', GEOBOX.crs]),
  parseCrs: call(() => ['EPSG:4326']),
  parseToi: call(() => ['2019']),
  planReprojection: call(() => [GEOBOX, GEOBOX, {}], ['resampling']),
  presetDataset: call(() => ['demo']),
  readDataset: call(() => ['demo', { pool: POOL }], ['pool', 'like', 'onSnap', 'trustInputs']),
  readGeoBox: call(() => ['x.tif', { pool: POOL }], ['pool', 'trustInputs']),
  readRoi: call(() => ['x.gpkg', {}], ['where', 'layer', 'trustInputs']),
  renderPng: call(() => ['<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>']),
  renderQuicklook: call(
    () => [{ width: 2, height: 2, bands: [new Uint8Array(4)] }],
    ['width', 'height', 'bands', 'nodata'],
  ),
  roiWindows: call(() => [BBOX, GEOBOX]),
  tilesOf: call(() => [BBOX, GRID]),
  toGeoTransform: call(() => [GEOBOX.affine]),
  writeGeoTiff: call(
    () => [REGION(), 'x.tif', { pool: POOL }],
    ['pool', 'format', 'creationOptions', 'hasNodata', 'signal'],
  ),
  'Cube.create': call(
    () => ['memory:', DATASET, { pool: POOL }],
    ['pool', 'icechunkFormat', 'overwrite', 'existsOk', 'postCreate', 'overviews'],
  ),
  'Cube.open': call(() => ['memory:none', {}], ['dataset', 'sync', 'asOf', 'branch']),
  'Cube.isCreated': call(() => ['memory:none']),
  'Cube.rollBack': call(() => ['memory:none']),
  'Cube#plan': call(
    () => [BBOX, SOURCE, {}],
    ['time', 'maxTiles'],
    () => cube,
  ),
  'Cube#tilesOf': call(
    () => [['0-0']],
    [],
    () => cube,
  ),
  'Cube#estimate': call(
    () => [BBOX, {}],
    ['threads', 'rate', 'memory', 'sample', 'time'],
    () => cube,
  ),
  'Cube#ingest': call(
    () => [BBOX, RUN],
    INGEST_OPTIONS,
    () => cube,
  ),
  'Cube#ingestEvents': call(
    () => [BBOX, RUN],
    INGEST_OPTIONS,
    () => cube,
  ),
  'Cube#download': call(
    () => [BBOX, RUN],
    ['source', 'pool'],
    () => cube,
  ),
  'Cube#proceduralDownload': call(
    () => [BBOX, { source: SOURCE }],
    ['source', 'mode', 'threads', 'kernel'],
    () => cube,
  ),
  'Cube#downloadTile': call(
    () => ['0-0', RUN],
    ['source', 'pool', 'bands', 'signal'],
    () => cube,
  ),
  'Cube#load': call(
    () => [BBOX, {}],
    [
      ...['pool', 'like', 'resampling', 'buffer', 'bands', 'clip', 'time', 'signal', 'source'],
      'allowMissing',
      'overviews',
    ],
    () => cube,
  ),
  'Cube#saveGeoTiff': call(
    () => [BBOX, 'x.tif', { pool: POOL }],
    ['pool', 'format', 'creationOptions', 'pixelBytes', 'resampling', 'buffer', 'bands', 'clip'],
    () => cube,
  ),
  'Cube#saveZarr': call(
    () => [BBOX, 'x.zarr', { pool: POOL }],
    ['pool', 'pixelBytes', 'resampling', 'buffer', 'bands', 'clip'],
    () => cube,
  ),
  'Cube#saveNetCdf': call(
    () => [BBOX, 'x.nc', { pool: POOL }],
    ['pool', 'pixelBytes', 'resampling', 'buffer', 'bands', 'clip'],
    () => cube,
  ),
  'Cube#stats': call(
    () => [BBOX, {}],
    ['pool', 'bands', 'quantiles', 'scaled', 'pixelBytes', 'signal', 'time'],
    () => cube,
  ),
  'Cube#sample': call(
    () => [[[0, 0]], {}],
    ['pool', 'crs', 'bands', 'scaled', 'signal', 'time'],
    () => cube,
  ),
  'Cube#openDataset': call(
    () => [BBOX, {}],
    ['pool', 'like', 'resampling', 'time'],
    () => cube,
  ),
  'Cube#loadLike': call(
    () => [GEOBOX, {}],
    ['pool', 'resampling'],
    () => cube,
  ),
  'Cube#openZarr': call(
    () => [],
    [],
    () => cube,
  ),
  'Cube#tileStates': call(
    () => [BBOX, {}],
    ['time'],
    () => cube,
  ),
  'Cube#walkStates': call(
    () => [BBOX, {}],
    ['time'],
    () => cube,
  ),
  'Cube#countStates': call(
    () => [BBOX, {}],
    ['time'],
    () => cube,
  ),
  'Cube#verify': call(
    () => [BBOX, {}],
    ['quick', 'repair', 'shard', 'pool', 'onDamage', 'onProgress', 'signal', 'time'],
    () => cube,
  ),
  'Cube#finalise': call(
    () => [BBOX, {}],
    ['time', 'shards', 'onMissing', 'onDamage', 'report', 'onWait', 'signal'],
    () => cube,
  ),
  'Cube#openBranch': call(
    () => ['night'],
    [],
    () => cube,
  ),
  'Cube#publish': call(
    () => ['night'],
    [],
    () => cube,
  ),
  'Cube#openShardStore': call(
    () => [{ index: 0, count: 2 }, {}],
    ['sync'],
    () => cube,
  ),
  'Cube#merge': call(
    () => [['memory:none'], {}],
    ['groupSize', 'onStore', 'onDamage', 'signal'],
    () => cube,
  ),
  'Cube#extend': call(
    () => [{ time: { kind: 'at', time: '2026' } }],
    ['time'],
    () => cube,
  ),
  'Cube#drop': call(
    () => [BBOX, { dryRun: true }],
    ['time', 'dryRun'],
    () => cube,
  ),
  'Cube#updateOverviews': call(
    () => [{}],
    ['factors', 'reduction', 'pool', 'rebuild', 'signal', 'onProgress', 'onWait'],
    () => cube,
  ),
  'Cube#levels': call(
    () => [],
    [],
    () => cube,
  ),
  'Cube#overviewState': call(
    () => [BBOX, {}],
    ['time'],
    () => cube,
  ),
  'Cube#tileRecord': call(
    () => ['0-0'],
    [],
    () => cube,
  ),
  'Cube#tags': call(
    () => [],
    [],
    () => cube,
  ),
  'Cube#tag': call(
    () => ['v1', undefined],
    [],
    () => cube,
  ),
  'Cube#deleteTag': call(
    () => ['v1'],
    [],
    () => cube,
  ),
  'Cube#resetTo': call(
    () => ['v1'],
    [],
    () => cube,
  ),
  'Cube#windowsOf': call(
    () => [BBOX],
    [],
    () => cube,
  ),
  'Cube#stepsOf': call(
    () => [undefined],
    [],
    () => cube,
  ),
  'Cube#history': call(
    () => [],
    [],
    () => cube,
  ),
  'Cube#assertCreated': call(
    () => [],
    [],
    () => cube,
  ),
  'Cube#adjacentTiles': call(
    () => [BBOX, {}],
    ['time'],
    () => cube,
  ),
  'Cube#currentState': call(
    () => [BBOX, {}],
    ['all', 'time'],
    () => cube,
  ),
  'Cube#visualizeState': call(
    () => [{ format: 'svg' }],
    ['title', 'roi', 'widthPx', 'format', 'time'],
    () => cube,
  ),
  'Cube#logBenchmarkSummary': call(
    () => [{ info() {} }],
    [],
    () => cube,
  ),
  'AdaptiveLimiter#run': call(
    () => [async () => 1, undefined],
    [],
    () => new library.AdaptiveLimiter(),
  ),
  'GeoBox.fromRecord': call(() => [GEOBOX.toRecord()]),
  'GeoBox.fromBounds': call(() => [GEOBOX.bounds, GEOBOX.crs, 1]),
  'GeoBox#equals': call(
    () => [GEOBOX],
    [],
    () => GEOBOX,
  ),
  'GeoBox#toCrs': call(
    () => ['EPSG:4326', {}],
    ['resolution', 'shape'],
    () => GEOBOX,
  ),
  'GeoBox#crop': call(
    () => [WINDOW],
    [],
    () => GEOBOX,
  ),
  'GeoBox#pad': call(
    () => [1, 1],
    [],
    () => GEOBOX,
  ),
  'GeoBox#padToMultiples': call(
    () => [4, 4],
    [],
    () => GEOBOX,
  ),
  'GeoBox#expand': call(
    () => [{ height: 80, width: 80 }],
    ['height', 'width'],
    () => GEOBOX,
  ),
  'GeoBox#buffer': call(
    () => [1, 1],
    [],
    () => GEOBOX,
  ),
  'GeoBox#flipX': call(
    () => [],
    [],
    () => GEOBOX,
  ),
  'GeoBox#flipY': call(
    () => [],
    [],
    () => GEOBOX,
  ),
  'GeoBox#zoomOut': call(
    () => [2],
    [],
    () => GEOBOX,
  ),
  'GeoBox#zoomTo': call(
    () => [{ resolution: 2 }],
    ['resolution', 'shape'],
    () => GEOBOX,
  ),
  'GeoBox#tiles': call(
    () => [{ height: 8, width: 8 }],
    ['height', 'width'],
    () => GEOBOX,
  ),
  'GeoBox#enclosing': call(
    () => [BBOX],
    [],
    () => GEOBOX,
  ),
  'GeoBox#overlap': call(
    () => [BBOX],
    [],
    () => GEOBOX,
  ),
  'GeoBox#windowOf': call(
    () => [GEOBOX.bounds, 0],
    [],
    () => GEOBOX,
  ),
  'GeoBox#xCentres': call(
    () => [],
    [],
    () => GEOBOX,
  ),
  'GeoBox#yCentres': call(
    () => [],
    [],
    () => GEOBOX,
  ),
  'GeoBox#toRecord': call(
    () => [],
    [],
    () => GEOBOX,
  ),
  'GeoBox#toString': call(
    () => [],
    [],
    () => GEOBOX,
  ),
  'Grid.fromRecord': call(() => [GRID.toRecord()]),
  'Grid#toRecord': call(
    () => [],
    [],
    () => GRID,
  ),
  'Grid#tileWindow': call(
    () => [{ row: 0, col: 0 }],
    ['row', 'col'],
    () => GRID,
  ),
  'Grid#tileGeoBox': call(
    () => [{ row: 0, col: 0 }],
    ['row', 'col'],
    () => GRID,
  ),
  'Grid#tilesIn': call(
    () => [[WINDOW]],
    [],
    () => GRID,
  ),
  'Grid#tileRange': call(
    () => [WINDOW],
    ['row', 'height'],
    () => GRID,
  ),
  'IngestRecorder#end': call(
    () => [],
    [],
    () => new library.IngestRecorder({ dataset: 'd', region: 'r', threads: 1 }),
  ),
  'Stopwatch#add': call(
    () => ['a', 1, 1],
    [],
    () => new library.Stopwatch(),
  ),
  'Stopwatch#addIngest': call(
    () => [undefined],
    [],
    () => new library.Stopwatch(),
  ),
  'Stopwatch#time': call(
    () => ['a', async () => 1],
    [],
    () => new library.Stopwatch(),
  ),
  'Stopwatch#laps': call(
    () => [],
    [],
    () => new library.Stopwatch(),
  ),
  'TimeAxis.fromRecord': call(() => [AXIS]),
  'TimeAxis.ofSteps': call(() => [AXIS.steps]),
  'TimeAxis#step': call(
    () => [0],
    [],
    () => AXIS,
  ),
  'TimeAxis#toString': call(
    () => [],
    [],
    () => AXIS,
  ),
  'new AdaptiveLimiter': call(() => [{}], ['start', 'floor', 'ceiling', 'perSecond']),
  'new GeoBox': call(() => [GEOBOX.crs, GEOBOX.shape, GEOBOX.affine], ['height', 'width']),
  'new Grid': call(() => [GEOBOX, { height: 8, width: 8 }], ['height', 'width']),
  'new IngestRecorder': call(
    () => [{ dataset: 'd', region: 'r', threads: 1 }, {}],
    ['now', 'probe'],
  ),
  'new Stopwatch': call(() => []),
};

const isClass = (value: unknown): value is new (...args: unknown[]) => object =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** Names as in {@link CALLS}, of all that can be called. Errors are made here alone, and hold what they are given. */
function publicCalls(): string[] {
  return Object.entries(library).flatMap(([name, value]) => {
    if (typeof value !== 'function') return [];
    if (!isClass(value)) return [name];
    if (value.prototype instanceof Error) return [];
    const statics = Object.getOwnPropertyNames(value).filter(
      (key) => typeof (value as unknown as Record<string, unknown>)[key] === 'function',
    );
    const methods = new Set<string>();
    for (
      let at = value.prototype;
      at !== null && at !== Object.prototype;
      at = Object.getPrototypeOf(at)
    )
      for (const [key, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
        if (typeof method === 'function' && key !== 'constructor') methods.add(key);
    return [
      // These are made by their static methods alone.
      ...(name === 'Cube' || name === 'TimeAxis' ? [] : [`new ${name}`]),
      ...statics.map((key) => `${name}.${key}`),
      ...[...methods].map((key) => `${name}#${key}`),
    ];
  });
}

function invoke(name: string, args: readonly unknown[]): unknown {
  const exported = library as unknown as Record<string, unknown>;
  if (name.startsWith('new '))
    return new (exported[name.slice(4)] as new (...a: unknown[]) => object)(...args);
  const [owner = '', method] = name.split(/[.#]/);
  if (method === undefined) return (exported[owner] as Fn)(...args);
  const on = CALLS[name]?.on?.() ?? exported[owner];
  return ((on as Record<string, Fn>)[method] as Fn).apply(on, [...args]);
}

/** To its end: generators are gone through, promises waited for. */
async function toTheEnd(name: string, args: readonly unknown[]): Promise<void> {
  const result = (await invoke(name, args)) as Partial<Iterable<unknown>> &
    Partial<AsyncIterable<unknown>>;
  if (result === null || typeof result !== 'object') return;
  if ('next' in result && Symbol.asyncIterator in result)
    for await (const _ of result as AsyncIterable<unknown>) break;
  else if ('next' in result && Symbol.iterator in result)
    for (const _ of result as Iterable<unknown>) break;
  if ('close' in result && name !== 'createPool') await (result.close as Fn)();
  if (name === 'createPool') await (result as library.Pool).close();
}

async function faultOf(name: string, args: readonly unknown[]): Promise<string | undefined> {
  try {
    await toTheEnd(name, args);
    return undefined;
  } catch (error) {
    if (
      error instanceof library.GeocubesError &&
      !(error instanceof library.UnexpectedError) &&
      error.message.length > 10
    )
      return /undefined \(reading|is not a function|is not iterable|Cannot (?:read|destructure|convert|mix)/.test(
        error.message,
      )
        ? error.message
        : undefined;
    return error instanceof Error
      ? `${error.name}: ${error.message.split('\n')[0]}`
      : `threw ${typeof error}`;
  }
}

describe("a caller's own function", () => {
  test.each([
    [
      'AdaptiveLimiter.run',
      (fail: () => Promise<never>) => new library.AdaptiveLimiter().run(fail),
    ],
    ['Stopwatch.time', (fail: () => Promise<never>) => new library.Stopwatch().time('mine', fail)],
  ])('that fails in %s keeps its error, which is no wrong argument', async (_, run) => {
    const own = new TypeError('fetch failed');
    await expect(
      run(async () => {
        throw own;
      }),
    ).rejects.toBe(own);
  });
});

describe('public functions given something else than they take', () => {
  test('are all in this table', () => {
    expect(Object.keys(CALLS).sort()).toEqual(publicCalls().sort());
  });

  test.each(Object.keys(CALLS))('%s works, or says what it expected', async (name) => {
    const { good, options = [] } = CALLS[name] as Call;
    const faults: string[] = [];
    const look = async (what: string, args: readonly unknown[]) => {
      const fault = await faultOf(name, args);
      if (fault !== undefined) faults.push(`${what}: ${fault}`);
    };
    const args = good();
    for (let i = 0; i < args.length; i++)
      for (const [word, wrong] of WRONG)
        await look(
          `argument ${i} is ${word}`,
          good().map((arg, j) => (i === j ? wrong : arg)),
        );
    for (const option of options)
      for (const [word, wrong] of WRONG)
        await look(
          `${option} is ${word}`,
          good().map((arg, j) =>
            j === args.length - 1 ? { ...(arg as object), [option]: wrong } : arg,
          ),
        );
    expect(faults).toEqual([]);
    // A text is a path, also a strange one.
    expect(
      readdirSync(home).filter((entry) => !/^(?:report|x\.tif|x\.nc|x\.zarr|abc)$/.test(entry)),
    ).toEqual([]);
  });
});

test('a resampling that is none is refused with the names there are, before anything is read', async () => {
  const options = { pool: POOL, resampling: 'lanczoz' as never };
  await expect(cube.load(BBOX, options)).rejects.toThrow(
    `Expected one of ${RESAMPLINGS.join(', ')} for "resampling" of the options of Cube.load() but received "lanczoz".`,
  );
});
