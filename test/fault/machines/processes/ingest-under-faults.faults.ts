import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  EarthEngineError,
  earthEngine,
  type IngestEvent,
  type IngestSummary,
  type Pool,
  parseBoundingBox,
  parseDataset,
  type RetryOptions,
} from '../../../../src/index.js';
import {
  type FaultPlan,
  type LoopbackServer,
  mixedFaults,
  startLoopback,
} from '../../../../src/loopback/index.js';
import { SMALL_BBOX, SMALL_DATASET } from '../../../e2e/loopback-cubes.js';
import { PATIENCE_MS } from '../../../patience.js';
import { IS_SHORT } from '../../support/run-length.js';

// Faults take their time, and a busy machine more of it.

const ROI = parseBoundingBox(SMALL_BBOX);
/** Tests need no real patience; the shape of the back-off is the same. */
const RETRY = { baseDelayMs: 5, maxDelayMs: 100 };
const TOKEN = 'canary-token-5f1b';

interface Run {
  readonly cube: Cube;
  readonly summary: IngestSummary | undefined;
  readonly error: unknown;
  readonly events: readonly IngestEvent[];
  readonly server: LoopbackServer;
}

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close();
});

let pool: Pool;
/** What an undisturbed ingest gives. */
let calm: Cube;

beforeAll(async () => {
  pool = createPool({ size: 2 });
  const run = await ingest(undefined);
  expect(run.summary?.committed).toBe(60);
  calm = run.cube;
});

afterAll(() => pool.close());

async function ingest(
  faults: FaultPlan | undefined,
  retry: RetryOptions = RETRY,
  maxOutageMs = 0,
): Promise<Run> {
  const server = await startLoopback({ token: TOKEN, ...(faults === undefined ? {} : { faults }) });
  cleanUp.push(() => server.close());
  const cube = await Cube.create('memory:', parseDataset(SMALL_DATASET), { pool });
  const source = await earthEngine(cube.dataset, {
    endpoint: server.url,
    token: TOKEN,
    project: 'test',
    retry,
  });
  cleanUp.push(() => source.close());
  const events: IngestEvent[] = [];
  try {
    const summary = await cube.ingest(ROI, {
      source,
      pool,
      maxOutageMs,
      onEvent: (event) => events.push(event),
    });
    return { cube, summary, error: undefined, events, server };
  } catch (error) {
    return { cube, summary: undefined, error, events, server };
  }
}

async function expectSameCubes(one: Cube, other: Cube): Promise<void> {
  expect(await one.tileStates(ROI)).toEqual(await other.tileStates(ROI));
  const [ours, theirs] = [await one.load(ROI), await other.load(ROI)];
  expect(ours.missingTiles).toBe(0);
  for (const [name, pixels] of theirs.bands) expect(ours.bands.get(name)).toEqual(pixels);
}

describe('an ingest from a service with faults', () => {
  test.each(IS_SHORT ? [1] : [1, 2, 3])(
    'in three of ten requests, of every kind (seed %i), gives the cube of one without',
    async (seed) => {
      const faulty = await ingest(mixedFaults({ probability: 0.3, seed, refreshableToken: true }));
      expect(faulty.error).toBeUndefined();
      expect(faulty.summary?.failed).toEqual([]);
      await expectSameCubes(faulty.cube, calm);

      // The service and the summary tell the same story: each request beyond the plan has its reason.
      const { requests, plannedRequests, retries = 0, retriesByReason } = faulty.summary ?? {};
      expect(requests).toBe(plannedRequests);
      expect(faulty.server.requests.pixels).toBe((plannedRequests ?? 0) + retries);
      expect(retries).toBeGreaterThan(5);
      expect(Object.values(retriesByReason ?? {}).reduce((sum, count) => sum + count, 0)).toBe(
        retries,
      );
    },
  );

  test('that has less memory than a request needs splits the requests and completes every tile', async () => {
    const small = await ingest({ memoryLimit: { maxPixels: 100 * 60 } });
    expect(small.summary?.failed).toEqual([]);
    expect(small.summary?.splits).toBeGreaterThan(0);
    await expectSameCubes(small.cube, calm);
    // Once a size is known to be too much, it is not asked for again: of 60 tiles only those under way then are.
    expect(small.summary?.splits).toBeLessThan(60);
  });

  test('that refuses permission is left alone after one request for each one under way, with the missing role named', async () => {
    const message =
      'Caller does not have required permission to use project test. Grant the caller the roles/serviceusage.serviceUsageConsumer role.';
    const { error, server } = await ingest({
      rules: [{ kind: 'status', status: 403, message }],
      latency: { ms: 20 },
    });
    expect(error).toBeInstanceOf(EarthEngineError);
    expect((error as EarthEngineError).kind).toBe('permission');
    expect((error as EarthEngineError).message).toContain(
      'roles/serviceusage.serviceUsageConsumer',
    );
    expect(server.requests.pixels).toBeLessThanOrEqual(8);
  });

  test('that fails some requests for good fails their tiles, commits the others, and lists what is missing', async () => {
    // With one try each, a fault is for good.
    const faults: FaultPlan = { rules: [{ kind: 'truncate', probability: 0.2 }], seed: 5 };
    const { summary, cube, error } = await ingest(faults, { maxTries: 1 });
    expect(error).toBeUndefined();
    expect(summary?.failed.length).toBeGreaterThan(3);
    expect((summary?.committed ?? 0) + (summary?.failed.length ?? 0)).toBe(60);
    for (const { stage, error } of summary?.failed ?? [])
      expect([stage, error.kind]).toEqual(['fetch', 'transient']);
    const missing = (await cube.tileStates(ROI))
      .filter(({ state }) => state === 0)
      .map(({ row, col }) => `${row}-${col}`);
    expect(new Set(missing)).toEqual(new Set(summary?.failed.map(({ id }) => id)));
  });

  test.each([
    ['goes down', { kind: 'status', status: 503 } as const, 'transient'],
    ['has no quota left', { kind: 'status', status: 429 } as const, 'quota'],
  ])(
    'that %s in the middle, and is not waited for, ends the run with what was finished committed',
    async (_, rule, kind) => {
      const requests = Array.from({ length: 1000 }, (_, i) => i + 31);
      const { error, cube } = await ingest(
        { rules: [{ ...rule, requests }] },
        { ...RETRY, maxTries: 2 },
      );
      expect((error as EarthEngineError).kind).toBe(kind);
      const states = await cube.tileStates(ROI);
      const committed = states.filter(({ state }) => state !== 0);
      expect(committed.length).toBeGreaterThan(15);
      expect(committed.length).toBeLessThan(60);
    },
  );

  test.each([
    ['goes down', { kind: 'status', status: 503 } as const],
    ['has no quota left', { kind: 'status', status: 429 } as const],
    ['breaks every connection', { kind: 'drop', at: 'start' } as const],
  ])(
    'that %s in the middle and comes back is waited for, and every tile is completed',
    async (_, rule) => {
      // Long enough that ten tiles are lost with two tries each, and one look at the service is in vain.
      const requests = Array.from({ length: 60 }, (_, i) => i + 31);
      const { error, summary, events, cube } = await ingest(
        { rules: [{ ...rule, requests }] },
        { ...RETRY, maxTries: 2 },
        60_000,
      );
      expect(error).toBeUndefined();
      expect(summary?.failed).toEqual([]);
      expect(events.some(({ type }) => type === 'waiting')).toBe(true);
      await expectSameCubes(cube, calm);
    },
  );

  test('that speaks of its quota has its words handed on as an event and in the summary', async () => {
    const { summary, events } = await ingest({ quotaStatus: 'parallelism_restricted=true' });
    expect(summary?.quotaStatus).toBe('parallelism_restricted=true');
    expect(events.some((event) => event.type === 'quota-status')).toBe(true);
  });

  test('lets no token into events, summary or errors', async () => {
    const faulty = await ingest(mixedFaults({ probability: 0.5, seed: 11 }));
    const refused = await ingest({
      rules: [
        {
          kind: 'status',
          status: 401,
          message: 'Request had invalid authentication credentials.',
        },
      ],
    });
    const told = inspect(
      [faulty.events, faulty.summary, faulty.error, refused.events, refused.error],
      {
        depth: Number.POSITIVE_INFINITY,
        maxArrayLength: null,
        maxStringLength: null,
        showHidden: true,
      },
    );
    expect(refused.error).toBeInstanceOf(EarthEngineError);
    expect(told.length).toBeGreaterThan(10_000);
    expect(told).not.toContain(TOKEN);
    expect(told).not.toContain('canary');
  });
});

test('an abort ends everything that is under way, with finished tiles committed', async () => {
  // Twenty minutes: longer than any test may take.
  const ms = 600_000;
  const server = await startLoopback({
    faults: { latency: { ms }, rules: [{ kind: 'delay', ms }] },
  });
  expect(2 * ms).toBeGreaterThan(PATIENCE_MS);
  cleanUp.push(() => server.close());
  const cube = await Cube.create('memory:', parseDataset(SMALL_DATASET), { pool });
  const source = await earthEngine(cube.dataset, {
    endpoint: server.url,
    token: 'loopback',
    project: 'test',
  });
  cleanUp.push(() => source.close());
  const stop = new AbortController();
  const run = cube.ingest(ROI, { source, pool, signal: stop.signal });
  setTimeout(() => stop.abort(), 200);
  await expect(run).rejects.toThrow(/stopped/);
});
