/**
 * A refresh that is killed again and again. What a tile holds tells its version: one server has the old image, another
 * the new one, and each tile has values of its own in both bands.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Cube, parseBoundingBox, TileState } from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../../e2e/command.js';
import { createCube, environmentFor } from '../../e2e/loopback-cubes.js';
import { writeGeoTiff } from '../../unit/kernel/geotiff.js';
import { randomFrom, watchCommand } from './disturbed-cubes.js';
import { startFront } from './front-server.js';

/** Tiles along a side, pixels along one of a tile's. */
const [SIDE, CHUNK] = [16, 8];
const TILES = SIDE * SIDE;
const PIXELS = SIDE * CHUNK;

const ASSET = 'users/test/versions';
const DATASET = {
  title: 'Versions',
  image: ASSET,
  bands: ['a', 'b'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:4326', bounds: [0, 0, 16, 16], resolution: 0.125, chunk: CHUNK },
};
const BBOX = '0,0,16,16';

type Version = 'old' | 'new';

/** Different in each version and band, and from tile to tile. */
function valueIn(version: Version, band: number, tile: number): number {
  return 1 + (tile % 50) + 50 * band + (version === 'new' ? 100 : 0);
}

async function serve(folder: string, version: Version): Promise<LoopbackServer> {
  const rasters = join(folder, version);
  await mkdir(rasters);
  const bands = [0, 1].map((band) =>
    Uint8Array.from({ length: PIXELS * PIXELS }, (_, i) => {
      const [row, col] = [Math.floor(i / PIXELS / CHUNK), Math.floor((i % PIXELS) / CHUNK)];
      return valueIn(version, band, row * SIDE + col);
    }),
  );
  const affine = [0.125, 0, 0, 0, -0.125, 16] as const;
  const geobox = { crs: 'EPSG:4326', shape: [PIXELS, PIXELS], affine } as const;
  await writeFile(join(rasters, 'image.tif'), writeGeoTiff({ geobox, dtype: 'uint8', bands }));
  const images = [{ file: 'image.tif', bands: ['a', 'b'] }];
  const assets = [{ id: ASSET, type: 'IMAGE', images }];
  await writeFile(join(rasters, 'manifest.json'), JSON.stringify({ assets }));
  return startLoopback({ folder: rasters });
}

/** How many tiles are of which version. @throws where one is of neither, or the cube says otherwise than its pixels. */
async function countVersions(store: string, since: Date): Promise<Record<Version, number>> {
  const cube = await Cube.open(store);
  const [states, { bands }] = [
    await cube.tileStates(parseBoundingBox(BBOX)),
    await cube.load(parseBoundingBox(BBOX)),
  ];
  const counts = { old: 0, new: 0 };
  const wrong: string[] = [];
  for (const [tile, { row, col, state }] of states.entries()) {
    const found = [...bands.values()].map((pixels) => {
      const values = new Set<number>();
      for (let y = 0; y < CHUNK; y++)
        for (let x = 0; x < CHUNK; x++)
          values.add(pixels[(row * CHUNK + y) * PIXELS + col * CHUNK + x] ?? 0);
      return [...values].join('+');
    });
    const isOf = (version: Version) =>
      found.join() === [0, 1].map((band) => valueIn(version, band, tile)).join();
    const version = isOf('new') ? 'new' : isOf('old') ? 'old' : undefined;
    const { fetchedAt, bandsWithoutChunk } = await cube.tileRecord({ row, col });
    const isRight =
      version !== undefined &&
      state === TileState.loaded &&
      bandsWithoutChunk === 0 &&
      fetchedAt !== undefined &&
      fetchedAt >= since === (version === 'new');
    if (isRight) counts[version]++;
    else wrong.push(`${row}-${col} ${found.join()} ${state} ${fetchedAt?.toISOString()}`);
  }
  expect(wrong).toEqual([]);
  expect((await cube.verify(parseBoundingBox(BBOX))).damaged).toBe(0);
  return counts;
}

/** After what the command is killed, counted: a reply that is ready and not sent, or one of its own events. */
const MOMENTS = ['reply', 'processed', 'written', 'committed'] as const;

/**
 * Fills a cube, begins a refresh, kills it at moments that a seed decides, and goes on each time. After each kill every
 * tile is of one version, with its state and record; the last run fetches those that are left, and no other.
 *
 * @returns what happened, a line for each kill
 */
export async function killRefreshes(
  folder: string,
  {
    kills,
    seed,
    format,
  }: { readonly kills: number; readonly seed: number; readonly format: 1 | 2 },
): Promise<string[]> {
  const [older, newer] = [await serve(folder, 'old'), await serve(folder, 'new')];
  let [countdown, atReply] = [Number.POSITIVE_INFINITY, () => {}];
  const front = await startFront(newer.url, () => {
    countdown--;
    if (countdown === 0) atReply();
    return undefined;
  });
  try {
    const store =
      format === 1
        ? await createCube(folder, 'cube', DATASET)
        : await createFormat2(folder, join(folder, 'cube'));
    const args = ['ingest', '--store', store, '--bbox', BBOX, '--threads', '0'];
    const filled = await runCommand([...args, '--quiet'], environmentFor(older));
    expect(filled).toMatchObject({ code: 0, stderr: '' });
    const before = new Date();
    expect(await countVersions(store, before)).toEqual({ old: TILES, new: 0 });
    const refresh = [...args, '--refresh', before.toISOString(), '--concurrency', '4'];
    const env = environmentFor(front);
    const random = randomFrom(seed);
    const story = [`seed ${seed}, format ${format}`];
    let done = 0;
    for (let kill = 0; kill < kills; kill++) {
      const moment = MOMENTS[kill % MOMENTS.length] ?? 'reply';
      // Commits are of 16 tiles: most kills come before the second one.
      const nth = moment === 'committed' ? 1 : 1 + Math.floor(random() * 24);
      const command = watchCommand([...refresh, '--verbose'], env);
      if (moment === 'reply')
        await new Promise<void>((resolve) => {
          [countdown, atReply] = [nth, resolve];
          void command.ended.then(() => resolve());
        });
      else await command.event(moment, nth);
      command.child.kill('SIGKILL');
      await command.ended;
      countdown = Number.POSITIVE_INFINITY;
      const counts = await countVersions(store, before);
      // What was committed once stays so.
      expect(counts.new).toBeGreaterThanOrEqual(done);
      done = counts.new;
      story.push(`killed at ${moment} ${nth}: ${counts.old} old, ${counts.new} new`);
    }
    expect(done).toBeGreaterThan(0);
    const asked = front.asked;
    const last = await runCommand([...refresh, '--format', 'json', '--quiet'], env);
    expect(last.code).toBe(0);
    expect(JSON.parse(last.stdout)).toMatchObject({
      alreadyLoaded: done,
      committed: TILES - done,
    });
    expect(front.asked - asked).toBe(TILES - done);
    expect(await countVersions(store, before)).toEqual({ old: 0, new: TILES });
    expect(await readdir(store)).not.toContain('.geocubes');
    return story;
  } finally {
    await Promise.all([front.close(), older.close(), newer.close()]);
  }
}

async function createFormat2(folder: string, store: string): Promise<string> {
  const file = join(folder, 'cube.json');
  await writeFile(file, JSON.stringify(DATASET));
  const made = await runCommand([
    ...['create', '--store', store, '--dataset', file, '--icechunk-format', '2', '--quiet'],
  ]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  return store;
}
