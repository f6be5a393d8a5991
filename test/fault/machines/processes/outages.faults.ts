import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube, createPool, earthEngine } from '../../../../src/index.js';
import {
  type FaultPlan,
  type LoopbackServer,
  startLoopback,
} from '../../../../src/loopback/index.js';
import { type Ended, runCommand, startCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import {
  awayFrom,
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectListsMissing,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  ROI,
  said,
  Workplace,
  watchCommand,
} from '../../support/disturbed-cubes.js';

let calm: Calm;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25));
  place = await Workplace.open(calm.dataset);
});

afterAll(() => place.remove());

/** Servers one after the other on one port, as one that dies and comes back. */
class MortalServer {
  private constructor(private server: LoopbackServer) {}

  static async start(faults: FaultPlan = {}): Promise<MortalServer> {
    return new MortalServer(await startLoopback({ faults }));
  }

  get env(): Record<string, string> {
    return environmentFor(this.server);
  }

  get url(): string {
    return this.server.url;
  }

  die(): Promise<void> {
    return this.server.close();
  }

  async comeBack(faults: FaultPlan = {}): Promise<void> {
    this.server = await startLoopback({ port: Number(new URL(this.server.url).port), faults });
  }
}

const LATENCY = { latency: { ms: 20 } } as const;

test('an ingest goes on through the death of the server by trying again, and completes', async () => {
  const store = await place.createCube('short', '');
  const server = await MortalServer.start(LATENCY);
  const command = watchCommand(ingestArgs(store, '--verbose', '--concurrency', '8'), server.env);
  await command.event('written', 30);
  await server.die();
  await command.event('retry', 8);
  await sleep(500);
  await server.comeBack();
  const { code, stdout } = await command.ended;
  expect(stdout).toContain('0 failed');
  expect(code).toBe(0);
  await server.die();
  await expectEqualCubes(store, calm);
});

test('an ingest waits for a service that is away for longer, says so, and completes when it is back', async () => {
  const store = await place.createCube('long', '.zarr');
  const server = await MortalServer.start(LATENCY);
  const list = place.file('long.ndjson');
  const args = ingestArgs(store, '--verbose', '--concurrency', '8', '--failed', list);
  const command = watchCommand(args, server.env);
  await command.event('written', 30);
  await server.die();
  // What answers in its place, as a load balancer does.
  await server.comeBack({ rules: [awayFrom(1)] });
  expect(await command.event('waiting', 2)).toBeDefined();
  await server.die();
  await server.comeBack();
  const { code, stdout } = await command.ended;
  expect(stdout).toContain('0 failed');
  expect(code).toBe(0);
  expect(await readFile(list, 'utf8')).toBe('');
  await server.die();
  await expectEqualCubes(store, calm);
});

test('without --verbose a wait for the service is told in a line', async () => {
  const store = await place.createCube('told', '');
  const server = await MortalServer.start({ rules: [awayFrom(5)] });
  const command = startCommand(ingestArgs(store, '--quiet'), server.env);
  await said(command, 'Waiting for the service');
  await server.die();
  await server.comeBack();
  const ended = await command.ended;
  await server.die();
  expect(ended.code).toBe(0);
  const [line, ...more] = ended.stderr.trimEnd().split('\n');
  expect(line).toMatch(
    /^geocubes: Waiting for the service\. Earth Engine answered 503: .* Next try in 2\.0 s; if it is not back in 1 h 0 min, the run ends\.$/,
  );
  for (const each of more) expect(each).toMatch(/^geocubes: Waiting for the service\. /);
  await expectEqualCubes(store, calm);
});

test('a connection that is refused for longer than requests are tried is waited out as well', async () => {
  const store = await place.createCube('refused', '');
  const server = await MortalServer.start();
  const pool = createPool({ size: 1 });
  const cube = await Cube.open(store);
  const source = await earthEngine(cube.dataset, {
    endpoint: server.url,
    token: 'loopback',
    project: 'test',
    retry: { maxTries: 3, baseDelayMs: 5, maxDelayMs: 50 },
  });
  let written = 0;
  let waits = 0;
  const { committed, failed } = await cube.ingest(ROI, {
    source,
    pool,
    onEvent: ({ type }) => {
      if (type === 'written' && ++written === 30) void server.die();
      if (type === 'waiting' && ++waits === 1) void server.comeBack();
    },
  });
  await Promise.all([source.close(), pool.close(), server.die()]);
  expect({ committed, failed, waits }).toEqual({ committed: calm.tiles, failed: [], waits: 1 });
  await expectEqualCubes(store, calm);
});

/** A run that broke off lists exactly what is missing, and `--retry-failed` completes it. */
async function expectCompletedFromList(
  store: string,
  list: string,
  { code, stdout, stderr }: Ended,
  { expectedCode, message }: { expectedCode: number; message: RegExp },
): Promise<void> {
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
  const known = await expectRightPixels(store, calm);
  expect(known).toBeGreaterThanOrEqual(10);
  const missing = await expectListsMissing(list, store);
  const server = await startLoopback();
  const again = ['ingest', '--store', store, '--retry-failed', list, '--failed', list, '-q'];
  expect(await runCommand(again, environmentFor(server))).toMatchObject({ code: 0, stderr: '' });
  expect(server.requests.pixels).toBe(missing);
  await server.close();
  expect(await readFile(list, 'utf8')).toBe('');
  await expectEqualCubes(store, calm);
}

test.each([
  ['which is down', 503, 1, /^geocubes: Earth Engine answered 503: /],
  ['out of quota', 429, 4, /^geocubes: Earth Engine answered 429: /],
] as const)(
  'a service %s ends the run with its code where the wait is set to 0; the list has exactly what is missing, and completes the cube',
  async (_, status, expectedCode, message) => {
    const store = await place.createCube(`given-up-${status}`, '');
    const list = place.file(`given-up-${status}.ndjson`);
    const server = await MortalServer.start({ rules: [awayFrom(13, { status })] });
    const args = ingestArgs(store, '--quiet', '--max-outage', '0', '--failed', list);
    const ended = await runCommand(args, server.env);
    await server.die();
    await expectCompletedFromList(store, list, ended, { expectedCode, message });
  },
);

test('a token that expires in the middle ends the run with code 4; the list has exactly what is missing, and completes the cube', async () => {
  const store = await place.createCube('expired', '.zarr');
  const list = place.file('expired.ndjson');
  const server = await MortalServer.start({
    rules: [{ kind: 'expire-token', after: 20, token: 'the next one' }],
  });
  const ended = await runCommand(ingestArgs(store, '--quiet', '--failed', list), server.env);
  await server.die();
  await expectCompletedFromList(store, list, ended, {
    expectedCode: 4,
    message: /^geocubes: .*GEOCUBES_TOKEN/,
  });
});
