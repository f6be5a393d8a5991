import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  earthEngine,
  parseDataset,
  type TileSource,
} from '../../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  KINDS,
  ROI,
  Workplace,
  watchCommand,
} from '../../support/disturbed-cubes.js';
import { type FrontServer, Moment, startFront } from '../../support/front-server.js';

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25));
  server = await startLoopback({ faults: { latency: { ms: 20, jitterMs: 20 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server.close();
  await place.remove();
});

interface Summary {
  readonly committed: number;
  readonly tiles: number;
  readonly alreadyLoaded: number;
}

/** Requests that one command has under way at most. */
const CONCURRENCY = 6;

/** The server as commands see it; of `n` commands each has asked before any gets a reply, and has a tile then. */
async function startFrontOf(n: number, afterHalf: Moment): Promise<FrontServer> {
  const all = new Moment();
  let answered = 0;
  const front = await startFront(server.url, async () => {
    if (front.asked > (n - 1) * CONCURRENCY) all.come();
    await all.hasCome;
    if (++answered > calm.tiles / 2) await afterHalf.hasCome;
    return undefined;
  });
  return front;
}

/**
 * Runs ingests at the same time, and reads the cube all the while: what is committed is right whenever it is
 * looked at. The second half of the replies waits until the cube was looked at half full.
 */
async function runTogether(store: string, regions: readonly string[]): Promise<Summary[]> {
  const seenHalfFull = new Moment();
  const front = await startFrontOf(regions.length, seenHalfFull);
  const env = environmentFor(front);
  let isRunning = true;
  const commands = Promise.all(
    regions.map((bbox) =>
      runCommand(
        ingestArgs(
          store,
          ...['--bbox', bbox, '--format', 'json', '--quiet', '--concurrency', `${CONCURRENCY}`],
        ),
        env,
      ),
    ),
  ).finally(() => {
    isRunning = false;
  });
  let least = 0;
  let looks = 0;
  while (isRunning) {
    const known = await expectRightPixels(store, calm, { verify: false });
    expect(known).toBeGreaterThanOrEqual(least);
    if (known > 0 && known < calm.tiles) {
      looks++;
      seenHalfFull.come();
    }
    least = known;
  }
  const ended = await commands;
  await front.close();
  expect(looks).toBeGreaterThan(0);
  return ended.map(({ code, stdout, stderr }) => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Summary;
  });
}

const WHOLE = '120,70,130,76';

test.each([
  ...KINDS.map(([kind, suffix]) => [kind, 'one region', suffix, [WHOLE, WHOLE]] as const),
  [KINDS[0][0], 'regions that overlap', '', ['120,70,127,76', '123,70,130,76']] as const,
])(
  'two ingests at once fill %s, %s, fetch each tile once, and a reader sees right pixels alone',
  async (_, name, suffix, regions) => {
    const store = await place.createCube(`${name}${suffix}`, suffix);
    const before = server.requests.pixels;
    const summaries = await runTogether(store, regions);
    expect(server.requests.pixels - before).toBe(calm.tiles);
    expect(summaries.reduce((sum, { committed }) => sum + committed, 0)).toBe(calm.tiles);
    // Each has its share of the work, and counts the other's as loaded.
    for (const { committed, tiles, alreadyLoaded } of summaries) {
      expect(committed).toBeGreaterThan(0);
      expect(committed).toBe(tiles);
      if (name === 'one region') expect(tiles + alreadyLoaded).toBe(calm.tiles);
    }
    await expectEqualCubes(store, calm);
  },
);

test.each(KINDS)(
  'of two ingests that fill %s one is killed, and the other completes what it had begun',
  async (_, suffix) => {
    const store = await place.createCube(`one killed${suffix}`, suffix);
    const killed = new Moment();
    const front = await startFrontOf(2, killed);
    const env = environmentFor(front);
    const args = ingestArgs(store, '--verbose', '--concurrency', `${CONCURRENCY}`);
    const commands = [watchCommand(args, env), watchCommand(args, env)] as const;
    await Promise.all(commands.map((each) => each.event('written', 1)));
    // Whichever is first: of half of the tiles one has so many, and has committed some of them.
    const first = await Promise.race(
      commands.map((each, i) => each.event('written', 20).then(() => i)),
    );
    const [victim, other] = first === 0 ? commands : [commands[1], commands[0]];
    victim.child.kill('SIGKILL');
    killed.come();
    expect((await victim.ended).code).toBeNull();
    expect((await other.ended).code).toBe(0);
    await front.close();
    // What the one had fetched, and not committed, the other has fetched again.
    const fetchedBy = ({ events }: typeof other) =>
      new Set(events.filter(({ msg }) => msg === 'fetched').map(({ tile }) => tile));
    const both = [...fetchedBy(victim)].filter((tile) => fetchedBy(other).has(tile));
    const fetched = [victim, other].map((run) => fetchedBy(run).size);
    expect(both.length, `of ${fetched.join(' and ')} tiles`).toBeGreaterThan(0);
    await expectEqualCubes(store, calm);
  },
);

test('two ingests at once of a store without claims both complete: what the other has committed first is left as it is', async () => {
  // As in an object store, where two machines may reach a tile at the same moment.
  const dataset = parseDataset(calm.dataset);
  const before = server.requests.pixels;
  const pool = createPool({ size: 1 });
  const cubes = [
    await Cube.create('memory:shared', dataset, { pool }),
    await Cube.open('memory:shared'),
  ];
  const sources = await Promise.all(
    cubes.map(() =>
      earthEngine(dataset, { endpoint: server.url, token: 'loopback', project: 'test' }),
    ),
  );
  try {
    const summaries = await Promise.all(
      cubes.map((cube, i) => cube.ingest(ROI, { source: sources[i] as TileSource, pool })),
    );
    for (const { failed, committed, alreadyLoaded } of summaries)
      expect({ failed, known: committed + alreadyLoaded }).toEqual({
        failed: [],
        known: calm.tiles,
      });
    // Some tiles were fetched by both.
    expect(server.requests.pixels - before).toBeGreaterThan(calm.tiles);
    expect(await expectRightPixels('memory:shared', calm)).toBe(calm.tiles);
  } finally {
    await Promise.all([...sources.map((source) => source.close()), pool.close()]);
  }
});
