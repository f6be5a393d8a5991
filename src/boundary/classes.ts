/** The public methods, each with what it takes. Imported for its effect, by `index.ts` alone. */
import { Accessor } from '../cube/accessor.js';
import { Cube } from '../cube/cube.js';
import { RESAMPLINGS } from '../dataset/dataset.js';
import { TimeAxis } from '../dataset/time-axis.js';
import { AdaptiveLimiter } from '../earth-engine/adaptive-limiter.js';
import { GeoBox } from '../grid/geobox.js';
import { Grid } from '../grid/tiling.js';
import { IngestRecorder } from '../observe/recorder.js';
import { Stopwatch } from '../observe/stopwatch.js';
import { guardMethods } from './guard.js';

const TIME = { options: { time: 'record' } } as const;
const LOAD = {
  options: {
    time: 'record',
    pool: 'pool',
    like: 'record',
    resampling: RESAMPLINGS,
    buffer: 'whole',
    bands: 'texts',
    signal: 'signal',
    source: 'source',
    allowMissing: 'boolean',
    overviews: ['none', 'auto'],
  },
} as const;
const CLIPPED = { options: { ...LOAD.options, clip: 'boolean' } } as const;
const SAVE = {
  options: {
    ...CLIPPED.options,
    pool: 'pool!',
    format: ['geotiff', 'cog'],
    creationOptions: 'texts',
    pixelBytes: 'count',
  },
  needed: true,
} as const;
const ARRAYS = {
  options: { ...CLIPPED.options, pool: 'pool!', pixelBytes: 'count' },
  needed: true,
} as const;
const RUN = {
  options: {
    time: 'record',
    source: 'source!',
    pool: 'pool!',
    tilesInFlight: 'count',
    memory: 'bytes',
    groupSize: 'count',
    maxCommitDelayMs: 'duration',
    onEvent: 'function',
    maxOutageMs: 'duration',
    maxTiles: 'count',
    maxBytes: 'count',
    until: 'date',
    refreshBefore: 'date',
    ifChanged: 'boolean',
    shard: 'record',
    trustFileSystem: 'boolean',
    mayBorrow: 'boolean',
    signal: 'signal',
  },
  needed: true,
} as const;

guardMethods(Cube, 'Cube', {
  create: [
    'text',
    'dataset',
    {
      options: {
        pool: 'pool!',
        overwrite: 'boolean',
        existsOk: 'boolean',
        postCreate: 'function',
        icechunkFormat: 'count',
        overviews: 'settings',
      },
      needed: true,
    },
  ],
  open: [
    'text',
    { options: { dataset: 'dataset', sync: 'boolean', asOf: 'text', branch: 'text' } },
  ],
  isCreated: ['text'],
  rollBack: ['text'],
});
guardMethods(Cube.prototype, 'Cube', {
  plan: [
    'object',
    'planner',
    {
      options: {
        time: 'record',
        maxTiles: 'count',
        shard: 'record',
        refreshBefore: 'date',
        ifChanged: 'boolean',
      },
    },
  ],
  estimate: [
    'object',
    {
      options: {
        time: 'record',
        threads: 'whole',
        rate: 'record',
        memory: 'bytes',
        sample: 'record',
        shards: 'count',
        concurrency: 'count',
        signal: 'signal',
      },
    },
  ],
  ingest: ['object', RUN],
  ingestEvents: ['object', RUN],
  load: ['region', CLIPPED],
  saveGeoTiff: ['region', 'text', SAVE],
  saveZarr: ['region', 'text', ARRAYS],
  saveNetCdf: ['region', 'text', ARRAYS],
  stats: [
    'region',
    {
      options: {
        time: 'record',
        pool: 'pool',
        bands: 'texts',
        quantiles: 'list',
        scaled: 'boolean',
        pixelBytes: 'count',
        signal: 'signal',
      },
    },
  ],
  sample: [
    'list',
    {
      options: {
        time: 'record',
        pool: 'pool',
        crs: 'crs',
        bands: 'texts',
        scaled: 'boolean',
        signal: 'signal',
      },
    },
  ],
  openDataset: ['region?', LOAD],
  loadLike: { takes: ['record', LOAD], isAsync: true },
  tileStates: ['region', TIME],
  walkStates: ['region', TIME],
  countStates: ['region', TIME],
  verify: [
    'object',
    {
      options: {
        time: 'record',
        quick: 'boolean',
        repair: 'boolean',
        shard: 'record',
        pool: 'pool',
        signal: 'signal',
        onDamage: 'function',
        onProgress: 'function',
      },
    },
  ],
  finalise: [
    'region',
    {
      options: {
        time: 'record',
        shards: 'count',
        onMissing: 'function',
        onDamage: 'function',
        report: 'text',
        onWait: 'function',
        signal: 'signal',
      },
    },
  ],
  openBranch: ['text'],
  publish: ['text'],
  openShardStore: ['record', { options: { sync: 'boolean' } }],
  merge: [
    'object',
    {
      options: {
        groupSize: 'count',
        onStore: 'function',
        onDamage: 'function',
        signal: 'signal',
      },
    },
  ],
  extend: [{ options: { time: 'record!' }, needed: true }],
  drop: ['object', { options: { time: 'record', dryRun: 'boolean' } }],
  updateOverviews: [
    {
      options: {
        factors: 'list',
        reduction: 'choice',
        pool: 'pool',
        rebuild: 'boolean',
        signal: 'signal',
        onProgress: 'function',
        onWait: 'function',
      },
    },
  ],
  levels: [],
  overviewState: ['region?', TIME],
  tileRecord: ['tile'],
  stepsOf: ['record?'],
});
guardMethods(Accessor.prototype, 'Cube', {
  tilesOf: ['list'],
  windowsOf: ['region'],
  openZarr: [],
  history: { takes: [], isAsync: true },
  tags: [],
  tag: ['text', 'text?'],
  deleteTag: ['text'],
  resetTo: ['text'],
  assertCreated: { takes: [], isAsync: true },
  adjacentTiles: ['region', TIME],
  download: { takes: ['object', RUN], isAsync: true },
  proceduralDownload: [
    'object',
    {
      options: { source: 'source!', mode: 'text', threads: 'whole', kernel: 'text' },
      needed: true,
    },
  ],
  downloadTile: [
    'tile',
    {
      options: { source: 'source!', pool: 'pool!', bands: 'texts', signal: 'signal' },
      needed: true,
    },
  ],
  currentState: ['region?', { options: { time: 'record', all: 'boolean' } }],
  visualizeState: [
    {
      options: { time: 'record', title: 'text', roi: 'region', widthPx: 'number', format: 'text' },
    },
  ],
  logBenchmarkSummary: [{ options: { info: 'function!' }, needed: true }],
});
guardMethods(GeoBox, 'GeoBox', {
  fromRecord: [{ options: { crs: 'text!', shape: 'list!', affine: 'six!' }, needed: true }],
  fromBounds: ['record', 'record', 'sizes'],
});
guardMethods(GeoBox.prototype, 'GeoBox', {
  xCentres: [],
  yCentres: [],
  equals: ['geobox'],
  toCrs: ['crs', { options: {} }],
  crop: ['window'],
  pad: ['number', 'number?'],
  padToMultiples: ['count', 'count?'],
  expand: ['shape'],
  buffer: ['number', 'number?'],
  zoomOut: ['number'],
  zoomTo: ['record'],
  tiles: ['record'],
  enclosing: ['record'],
  overlap: ['record'],
  windowOf: ['record', 'number?'],
});
guardMethods(Grid, 'Grid', {
  fromRecord: [{ options: { geobox: 'record!', chunk: 'list!' }, needed: true }],
});
guardMethods(Grid.prototype, 'Grid', {
  tileWindow: ['index'],
  tileGeoBox: ['index'],
  tilesIn: ['list'],
  tileRange: ['window'],
});
guardMethods(TimeAxis, 'TimeAxis', { fromRecord: ['record'], ofSteps: ['list'] });
guardMethods(TimeAxis.prototype, 'TimeAxis', { step: ['whole'] });
guardMethods(AdaptiveLimiter.prototype, 'AdaptiveLimiter', { run: ['function'] });
guardMethods(Stopwatch.prototype, 'Stopwatch', {
  add: ['text', 'number', 'number?'],
  addIngest: ['record'],
  time: { takes: ['text', 'function'], isAsync: true },
});
guardMethods(IngestRecorder.prototype, 'IngestRecorder', { end: [] });
