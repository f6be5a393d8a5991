import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { presetDataset } from '../../../../src/dataset/presets.js';
import { Cube, parseDataset } from '../../../../src/index.js';
import { createPool } from '../../../../src/pool/pool.js';
import { checkLayout, layoutOf } from '../../../../src/store/metadata/cube-layout.js';
import { readDocument, writeDocument } from '../../../../src/store/metadata/documents.js';
import { CUBE_RECORD_PATH } from '../../../../src/store/metadata/zarr-metadata.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';

/** What versions before the features opened: all others they refused by name. */
const KNOWN_BEFORE = [1, 2];

const PLAIN = {
  title: 'Plain',
  collection: 'c',
  bands: ['b', 'c'],
  dtype: 'int16',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 1000, 1000], resolution: 10, chunk: 64 },
} as const;
const TIME = { start: '2017', step: '1 year', count: 3 } as const;
const EXPRESSION = {
  result: '0',
  values: {
    0: { functionDefinitionValue: { argumentNames: ['start', 'end'], body: '1' } },
    1: {
      functionInvocationValue: {
        functionName: 'f',
        arguments: { at: { argumentReference: 'start' } },
      },
    },
  },
};

test('a preset of before, and whatever versions before could fill right, keeps the number it had', () => {
  for (const name of ['TCTrend', 'TCTrend2019', 'AlphaEarth', 'demo', 'demo-annual']) {
    const dataset = presetDataset(name);
    expect(layoutOf(dataset)).toEqual({ layout: dataset.time === undefined ? 1 : 2 });
  }
  expect(layoutOf(parseDataset(PLAIN))).toEqual({ layout: 1 });
  expect(layoutOf(parseDataset({ ...PLAIN, time: TIME }))).toEqual({ layout: 2 });
});

test.each([
  ['recipe', { ...PLAIN, reduce: 'median' }],
  ['recipe', { ...PLAIN, filter: 'CLOUD_COVER < 60', time: TIME }],
  ['recipe', { ...PLAIN, mask: { band: 'b', atLeast: 1 } }],
  ['recipe', { ...PLAIN, bands: [{ name: 'b', scale: 2 }] }],
  ['recipe', { ...PLAIN, bands: [{ name: 'n', normalizedDifference: ['b', 'c'] }] }],
  ['inner-chunks', { ...PLAIN, innerChunk: 16 }],
  ['time-function', { ...PLAIN, collection: undefined, expression: EXPRESSION, time: TIME }],
] as const)(
  'a cube that needs %s is refused by versions that would fill it otherwise',
  (feature, file) => {
    const { layout, requires } = layoutOf(parseDataset(JSON.parse(JSON.stringify(file))));
    expect(KNOWN_BEFORE).not.toContain(layout);
    expect(requires).toEqual([feature]);
  },
);

test('what is not known is refused by name, and what is known not', () => {
  expect(() => checkLayout({ layout: 4 }, 'cubes/a')).toThrow(
    'Expected a cube of layout 1, 2 or 3 at cubes/a but received 4. Update smart-geocubes-native.',
  );
  expect(() => checkLayout({ layout: 3, requires: ['recipe', 'holograms'] }, 'cubes/a')).toThrow(
    /^Expected a cube that needs no more than .*recipe.* at cubes\/a but received one that needs holograms\. Update/,
  );
  checkLayout({ layout: 3, requires: ['recipe', 'time-function'] }, 'cubes/a');
});

test('a cube that needs more than is known is opened by nobody, to read or to fill', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-layout-'));
  const storage = join(folder, 'cube');
  const pool = createPool({ size: 0 });
  try {
    await Cube.create(storage, parseDataset({ ...PLAIN, reduce: 'median' }), { pool });
    await Cube.open(storage);
    const repository = await Repository.open(parseStorage(storage));
    const session = await repository.writeSession();
    await repository.commit(session, 'As a later version makes them', async (newest) => {
      const document = (await readDocument(newest, CUBE_RECORD_PATH)) ?? {};
      const attributes = { ...document.attributes, requires: ['recipe', 'holograms'] };
      await writeDocument(newest, CUBE_RECORD_PATH, { ...document, attributes });
    });
    await expect(Cube.open(storage)).rejects.toThrow('but received one that needs holograms');
  } finally {
    await pool.close();
    await rm(folder, { recursive: true });
  }
});
