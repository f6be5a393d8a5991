import { afterAll, expect, onTestFinished, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { largestTile } from '../../../src/cube/fill/plan.js';
import { planMemory } from '../../../src/cube/fill/run/memory-plan.js';
import type { Dataset } from '../../../src/dataset/dataset.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { Grid } from '../../../src/grid/tiling.js';
import { createPool } from '../../../src/pool/pool.js';
import { Repository } from '../../../src/store/repository.js';
import { parseStorage } from '../../../src/store/storage-url.js';
import { temporaryFolder } from '../../e2e/loopback-cubes.js';
import { DATASET, fakeSource } from './fake-source.js';
import { ALL, DATASET as BANDED, bandedSource, cut, inGroups } from './fill/banded-source.js';

/** What a cube goes through, of chunks that consist of inner chunks, beside the same cube of whole ones. */
const inline = createPool({ size: 0 });
const threads = createPool({ size: 2 });
afterAll(() => Promise.all([inline.close(), threads.close()]));

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
/** The upper left tile. */
const CORNER = parseBoundingBox('10,160,110,240', parseCrs('EPSG:3413'));
const isMasked = (band: number, row: number, col: number) =>
  row < 10 && (col < 12 || (col < 24 && band === 1));
const source = () => fakeSource({ isMasked });
const inner = (dataset: Dataset): Dataset => ({ ...dataset, innerChunk: 2 });

async function place(): Promise<string> {
  const { path, remove } = await temporaryFolder();
  onTestFinished(remove);
  return path;
}

const pixelsOf = async (cube: Cube) =>
  Object.fromEntries(
    [...(await cube.load(cube.grid.geobox)).bands].map(([name, all]) => [name, [...all]]),
  );

/** By key: chunks of the bands as they lie in the store. */
async function chunksOf(storage: string): Promise<Map<string, string>> {
  const { store } = await (await Repository.open(parseStorage(storage))).readSession();
  const chunks = new Map<string, string>();
  const { dataset, grid } = await Cube.open(storage);
  for (const { name } of dataset.bands)
    for (let row = 0; row < grid.rows; row++)
      for (let col = 0; col < grid.cols; col++) {
        const bytes = (await store.get(`${name}/c/${row}/${col}`)) ?? undefined;
        if (bytes !== undefined)
          chunks.set(`${name} ${row}-${col}`, Buffer.from(bytes).toString('base64'));
      }
  return chunks;
}

test.each(['cube', 'cube.zarr'])(
  '%s: tiles are filled, taken out, filled again, verified and reduced as those of whole chunks are',
  async (name) => {
    const folder = await place();
    for (const pool of [inline, threads]) {
      const cubes = [];
      for (const dataset of [DATASET, inner(DATASET)]) {
        const store = `${folder}/${pool.size} ${dataset.innerChunk ?? 'whole'} ${name}`;
        const cube = await Cube.create(store, dataset, { pool, overviews: { factors: [2] } });
        expect((await cube.ingest(WHOLE, { source: source(), pool })).committed).toBe(9);
        await cube.drop(CORNER);
        expect((await cube.ingest(WHOLE, { source: source(), pool })).committed).toBe(1);
        await cube.updateOverviews({ pool });
        expect(await cube.verify(WHOLE, { pool })).toMatchObject({
          damaged: 0,
          loaded: 8,
          empty: 1,
        });
        cubes.push({ cube, store });
      }
      const [whole, own] = cubes as [(typeof cubes)[0], (typeof cubes)[0]];
      expect(await pixelsOf(own.cube)).toEqual(await pixelsOf(whole.cube));
      expect([...(await chunksOf(own.store)).keys()]).toEqual([
        ...(await chunksOf(whole.store)).keys(),
      ]);
      const stats = async (cube: Cube) => (await cube.stats(WHOLE)).each;
      expect(await stats(own.cube)).toEqual(await stats(whole.cube));
      const points: [number, number][] = [
        [155, 155],
        [335, 5],
        [5, 95],
      ];
      const sampled = async (cube: Cube) => [
        ...(await cube.sample(points, { crs: 'EPSG:3413' })).bands,
      ];
      expect(await sampled(own.cube)).toEqual(await sampled(whole.cube));
      const coarse = async (cube: Cube) => {
        const session = await (await Repository.open(parseStorage(cube.storage))).readSession();
        return Buffer.from((await session.store.get('overviews/2/one/c/0/0')) ?? []).toString(
          'hex',
        );
      };
      expect(await coarse(own.cube)).toBe(await coarse(whole.cube));
      expect((await coarse(own.cube)).length).toBeGreaterThan(0);
    }
  },
);

test('stores of three shards make what one process makes, byte for byte', async () => {
  const folder = await place();
  const one = await Cube.create(`${folder}/one`, inner(DATASET), { pool: inline });
  await one.ingest(WHOLE, { source: source(), pool: inline });
  const cube = await Cube.create(`${folder}/cube`, inner(DATASET), { pool: inline });
  for (let index = 0; index < 3; index++) {
    const shard = { index, count: 3 };
    const store = await cube.openShardStore(shard);
    await store.ingest(WHOLE, { source: source(), pool: inline, shard });
  }
  expect(await cube.merge({ shards: 3 })).toMatchObject({ damaged: 0, copied: 9 });
  expect(await chunksOf(`${folder}/cube`)).toEqual(await chunksOf(`${folder}/one`));
});

test('a store of whole chunks is not merged into a cube of inner chunks', async () => {
  const folder = await place();
  const cube = await Cube.create(`${folder}/cube`, inner(DATASET), { pool: inline });
  await Cube.create(`${folder}/other`, DATASET, { pool: inline });
  await expect(cube.merge([`${folder}/other`])).rejects.toThrow(/codecs of one/);
  await expect(
    Cube.create(`${folder}/cube`, DATASET, { pool: inline, existsOk: true }),
  ).rejects.toThrow(/Expected 2, as in the cube that is there, for innerChunk/);
});

test('by groups of bands, in threads and in little memory, chunks are those of whole tiles', async () => {
  const folder = await place();
  const dataset = inner(BANDED);
  const filled = async (name: string, tiles: ReturnType<typeof bandedSource>, isWhole: boolean) => {
    const store = `${folder}/${name}.zarr`;
    const cube = await Cube.create(store, dataset, { pool: threads });
    const tile = largestTile({ grid: Grid.fromRecord(dataset.grid) }, tiles);
    const bytes = tile.requests.reduce((sum, request) => sum + request.bytes, 0);
    const plan = { pending: 1, requests: tile.requests.length, bytes };
    const basis = { dataset, plan, tile, mask: tiles.mask, threads: threads.size };
    const { bytes: needed } = planMemory({ ...basis, tilesInFlight: 1 });
    const memory = isWhole ? needed : needed - 1;
    expect(planMemory({ ...basis, memory }).isInGroups).toBe(!isWhole);
    const { failed } = await cube.ingest(cube.grid.geobox, {
      source: tiles,
      pool: threads,
      memory,
    });
    expect(failed).toEqual([]);
    return chunksOf(store);
  };
  const whole = await filled('whole', bandedSource(inGroups([ALL])), true);
  expect(whole.size).toBe(8 * 14);
  expect(await filled('groups', bandedSource(inGroups(cut(3), 3)), false)).toEqual(whole);
});
