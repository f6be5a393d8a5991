import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { earthEngine } from '../../../src/cube/sources/earth-engine.js';
import { earthEngineExpression } from '../../../src/cube/sources/expression.js';
import type { Dataset, Source } from '../../../src/dataset/dataset.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { createPool, type Pool } from '../../../src/pool/pool.js';

const COLLECTION = 'projects/geocubes/assets/demo';
const BANDS = ['TCB_slope', 'TCG_slope', 'TCW_slope'];
const FILE = {
  title: 'Small',
  bands: BANDS,
  dtype: 'uint8',
  grid: { crs: 'EPSG:4326', bounds: [124, 72, 127, 74], resolution: 0.02, chunk: 50 },
} as const;

let server: LoopbackServer;
let pool: Pool;
beforeAll(async () => {
  server = await startLoopback();
  pool = createPool({ size: 0 });
});
afterAll(() => Promise.all([server.close(), pool.close()]));

const account = () => ({ endpoint: server.url, token: 'loopback', project: 'test' });

/** The pixels of a new cube, by band. */
async function fill(dataset: Dataset) {
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(cube.dataset, account());
  const roi = parseBoundingBox('124,72,127,74');
  try {
    const { failed, committed } = await cube.ingest(roi, { source, pool });
    expect(failed).toEqual([]);
    expect(committed).toBe(6);
  } finally {
    await source.close();
  }
  return Object.fromEntries((await cube.load(roi)).bands);
}

const byCollection = parseDataset({ ...FILE, collection: COLLECTION });
let wanted: ReturnType<typeof fill> | undefined;

async function expectSamePixels(source: Source): Promise<void> {
  wanted ??= fill(byCollection);
  const expected = await wanted;
  expect(new Set(expected.TCB_slope).size).toBeGreaterThan(10);
  expect(await fill({ ...byCollection, source })).toEqual(expected);
}

test('a cube filled by an image of the official client equals the one filled by its collection', async () => {
  await expectSamePixels(
    await earthEngineExpression(
      (ee) => ee.ImageCollection(COLLECTION).mosaic().select(BANDS),
      account(),
    ),
  );
});

const load = {
  functionName: 'ImageCollection.load',
  arguments: { id: { constantValue: COLLECTION } },
};

test('a cube filled by an expression in a dataset file equals the one filled by its collection', async () => {
  const { source } = parseDataset({
    ...FILE,
    expression: {
      result: '0',
      values: {
        0: {
          functionInvocationValue: {
            functionName: 'ImageCollection.mosaic',
            arguments: { collection: { functionInvocationValue: load } },
          },
        },
      },
    },
  });
  await expectSamePixels(source);
});

test('the keys of an expression may be the names that requests use themselves', async () => {
  const { source } = parseDataset({
    ...FILE,
    expression: {
      result: 'pixels',
      values: {
        source: { functionInvocationValue: load },
        source_: { constantValue: BANDS },
        pixels: {
          functionInvocationValue: {
            functionName: 'Image.select',
            arguments: {
              input: {
                functionInvocationValue: {
                  functionName: 'ImageCollection.mosaic',
                  arguments: { collection: { valueReference: 'source' } },
                },
              },
              bandSelectors: { valueReference: 'source_' },
            },
          },
        },
      },
    },
  });
  await expectSamePixels(source);
});
