import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/loopback/index.js';
import { jain, LEASE_MS, letTimeGo, stopTime, World } from './world.js';

let world: World;

beforeEach(stopTime);
afterEach(async () => {
  await world.end();
  letTimeGo();
});

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Two seconds, give or take a half, as the replies of one process come. */
function aroundTwoSeconds(seed: number): () => number {
  const random = seededRandom(seed);
  return () => 1_500 + random() * 1_000;
}

/** Served between two moments, in all and by process. */
async function measure(
  seconds: number,
): Promise<{ readonly perSecond: number; readonly fairness: number }> {
  const before = new Map(world.service.served);
  await world.run(seconds * 1_000);
  const counts = [...world.service.served].map(([name, count]) => count - (before.get(name) ?? 0));
  return {
    perSecond: counts.reduce((sum, count) => sum + count, 0) / seconds,
    fairness: jain(counts),
  };
}

describe('eight processes behind one server', () => {
  test('use at least 98 % of 40 places, never more, and each has its part', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    for (const [i, name] of NAMES.entries())
      await world.addProcess(name, { latency: aroundTwoSeconds(i) });
    await world.run(20_000);
    const { perSecond, fairness } = await measure(60);
    expect(world.service.mostInFlight).toBe(40);
    expect(perSecond).toBeGreaterThanOrEqual(0.98 * 20);
    expect(fairness).toBeGreaterThanOrEqual(0.95);
  });

  test('begin at least 98 of 100 requests in a second, never more in any, and each has its part', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    for (const name of NAMES) await world.addProcess(name, { latency: () => 100, start: 40 });
    await world.run(20_000);
    const { perSecond, fairness } = await measure(60);
    expect(world.service.mostInASecond).toBeLessThanOrEqual(100);
    expect(perSecond).toBeGreaterThanOrEqual(98);
    expect(fairness).toBeGreaterThanOrEqual(0.95);
  });

  test('take turns where there are fewer places than processes', async () => {
    world = new World({ concurrency: 3, rate: 100 });
    world.startServer();
    for (const [i, name] of NAMES.entries())
      await world.addProcess(name, { latency: aroundTwoSeconds(i), shards: 8 });
    await world.run(20_000);
    const { perSecond, fairness } = await measure(200);
    expect(world.service.mostInFlight).toBe(3);
    expect(perSecond).toBeGreaterThanOrEqual(0.98 * 1.5);
    expect(fairness).toBeGreaterThanOrEqual(0.95);
  });

  test('leave what they do not want to those who want more', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    for (const [i, name] of NAMES.entries())
      await world.addProcess(name, {
        latency: aroundTwoSeconds(i),
        waiting: i < 7 ? 2 : 60,
      });
    await world.run(20_000);
    const { perSecond } = await measure(60);
    expect(world.service.mostInFlight).toBe(40);
    expect(perSecond).toBeGreaterThanOrEqual(0.98 * 20);
  });

  test('have the places of those that end at once, and of one that dies when its lease is over', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    const processes = [];
    for (const [i, name] of NAMES.entries())
      processes.push(await world.addProcess(name, { latency: aroundTwoSeconds(i) }));
    await world.run(20_000);
    const placesOf = () => world.book?.holders.filter(({ wanted }) => wanted > 0) ?? [];
    for (const { stop } of processes.slice(5)) stop();
    // The last of its requests may take two and a half seconds.
    await world.run(3_000);
    for (const { client } of processes.slice(5)) await client.close();
    await world.run(3_000);
    expect(placesOf().map(({ places }) => places)).toEqual([8, 8, 8, 8, 8]);
    processes[4]?.die();
    // It may have been heard last a third of a lease ago.
    await world.run(LEASE_MS / 2);
    expect(placesOf().map(({ places }) => places)).toEqual([8, 8, 8, 8, 8]);
    await world.run(LEASE_MS);
    expect(placesOf().map(({ places }) => places)).toEqual([10, 10, 10, 10]);
    expect(world.service.mostInFlight).toBe(40);
    expect((await measure(30)).perSecond).toBeGreaterThanOrEqual(0.98 * 20);
  });
});

describe('while the server is away', () => {
  test('each process goes on with its static part, is told once, and comes back; nothing fails, nothing is refused', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    for (const [i, name] of NAMES.entries())
      await world.addProcess(name, { latency: aroundTwoSeconds(i), shards: 8 });
    await world.run(20_000);
    world.killServer();
    const away = await measure(60);
    expect(away.perSecond).toBeGreaterThanOrEqual(0.95 * 20);
    expect(world.notices.map(({ isAway, places }) => ({ isAway, places }))).toEqual(
      NAMES.map(() => ({ isAway: true, places: 5 })),
    );
    world.startServer();
    await world.run(20_000);
    expect(world.notices).toHaveLength(16);
    expect(world.notices.slice(8).every(({ isAway }) => !isAway)).toBe(true);
    expect((await measure(60)).perSecond).toBeGreaterThanOrEqual(0.98 * 20);
    expect(world.service.mostInFlight).toBe(40);
    expect(world.service.mostInASecond).toBeLessThanOrEqual(100);
  });

  test('one that had more than its part falls back at once, those that had less wait for the length of a lease', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    const latency = () => 2_000;
    await world.addProcess('busy', { latency, shards: 2 });
    await world.addProcess('idle', { latency, shards: 2, waiting: 3 });
    await world.run(30_000);
    const [busy, idle] = world.clients.map(({ places }) => places);
    expect(busy).toBeGreaterThanOrEqual(33);
    world.killServer();
    await world.run(0);
    expect(world.clients.map(({ places }) => places)).toEqual([20, idle]);
    await world.run(LEASE_MS);
    expect(world.clients.map(({ places }) => places)).toEqual([20, 20]);
  });

  test('a process that finds none takes the part of its shard, and asks on', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    await world.addProcess('early', { latency: () => 500, shards: 4 });
    expect(world.clients[0]?.places).toBe(10);
    await world.run(60_000);
    expect(world.notices).toEqual([
      { process: 'early', isAway: true, places: 10, why: 'nothing answers' },
    ]);
    world.startServer();
    // A lease for those that a server before might have known.
    await world.run(5_000 + LEASE_MS);
    expect(world.clients[0]?.places).toBe(40);
    expect(world.notices.at(-1)).toMatchObject({ isAway: false });
  });

  test('without a number of shards a process reckons with as many as the server last told of', async () => {
    world = new World({ concurrency: 40, rate: 100 });
    world.startServer();
    for (const name of NAMES) await world.addProcess(name, { latency: () => 2_000 });
    await world.run(20_000);
    world.killServer();
    await world.run(LEASE_MS);
    expect(world.clients.map(({ places }) => places)).toEqual(NAMES.map(() => 5));
  });
});
