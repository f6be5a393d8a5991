import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  earthEngine,
  type Pool,
  parseBoundingBox,
  parseDataset,
} from '../../../src/index.js';
import { startLoopback } from '../../../src/loopback/index.js';
import { SMALL_BBOX, SMALL_DATASET, temporaryFolder } from '../loopback-cubes.js';

let pool: Pool;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  pool = createPool({ size: 2 });
});
afterAll(async () => {
  await pool.close();
  await folder.remove();
});

const SEED = 20_260_102;

/** Regions of one to four tiles' size anywhere in the cube, from a fixed seed. */
function regions(count: number): string[] {
  let state = SEED;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () => {
    const [west, south] = [120 + random() * 8, 70 + random() * 4];
    return [west, south, west + 0.2 + random() * 1.8, south + 0.2 + random() * 1.8]
      .map((value) => value.toFixed(3))
      .join(',');
  });
}

test('twenty overlapping loads of an empty cube at once fetch each tile once, and all give right pixels', async () => {
  const server = await startLoopback({ token: 'loopback' });
  const dataset = parseDataset(SMALL_DATASET);
  const source = await earthEngine(dataset, {
    endpoint: server.url,
    token: 'loopback',
    project: 'test',
  });
  try {
    const cube = await Cube.create(join(folder.path, 'shared'), dataset, { pool });
    const rois = regions(20).map((text) => parseBoundingBox(text));
    const tiles = new Set<string>();
    for (const roi of rois)
      for (const { row, col } of await cube.tileStates(roi)) tiles.add(`${row}-${col}`);
    const loaded = await Promise.all(rois.map((roi) => cube.load(roi, { source, pool })));
    // One request makes one tile of this dataset.
    expect(server.requests.pixels).toBe(tiles.size);
    expect(loaded.map(({ missingTiles }) => missingTiles)).toEqual(Array(20).fill(0));

    const calm = await Cube.create('memory:', dataset, { pool });
    await calm.ingest(parseBoundingBox(SMALL_BBOX), { source, pool });
    for (const [i, roi] of rois.entries()) {
      const wanted = await calm.load(roi);
      expect(loaded[i]?.geobox).toEqual(wanted.geobox);
      for (const [name, pixels] of wanted.bands) {
        const ours = loaded[i]?.bands.get(name);
        expect(Buffer.compare(Buffer.from(ours ?? []), Buffer.from(pixels))).toBe(0);
      }
    }

    const before = server.requests.pixels;
    await cube.load(rois[0] as (typeof rois)[number], { source, pool });
    expect(server.requests.pixels).toBe(before);
  } finally {
    await source.close();
    await server.close();
  }
});

test('a load onto another grid fetches the tiles it reads from, the margin of its resampling included', async () => {
  const server = await startLoopback({ token: 'loopback' });
  const dataset = parseDataset(SMALL_DATASET);
  const source = await earthEngine(dataset, {
    endpoint: server.url,
    token: 'loopback',
    project: 'test',
  });
  try {
    const cube = await Cube.create('memory:', dataset, { pool });
    const like = cube.grid.geobox.crop({ row: 100, col: 100, height: 100, width: 100 });
    await expect(cube.load(like, { source })).rejects.toThrow('Expected a pool');
    const onOwn = await cube.load(like, { source, pool });
    expect([onOwn.missingTiles, server.requests.pixels]).toEqual([0, 1]);
    const warped = await cube.loadLike(like, { source, pool, resampling: 'cubic' });
    expect([warped.missingTiles, server.requests.pixels]).toEqual([0, 9]);
  } finally {
    await source.close();
    await server.close();
  }
});
