/** A cube of smart-geocubes whose title says nothing of its source; test/interop has the real ones. */
import { afterAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { createPool } from '../../../src/pool/pool.js';
import { metadataOf } from '../../../src/store/metadata/zarr-metadata.js';
import { Repository } from '../../../src/store/repository.js';
import { parseStorage } from '../../../src/store/storage-url.js';
import { DATASET, fakeSource, HEIGHT, pixelAt, WIDTH } from './fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
const CODEC = { name: 'gzip', level: 1 } as const;

let count = 0;

/** Bands, coordinates and the list, but no group of ours. Tile 0-0 is listed, its chunks are not stored. */
async function seedCube(): Promise<string> {
  const name = `memory:seed-${process.pid}-${count++}`;
  const repository = await Repository.create(parseStorage(name), { format: 1 });
  const session = await repository.writeSession();
  for (const [key, document] of metadataOf(DATASET, CODEC, CODEC)) {
    if (key.startsWith('geocubes/')) continue;
    const attributes = { title: 'Somebody’s', loaded_patches: ['0-0'] };
    const json = key === 'zarr.json' ? { ...document, attributes } : document;
    await session.store.set(key, Buffer.from(JSON.stringify(json)));
  }
  await repository.commit(session, 'Initialize empty datacube', async () => {});
  return name;
}

describe('a cube of smart-geocubes with an unknown title', () => {
  test('is read, and refuses to be extended before anything is fetched', async () => {
    const cube = await Cube.open(await seedCube());
    expect((await cube.load(WHOLE)).missingTiles).toBe(8);
    const source = fakeSource();
    const ingest = cube.ingest(WHOLE, { source, pool });
    await expect(ingest).rejects.toThrow(InvalidInputError);
    await expect(ingest).rejects.toThrow('Open it with a dataset that tells');
    expect(source.asked).toEqual([]);
    expect((await cube.history())[0]?.message).toBe('Initialize empty datacube');
  });

  test('is extended with a dataset that tells its source, and remembers it', async () => {
    const name = await seedCube();
    const cube = await Cube.open(name, { dataset: DATASET });
    const source = fakeSource();
    expect(await cube.ingest(WHOLE, { source, pool })).toMatchObject({ committed: 8, failed: [] });
    expect(source.asked).not.toContain('0-0');
    const again = await Cube.open(name);
    expect(again.dataset.source).toEqual(DATASET.source);
    const { bands, missingTiles } = await again.load(WHOLE);
    expect(missingTiles).toBe(0);
    const pixels = bands.get('two');
    const at = (row: number, col: number) => pixels?.[row * WIDTH + col];
    expect(at(HEIGHT - 1, WIDTH - 1)).toBe(pixelAt(1, HEIGHT - 1, WIDTH - 1));
    expect(at(0, 0)).toBe(0);
  });
});
