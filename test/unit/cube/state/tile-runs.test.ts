import { expect, test } from 'vitest';
import { TileRuns } from '../../../../src/cube/state/tile-runs.js';
import type { TileIndex } from '../../../../src/grid/tiling.js';
import { seedOfRun } from '../../../seed.js';

/** Park and Miller's generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

function* walk(steps: number | undefined, rows: number, cols: number): Generator<TileIndex> {
  for (let t = 0; t < (steps ?? 1); t++)
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < cols; col++)
        yield steps === undefined ? { row, col } : { t, row, col };
}

test.each([undefined, 1, 4])(
  'gives back any tiles of a walk as they were added, with %s time steps',
  (steps) => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < 50; round++) {
      const [rows, cols] = [1 + Math.floor(next() * 9), 1 + Math.floor(next() * 9)];
      const share = next();
      const chosen = [...walk(steps, rows, cols)].filter(() => next() < share);
      const runs = new TileRuns(rows, cols);
      for (const index of chosen) runs.add(index);
      expect(runs.count, `SEED=${seed}`).toBe(chosen.length);
      expect([...runs], `SEED=${seed}`).toEqual(chosen);
      expect([...runs], 'a second time').toEqual(chosen);
    }
  },
);

test('gives back every second tile of a million, where no two follow one another', () => {
  const runs = new TileRuns(1000, 1000);
  for (let row = 0; row < 1000; row++)
    for (let col = row % 2; col < 1000; col += 2) runs.add({ row, col });
  expect(runs.count).toBe(500_000);
  let sum = 0;
  for (const { row, col } of runs) sum += (row + col) % 2;
  expect(sum).toBe(0);
});
