import { describe, expect, test } from 'vitest';
import { TileLoader } from '../../../../src/cube/fill/tile-loader.js';
import { EarthEngineError, toRecord } from '../../../../src/errors.js';
import { type TileIndex, tileId } from '../../../../src/grid/tiling.js';
import type { IngestSummary } from '../../../../src/observe/summary.js';
import type { Pool } from '../../../../src/pool/pool.js';
import type { TileSource } from '../../../../src/tile.js';

const means = { source: {} as TileSource, pool: {} as Pool };
const tile = (col: number): TileIndex => ({ row: 0, col });

/** A run that commits what it is told to, and waits for `gate` before. */
function fakeRun({
  fails = [] as number[],
  gate = Promise.resolve() as Promise<unknown>,
  error = undefined as Error | undefined,
} = {}) {
  const runs: string[][] = [];
  const signals: AbortSignal[] = [];
  const loader = new TileLoader(async (tiles, { onEvent, signal }) => {
    runs.push(tiles.map(tileId));
    signals.push(signal);
    await gate;
    if (error !== undefined) throw error;
    const done = tiles.filter(({ col }) => !fails.includes(col)).map(tileId);
    onEvent({ type: 'committed', at: 0, tiles: done, snapshot: 's', ms: 0 });
    const failed = tiles
      .filter(({ col }) => fails.includes(col))
      .map((index) => ({
        state: 'failed' as const,
        id: tileId(index),
        index,
        stage: 'fetch' as const,
        error: toRecord(new EarthEngineError('transient', `lost ${tileId(index)}`)),
      }));
    return { failed } as unknown as IngestSummary;
  });
  return { loader, runs, signals };
}

describe('tiles that several loads want', () => {
  test('are fetched once, in one run for loads that start together', async () => {
    const { loader, runs } = fakeRun();
    await Promise.all([
      loader.ensure([tile(0), tile(1)], means),
      loader.ensure([tile(1), tile(2)], means),
      loader.ensure([tile(0)], means),
    ]);
    expect(runs).toEqual([['0-0', '0-1', '0-2']]);
  });

  test('are waited for while they are under way, and what is lacking beside them makes the next run', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { loader, runs } = fakeRun({ gate });
    const first = loader.ensure([tile(0), tile(1)], means);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = loader.ensure([tile(1), tile(2)], means);
    open();
    await Promise.all([first, second]);
    expect(runs).toEqual([['0-0', '0-1'], ['0-2']]);
  });

  test('that failed are an error for those loads alone that need them', async () => {
    const { loader } = fakeRun({ fails: [1] });
    const results = await Promise.allSettled([
      loader.ensure([tile(0), tile(2)], means),
      loader.ensure([tile(0), tile(1)], means),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({
      tag: 'earth-engine',
      message: 'lost 0-1',
    });
    await expect(loader.ensure([tile(0)], means)).resolves.toBeUndefined();
  });

  test('are an error for all when the run as a whole cannot go on, and are tried anew by the next load', async () => {
    const { loader, runs } = fakeRun({ error: new EarthEngineError('credentials', 'no token') });
    await expect(loader.ensure([tile(0)], means)).rejects.toThrow('no token');
    await expect(loader.ensure([tile(0)], means)).rejects.toThrow('no token');
    expect(runs.length).toBe(2);
  });

  test('go on being fetched when one load stops and another still wants them; when all stop, the run does', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { loader, signals } = fakeRun({ gate });
    const [one, other] = [new AbortController(), new AbortController()];
    const first = loader.ensure([tile(0)], means, one.signal);
    const second = loader.ensure([tile(0)], means, other.signal);
    await expect.poll(() => signals.length).toBe(1);
    one.abort();
    await expect(first).rejects.toThrow('The load was stopped');
    expect(signals[0]?.aborted).toBe(false);
    other.abort();
    await expect(second).rejects.toThrow('The load was stopped');
    expect(signals[0]?.aborted).toBe(true);
    // Who comes now is not tied to the run that is ending.
    const third = loader.ensure([tile(0)], means);
    open();
    await expect(third).resolves.toBeUndefined();
    expect(signals[1]?.aborted).toBe(false);
  });
});
