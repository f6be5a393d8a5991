import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { ingestWithReport } from '../../../../src/cube/fill/report.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { tileId } from '../../../../src/grid/tiling.js';
import { createPool } from '../../../../src/pool/pool.js';
import { DATASET, fakeSource } from '../fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));

async function filledBy(shards: readonly number[]) {
  const cube = await Cube.create('memory:', DATASET, { pool });
  for (const index of shards)
    await cube.ingest(WHOLE, { source: fakeSource(), pool, shard: { index, count: 3 } });
  return cube;
}

test('what one of three shards left undone is counted, listed and named by its shard', async () => {
  const cube = await filledBy([0, 2]);
  const missing: string[] = [];
  const report = await cube.finalise(WHOLE, {
    shards: 3,
    onMissing: (tile) => missing.push(tileId(tile)),
  });
  expect(report).toEqual({
    ...{ tiles: 9, loaded: 6, empty: 0, missing: 3, damaged: 0, companions: [] },
    lacking: [{ shard: 1, tiles: 3 }],
    running: 0,
  });
  const states = await cube.tileStates(WHOLE);
  expect(missing).toEqual(states.filter(({ state }) => state === 0).map(tileId));
});

test('a whole region lacks nothing, and the list for smart-geocubes has its tiles', async () => {
  const cube = await filledBy([0, 1, 2]);
  const report = await cube.finalise(WHOLE, { shards: 3 });
  expect(report).toMatchObject({ tiles: 9, loaded: 9, missing: 0, damaged: 0, lacking: [] });
  const { group } = await cube.openZarr();
  expect(group.attrs.loaded_patches).toHaveLength(9);
});

test('a count of shards that cannot be, and an older state, are refused', async () => {
  const cube = await filledBy([]);
  await expect(cube.finalise(WHOLE, { shards: 0 })).rejects.toThrow(InvalidInputError);
  const storage = 'memory:finalise-older';
  await (await Cube.create(storage, DATASET, { pool })).tag('empty');
  const older = await Cube.open(storage, { asOf: 'empty' });
  await expect(older.finalise(WHOLE)).rejects.toThrow(/Expected the newest state/);
});

test('the reports of shards become one, in the folder that all of them have named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-finalise-'));
  try {
    const cube = await Cube.create('memory:', DATASET, { pool });
    for (const index of [0, 2]) {
      const options = { source: fakeSource(), pool, shard: { index, count: 3 } };
      await ingestWithReport(cube, WHOLE, options, { folder });
    }
    const { report } = await cube.finalise(WHOLE, { shards: 3, report: folder });
    expect(report).toMatchObject({
      ...{ page: join(folder, 'report.html'), shards: 2, runs: 2, hosts: 1 },
      ...{ without: [1], damaged: [], others: [] },
    });
    const record = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    expect(record.shards.map(({ committed }: { committed: number }) => committed)).toEqual([3, 3]);
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('<section id="map">');
    expect(page).toContain('6 of 9');
    // Of another region there is none.
    const other = parseBoundingBox('0,0,100,100', parseCrs('EPSG:3413'));
    const elsewhere = await cube.finalise(other, { shards: 3, report: folder });
    expect(elsewhere.report).toMatchObject({ shards: 0, without: [0, 1, 2], damaged: [] });
    expect(elsewhere.report?.others).toHaveLength(2);
  } finally {
    await rm(folder, { recursive: true });
  }
});
