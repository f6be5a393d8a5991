/** Older states of a cube: read, named, and made the newest again. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { createPool } from '../../../src/pool/pool.js';
import { DATASET, fakeSource } from './fake-source.js';

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-versions-'));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

const box = (text: string) => parseBoundingBox(text, parseCrs('EPSG:3413'));
const WHOLE = box('0,0,340,250');
/** Four of nine tiles. */
const CORNER = box('0,60,200,250');

const loadedIn = async (cube: Cube) => {
  const [counts] = await cube.countStates(WHOLE);
  return (counts?.loaded ?? 0) + (counts?.empty ?? 0);
};
const newestOf = async (cube: Cube) => (await cube.history())[0]?.id ?? '';

describe.each([
  ['in memory', 1, (name: string) => `memory:versions-${name}`],
  ['in a folder', 1, (name: string) => join(folder, name)],
  ['in a folder, of format 2', 2, (name: string) => join(folder, `${name}-2`)],
] as const)('a cube %s', (_, icechunkFormat, storageOf) => {
  async function filledTwice(name: string) {
    const storage = storageOf(name);
    const cube = await Cube.create(storage, DATASET, { pool, icechunkFormat });
    await cube.ingest(CORNER, { source: fakeSource(), pool });
    const before = await newestOf(cube);
    await cube.tag('corner');
    await cube.ingest(WHOLE, { source: fakeSource(), pool });
    return { storage, cube, before };
  }

  test('opens as of a tag, a commit and a time, with the tiles and pixels it had, and takes nothing more', async () => {
    const { storage, cube, before } = await filledTwice('read');
    const { writtenAt } = (await cube.history()).find(({ id }) => id === before) ?? {};
    expect(await loadedIn(cube)).toBe(9);
    const source = fakeSource();
    for (const asOf of ['corner', before, `${writtenAt}`.slice(0, 23)]) {
      const older = await Cube.open(storage, { asOf });
      expect(older.asOf?.id).toBe(before);
      expect(await loadedIn(older)).toBe(4);
      expect(await newestOf(older)).toBe(before);
      const { missingTiles, bands } = await older.load(WHOLE);
      expect(missingTiles).toBe(5);
      const newest = await cube.load(CORNER);
      expect((await older.load(CORNER)).bands).toEqual(newest.bands);
      expect([...(bands.get('one') ?? [])].at(-1)).toBe(0);
      await expect(older.ingest(WHOLE, { source, pool })).rejects.toThrow(
        /Expected the newest state .* can be read alone/,
      );
      await expect(older.verify(WHOLE, { repair: true })).rejects.toThrow(InvalidInputError);
      expect((await older.verify(WHOLE)).damaged).toBe(0);
    }
    expect(source.asked).toEqual([]);
    // A time that names a whole year means its end.
    expect((await Cube.open(storage, { asOf: '2999' })).asOf?.id).toBe(await newestOf(cube));
  });

  test('goes back to an older state and forth again, and is filled from there', async () => {
    const { storage, cube, before } = await filledTwice('reset');
    const newest = await newestOf(cube);
    const { from, to } = await cube.resetTo('corner');
    expect([from.id, to.id]).toEqual([newest, before]);
    expect(await loadedIn(await Cube.open(storage))).toBe(4);
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
    expect(await cube.resetTo(newest)).toMatchObject({ from: { id: before }, to: { id: newest } });
    expect(await loadedIn(cube)).toBe(9);
    await cube.resetTo('corner');
    const source = fakeSource();
    expect(await cube.ingest(WHOLE, { source, pool })).toMatchObject({ committed: 5, failed: [] });
    expect((await cube.load(WHOLE)).missingTiles).toBe(0);
    expect((await cube.resetTo(await newestOf(cube))).from.id).toBe(await newestOf(cube));
  });

  test('names states; a name never means another one, also when it was deleted', async () => {
    const { cube, before } = await filledTwice('names');
    await cube.tag('v2', await newestOf(cube));
    expect((await cube.tags()).map(({ name, commit }) => [name, commit.id])).toEqual([
      ['corner', before],
      ['v2', await newestOf(cube)],
    ]);
    await expect(cube.tag('corner')).rejects.toMatchObject({ tag: 'store', kind: 'exists' });
    await cube.deleteTag('corner');
    expect((await cube.tags()).map(({ name }) => name)).toEqual(['v2']);
    await expect(cube.tag('corner')).rejects.toThrow(/or was until it was deleted/);
    await expect(cube.deleteTag('corner')).rejects.toThrow(/Its tags: v2/);
  });

  test('tells what a version may be, where none is found', async () => {
    const { storage, cube } = await filledTwice('wrong');
    const first = (await cube.history()).at(-1);
    for (const [asOf, words] of [
      [
        'nothing',
        /Expected a tag, the id of a commit or a time of this cube .* "nothing".*Its tags: corner/,
      ],
      ['00000000000000000000', /Expected the id of a commit of this cube/],
      ['1999-12', /Expected a time at which the cube was there \(its first commit is of 2\d{3}-/],
      [first?.id ?? '', /empty repository/],
    ] as const)
      await expect(Cube.open(storage, { asOf })).rejects.toThrow(words);
    for (const name of ['a/b', '', '2026', '2026-11-28', '.x', first?.id ?? '', 'x'.repeat(101)])
      await expect(cube.tag(name), name).rejects.toThrow(InvalidInputError);
  });
});

test('a run whose cube is reset meanwhile ends with an error that says so, and the reset stays', async () => {
  const storage = join(folder, 'reset-meanwhile');
  const cube = await Cube.create(storage, DATASET, { pool });
  await cube.tag('empty');
  await cube.ingest(CORNER, { source: fakeSource(), pool });
  let asked = 0;
  const source = fakeSource({
    before: async () => {
      // Tiles are written by then, and not committed.
      if (++asked === 4) await cube.resetTo('empty');
      return undefined;
    },
  });
  const run = cube.ingest(WHOLE, { source, pool, tilesInFlight: 1 });
  await expect(run).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/reset to an older one meanwhile/),
  });
  expect(await loadedIn(cube)).toBe(0);
  expect((await cube.verify(WHOLE)).damaged).toBe(0);
});

test('a plain Zarr directory, which has no older states, says so', async () => {
  const storage = join(folder, 'plain.zarr');
  const cube = await Cube.create(storage, DATASET, { pool });
  for (const call of [
    () => cube.tags(),
    () => cube.tag('v1'),
    () => cube.resetTo('v1'),
    () => Cube.open(storage, { asOf: 'v1' }),
  ])
    await expect(call()).rejects.toThrow(/plain Zarr directory, which has the newest alone/);
});

test('a tag lies where Icechunk of Python has it, in format 1', async () => {
  const storage = join(folder, 'file');
  const cube = await Cube.create(storage, DATASET, { pool });
  const { id } = await cube.tag('v1');
  const reference = await readFile(join(storage, 'refs', 'tag.v1', 'ref.json'), 'utf8');
  expect(JSON.parse(reference)).toEqual({ snapshot: id });
});
