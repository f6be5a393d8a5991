import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Marks } from '../../../../src/store/session.js';
import { MarkLeases } from '../../../../src/store/sharing/mark-leases.js';

const TIMES = { beat: 15_000, lease: 60_000, confirm: 60_000 };
const MINUTE = 60_000;

/** Time is what these tests make it. */
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

let minted = 0;

/** Marks in memory, each asked and told in one step. */
function marksIn(places: Map<string, string>): Marks {
  return {
    mint: async () => ({ id: `run${++minted}`, other: 'main' }),
    create: async (name, snapshot) => !places.has(name) && places.set(name, snapshot) !== undefined,
    move: async (name, to, from) => places.get(name) === from && places.set(name, to) !== undefined,
    find: async (name) => places.get(name),
    remove: async (name) => void places.delete(name),
    list: async () => [...places.keys()],
  };
}

const run = (marks: Marks, watchesAll = false) =>
  new MarkLeases(marks, { times: TIMES, watchesAll });
const claimsIn = (places: Map<string, string>) =>
  [...places.keys()].filter((name) => name.startsWith('geocubes.claim.'));

/** A run that dies: none of its beats comes any more. */
async function deadRun(places: Map<string, string>, ...names: string[]) {
  let isDead = false;
  const marks = marksIn(places);
  const leases = run({ ...marks, move: async (...args) => !isDead && marks.move(...args) });
  for (const name of names) expect(await leases.take(name)).toBe(true);
  isDead = true;
  return leases;
}

/** Lets time pass until something is done. */
async function whileTimePasses<T>(task: Promise<T>): Promise<T> {
  let isDone = false;
  const done = task.finally(() => {
    isDone = true;
  });
  for (let i = 0; i < 1000 && !isDone; i++) await vi.advanceTimersByTimeAsync(1000);
  return done;
}

test.each([7_000, 10_000, 30_000, 45_000])(
  'what a live run holds is not taken over by one that asks for it every %i ms, as often as its mark comes back to a place',
  async (every) => {
    const places = new Map<string, string>();
    const [owner, other] = [run(marksIn(places)), run(marksIn(places))];
    expect(await owner.take('a')).toBe(true);
    for (let waited = 0; waited < 20 * MINUTE; waited += every) {
      expect(await other.take('a')).toBe(false);
      await vi.advanceTimersByTimeAsync(every);
    }
    await Promise.all([owner.close(), other.close()]);
    expect([...places.keys()]).toEqual([]);
  },
);

test('what a run holds that died is taken over after a lease', async () => {
  const places = new Map<string, string>();
  await deadRun(places, 'a');
  const other = run(marksIn(places));
  expect(await other.take('a')).toBe(false);
  await vi.advanceTimersByTimeAsync(TIMES.lease - 1000);
  expect(await other.take('a')).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await other.take('a')).toBe(true);
  await other.close();
});

test('where nothing was left, nothing is made and nobody is waited for', async () => {
  const places = new Map([['main', 'x']]);
  const marks = marksIn(places);
  const mint = vi.fn(marks.mint);
  const onWait = vi.fn();
  expect(await run({ ...marks, mint }).settle({ onWait })).toBe(0);
  expect([mint.mock.calls.length, onWait.mock.calls.length]).toEqual([0, 0]);
});

test('what dead runs left goes after a lease, what a live one holds stays, and it is counted', async () => {
  const places = new Map<string, string>();
  await deadRun(places, 'a', 'b');
  await deadRun(places, 'c');
  const living = run(marksIn(places));
  expect(await living.take('d')).toBe(true);
  const onWait = vi.fn();
  const settled = run(marksIn(places)).settle({ onWait });
  await vi.advanceTimersByTimeAsync(TIMES.lease - 1000);
  expect(claimsIn(places)).toHaveLength(4);
  expect(await whileTimePasses(settled)).toBe(1);
  expect(onWait).toHaveBeenCalledExactlyOnceWith(3, TIMES.lease);
  expect(claimsIn(places)).toEqual(['geocubes.claim.d']);
  // It goes on as if nothing had been.
  expect(await run(marksIn(places)).take('d')).toBe(false);
  await living.giveBack('d');
  expect(claimsIn(places)).toEqual([]);
});

test('a claim whose run has no mark of its own is left for a lease too', async () => {
  const places = new Map([['geocubes.claim.a', 'nobody']]);
  const settled = run(marksIn(places)).settle();
  await vi.advanceTimersByTimeAsync(TIMES.lease - 1000);
  expect(claimsIn(places)).toEqual(['geocubes.claim.a']);
  expect(await whileTimePasses(settled)).toBe(0);
  expect([...places.keys()]).toEqual([]);
});

test('a claim that a live run takes over at the moment of its removal stays', async () => {
  const places = new Map<string, string>();
  await deadRun(places, 'a');
  const marks = marksIn(places);
  let taken = false;
  const settled = run({
    ...marks,
    move: async (name, to, from) => {
      if (name === 'geocubes.claim.a' && !taken) {
        taken = true;
        places.set(name, 'a live run');
      }
      return marks.move(name, to, from);
    },
  }).settle();
  await whileTimePasses(settled);
  expect(taken).toBe(true);
  expect(places.get('geocubes.claim.a')).toBe('a live run');
});

test('a run that sleeps for less than a lease, and one that wakes at the last moment, keep what they hold', async () => {
  const places = new Map<string, string>();
  const marks = marksIn(places);
  let isAsleep = false;
  const sleeper = run({ ...marks, move: async (...args) => !isAsleep && marks.move(...args) });
  expect(await sleeper.take('a')).toBe(true);
  isAsleep = true;
  const settled = run({
    ...marks,
    move: async (name, to, from) => {
      // It beats between the look and the move.
      if (name.startsWith('geocubes.run.') && to !== 'main' && from !== to && isAsleep) {
        isAsleep = false;
        places.set(name, 'awake');
      }
      return marks.move(name, to, from);
    },
  }).settle();
  expect(await whileTimePasses(settled)).toBe(1);
  expect(claimsIn(places)).toEqual(['geocubes.claim.a']);
});

test('whoever ends the wait leaves what cannot be told', async () => {
  const places = new Map<string, string>();
  await deadRun(places, 'a');
  const stop = new AbortController();
  const settled = run(marksIn(places)).settle({ signal: stop.signal });
  await vi.advanceTimersByTimeAsync(20_000);
  stop.abort();
  expect(await settled).toBe(1);
  expect(claimsIn(places)).toEqual(['geocubes.claim.a']);
});
