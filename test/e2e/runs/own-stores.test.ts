/** Shards that each fill a store of their own, as on hosts that share a file system and no bucket, and what is made of them. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube, parseBoundingBox } from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  ingestArgs,
  SMALL_BBOX,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

const TILES = 60;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const finalise = (store: string, ...more: string[]) =>
  runCommand(['finalise', '--store', store, '--bbox', SMALL_BBOX, ...more]);

const fillOwn = (store: string, shard: string) =>
  runCommand(ingestArgs(store, '--shard', shard, '--own-store'), environmentFor(server));

test('what three shards fill in stores of their own, finalise --merge makes one cube of, each tile fetched once', async () => {
  const store = await createCube(folder.path, 'merged', TINY_DATASET);
  const before = server.requests.pixels;
  const first = await Promise.all(['1/3', '2/3'].map((shard) => fillOwn(store, shard)));
  for (const { code, stderr } of first) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // The cube itself is not touched before.
  const [[{ missing } = { missing: 0 }]] = [
    await (await Cube.open(store)).countStates(parseBoundingBox(SMALL_BBOX)),
  ];
  expect(missing).toBe(TILES);

  const early = await finalise(store, '--shards', '3', '--merge');
  expect(early).toMatchObject({ code: 3, stderr: '' });
  expect(early.stdout.trimEnd().split('\n')).toEqual([
    `${store}.shard-1-of-3: 20 tiles copied, 0 there already`,
    `${store}.shard-2-of-3: 20 tiles copied, 0 there already`,
    `1 shard has no store, ${store}.shard-3-of-3: it never began, or the store was removed`,
    expect.stringMatching(
      /^Merged 2 stores: 40 tiles copied \([\d.]+ MB\), 0 there already and left as they were, 0 damaged$/,
    ),
    'The stores are as they were; all that is in them is in the cube, and they may be removed',
    expect.stringMatching(/^60 tiles: \d+ loaded, \d+ loaded and empty, 20 missing, 0 damaged$/),
    'shard 3 of 3 lacks 20 tiles',
    'Run the shards again, or "geocubes ingest": what is loaded is not fetched again',
  ]);

  expect(await fillOwn(store, '3/3')).toMatchObject({ code: 0, stderr: '' });
  const stores = [1, 2, 3].map((shard) => `${store}.shard-${shard}-of-3`);
  const late = await finalise(store, '--shards', '3', '--merge', ...stores, '--format', 'json');
  expect(late).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(late.stdout)).toMatchObject({
    ...{ tiles: TILES, missing: 0, damaged: 0, lacking: [] },
    merged: { copied: 20, alreadyThere: 40, damaged: 0, lost: 0, absent: [] },
  });
  expect(server.requests.pixels - before).toBe(TILES);

  const alone = await createCube(folder.path, 'alone', TINY_DATASET);
  await runCommand(ingestArgs(alone), environmentFor(server));
  const region = parseBoundingBox(SMALL_BBOX);
  const [one, other] = await Promise.all([store, alone].map((place) => Cube.open(place)));
  expect(await one?.tileStates(region)).toEqual(await other?.tileStates(region));
  expect((await one?.load(region))?.bands).toEqual((await other?.load(region))?.bands);
  expect(await runCommand(['verify', '--store', store, '--threads', '1'])).toMatchObject({
    code: 0,
  });

  // With the stores removed, the same array finds nothing to do, and the same finaliser nothing to copy.
  for (const own of stores) await rm(own, { recursive: true });
  expect(await fillOwn(store, '2/3')).toMatchObject({ code: 0 });
  expect(server.requests.pixels - before).toBe(2 * TILES);
  expect(await finalise(store, '--shards', '3', '--merge')).toMatchObject({ code: 0 });
  expect(await readdir(store)).not.toContain('.geocubes');
});

test('the script of a job whose shards have stores of their own merges them', async () => {
  const store = await createCube(folder.path, 'job', TINY_DATASET);
  const file = join(folder.path, 'night.json');
  await writeFile(file, JSON.stringify({ store, bbox: SMALL_BBOX, 'own-store': true }));
  for (const platform of ['slurm', 'snakemake']) {
    const made = await runCommand(['job', platform, '--config', file, '--shards', '4']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/finalise [^\n]*--merge/);
  }
  // The finaliser reads what is said to the shards.
  const args = ['finalise', '--config', file, '--shards', '4', '--merge'];
  expect(await runCommand(args)).toMatchObject({ code: 3, stderr: '' });
});

test.each([
  [
    'without a shard',
    ['ingest', '--own-store'],
    /^geocubes: Expected --shard for whose store --own-store is but received "none"\.$/m,
  ],
  [
    'of a refresh',
    ['ingest', '--own-store', '--shard', '1/2', '--refresh'],
    /--own-store.*--refresh|--refresh.*--own-store/,
  ],
  [
    'merged without names or a count',
    ['finalise', '--merge'],
    /^geocubes: Expected the stores to merge, or --shards, for --merge but received "neither"\.$/m,
  ],
])(
  'stores of their own %s are refused with one line, and code 2',
  async (_, [command = '', ...words], message) => {
    const store = join(folder.path, 'merged');
    const args = [command, '--store', store, '--bbox', SMALL_BBOX, ...words];
    const { code, stderr } = await runCommand(args, environmentFor(server));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  },
);
