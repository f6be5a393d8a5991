/** What callers leave early: loops over events, cubes that are disposed of, and calls that a signal stops. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  AbortedError,
  AdaptiveLimiter,
  Cube,
  createPool,
  type IngestEvent,
  parseBoundingBox,
  parseCrs,
} from '../../../src/index.js';
import type { PlannedTile } from '../../../src/tile.js';
import { DATASET, fakeSource } from '../cube/fake-source.js';

const pool = createPool({ size: 0, kernel: 'js' });
afterAll(() => pool.close());

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
const newCube = (name: string) => Cube.create(`memory:stopping-${name}`, DATASET, { pool });

/** A source that answers nothing and waits for its signals; `asked` is when it was asked for a tile. */
function heldSource() {
  let tell = () => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const signals: (AbortSignal | undefined)[] = [];
  const before = async (_: PlannedTile, signal: AbortSignal | undefined) => {
    signals.push(signal);
    tell();
    await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    return undefined;
  };
  return { source: fakeSource({ before }), asked, signals };
}

describe('the events of an ingest as an iterator', () => {
  test('are those that onEvent is told, in order, and the summary is what it returns', async () => {
    const cube = await newCube('all');
    const told: IngestEvent[] = [];
    const onEvent = (event: IngestEvent) => told.push(event);
    const events = cube.ingestEvents(WHOLE, { source: fakeSource(), pool, onEvent });
    const seen: IngestEvent[] = [];
    for (;;) {
      const { value, done } = await events.next();
      if (done) {
        expect(value).toMatchObject({ committed: 9, failed: [] });
        break;
      }
      seen.push(value);
    }
    expect(seen[0]?.type).toBe('planned');
    expect(seen).toEqual(told);
  });

  test('who leaves the loop stops the ingest, and it has ended when the loop is left', async () => {
    const cube = await newCube('left');
    const { source, signals } = heldSource();
    for await (const event of cube.ingestEvents(WHOLE, { source, pool }))
      if (event.type === 'fetching') break;
    expect(signals.length).toBeGreaterThan(0);
    expect(signals.every((signal) => signal?.aborted)).toBe(true);
    expect(await cube.countStates(WHOLE)).toMatchObject([{ loaded: 0 }]);
  });

  test('a failure of the run is thrown where the loop is', async () => {
    const cube = await newCube('failed');
    const outside = parseBoundingBox('9000,9000,9100,9100', parseCrs('EPSG:3413'));
    const all = async () => {
      for await (const _ of cube.ingestEvents(outside, { source: fakeSource(), pool }));
    };
    await expect(all()).rejects.toMatchObject({ tag: 'invalid-input' });
  });
});

test('a cube that is disposed of has stopped what it was fetching, and waited for it', async () => {
  const { source, asked } = heldSource();
  let run: Promise<unknown> | undefined;
  {
    await using cube = await newCube('disposed');
    run = cube.ingest(WHOLE, { source, pool }).catch((error: unknown) => error);
    await asked;
  }
  expect(await run).toBeInstanceOf(AbortedError);
});

describe('the reason of a signal is the cause of what is thrown', () => {
  test('of an ingest that was under way', async () => {
    const cube = await newCube('reason');
    const { source, asked } = heldSource();
    const stop = new AbortController();
    const run = cube
      .ingest(WHOLE, { source, pool, signal: stop.signal })
      .catch((error: unknown) => error);
    await asked;
    const reason = new Error('the user went home');
    stop.abort(reason);
    expect(await run).toMatchObject({ tag: 'aborted', cause: reason });
  });

  test('of a load, of the loop over events, and of a limiter, whose signal had fired before', async () => {
    const cube = await newCube('before');
    const reason = { why: 'any value' };
    const signal = AbortSignal.abort(reason);
    await expect(cube.load(WHOLE, { pool, signal })).rejects.toMatchObject({ cause: reason });
    const events = cube.ingestEvents(WHOLE, { source: fakeSource(), pool, signal });
    await expect(
      (async () => {
        for await (const _ of events);
      })(),
    ).rejects.toMatchObject({ tag: 'aborted', cause: reason });
    await expect(new AdaptiveLimiter().run(async () => {}, signal)).rejects.toMatchObject({
      tag: 'aborted',
      cause: reason,
    });
  });
});
