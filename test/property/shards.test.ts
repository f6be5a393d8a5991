import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CutSubject, ShardCut } from '../../src/cube/shards/cut.js';
import { splitSide } from '../../src/store/icechunk/manifest-split.js';

/** Tiles of a cube in a box of which a part is missing, as where a region is no box. */
const subjects = fc
  .record({
    rows: fc.integer({ min: 1, max: 150 }),
    cols: fc.integer({ min: 1, max: 150 }),
    steps: fc.option(
      fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 }),
    ),
    density: fc.constantFrom(1, 3, 7),
    seed: fc.integer({ min: 0, max: 1000 }),
    shrink: fc.double({ min: 0, max: 0.9, noNaN: true }),
  })
  .map(({ rows, cols, steps, density, seed, shrink }): CutSubject & { tiles: Tile[] } => {
    const tiles: Tile[] = [];
    for (let row = Math.floor(rows * shrink); row < rows; row++)
      for (let col = Math.floor((cols * shrink) / 2); col < cols; col++)
        if (density === 1 || (row * 31 + col * 17 + seed) % density !== 0) tiles.push({ row, col });
    return {
      ...{ rows, cols, tiles },
      stepsOfCube: steps === null ? 1 : 8,
      steps: steps === null ? undefined : steps.sort((one, other) => one - other),
    };
  });

interface Tile {
  readonly t?: number;
  readonly row: number;
  readonly col: number;
}

const idOf = ({ t, row, col }: Tile) => `${t ?? ''}.${row}.${col}`;

test('the shards of a region are all of its tiles, each once', () => {
  fc.assert(
    fc.property(subjects, fc.integer({ min: 1, max: 60 }), (subject, count) => {
      const cut = new ShardCut(subject, count);
      const found: string[] = [];
      for (let shard = 0; shard < count; shard++) {
        const own = [...cut.indicesOf(shard)];
        expect(own).toHaveLength(cut.tilesOf(shard));
        found.push(...own.map(idOf));
      }
      const steps = subject.steps ?? [undefined];
      const all = steps.flatMap((t) =>
        subject.tiles.map((tile) => idOf(t === undefined ? tile : { t, ...tile })),
      );
      expect(found.toSorted()).toEqual(all.toSorted());
      expect(cut.tiles).toBe(all.length);
    }),
    { numRuns: 60 },
  );
});

test('a cut does not depend on the order in which tiles come, nor on the machine that makes it', () => {
  fc.assert(
    fc.property(subjects, fc.integer({ min: 1, max: 60 }), (subject, count) => {
      const [one, other] = [subject.tiles, subject.tiles.toReversed()].map(
        (tiles) => new ShardCut({ ...subject, tiles }, count),
      );
      for (let shard = 0; shard < count; shard++)
        expect([...(one?.blocksOf(shard) ?? [])]).toEqual([...(other?.blocksOf(shard) ?? [])]);
    }),
    { numRuns: 60 },
  );
});

test('shards have the same number of tiles but for a sixteenth, and for one where they are small', () => {
  fc.assert(
    fc.property(subjects, fc.integer({ min: 1, max: 60 }), (subject, count) => {
      const cut = new ShardCut(subject, count);
      const share = cut.tiles / count;
      for (let shard = 0; shard < count; shard++)
        expect(Math.abs(cut.tilesOf(shard) - share)).toBeLessThanOrEqual(Math.max(share / 16, 1));
    }),
    { numRuns: 200 },
  );
});

test('what a shard takes over is what the others have, each block whole and once', () => {
  fc.assert(
    fc.property(subjects, fc.integer({ min: 1, max: 12 }), fc.nat(), (subject, count, any) => {
      const cut = new ShardCut(subject, count);
      const shard = any % count;
      const own = [...cut.blocksOf(shard)];
      const others = [...cut.blocksOfOthers(shard)];
      const ids = [...own, ...others].map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { id, tiles } of [...own, ...others])
        for (const tile of tiles) expect(cut.blockIdOf(tile)).toBe(id);
      const tiles = [...own, ...others].reduce((sum, block) => sum + block.tiles.length, 0);
      expect(tiles).toBe(cut.tiles);
    }),
    { numRuns: 60 },
  );
});

test('of a large region each shard but those at a cut has the squares of manifests and ledger chunks it enters whole', () => {
  const [rows, cols, count] = [640, 640, 10];
  const side = splitSide(rows * cols);
  const tiles = Array.from({ length: rows * cols }, (_, i) => ({
    row: Math.floor(i / cols),
    col: i % cols,
  }));
  const cut = new ShardCut({ rows, cols, tiles, stepsOfCube: 1, steps: undefined }, count);
  const shardsOf = new Map<string, Set<number>>();
  for (let shard = 0; shard < count; shard++)
    for (const { row, col } of cut.indicesOf(shard)) {
      const square = `${Math.floor(row / side)}.${Math.floor(col / side)}`;
      const inIt = shardsOf.get(square) ?? new Set();
      shardsOf.set(square, inIt.add(shard));
    }
  expect([...shardsOf.values()].every((shards) => shards.size === 1)).toBe(true);
});

test('a region of many steps is cut at the ends of steps where they are near', () => {
  const tiles = Array.from({ length: 30 * 30 }, (_, i) => ({
    row: Math.floor(i / 30),
    col: i % 30,
  }));
  const steps = [0, 1, 2, 3, 4, 5, 6, 7];
  const cut = new ShardCut({ rows: 30, cols: 30, tiles, stepsOfCube: 8, steps }, 4);
  for (let shard = 0; shard < 4; shard++)
    expect(new Set(Array.from(cut.indicesOf(shard), ({ t }) => t))).toEqual(
      new Set([2 * shard, 2 * shard + 1]),
    );
});
