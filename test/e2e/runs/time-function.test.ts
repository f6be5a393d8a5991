/** The three ways of src/dataset/README.md to say a recipe with time, as they stand there: each fills the cube that plain medians give. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type BuildImage,
  type BuiltDataset,
  Cube,
  createPool,
  type Dataset,
  defineDataset,
  earthEngine,
  earthEngineExpression,
  InvalidInputError,
  type Pool,
  parseDataset,
  parseToi,
  readDataset,
} from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../command.js';
import { environmentFor, temporaryFolder } from '../loopback-cubes.js';
import { BANDS, COLLECTION, MONTHS, makeScenes, medians, writeScenes } from './monthly-scenes.js';

const PAGE = new URL('../../../src/dataset/README.md', import.meta.url);
const SCENES = makeScenes();

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let pool: Pool;
let page: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeScenes(join(folder.path, 'scenes'), SCENES);
  server = await startLoopback({ folder: join(folder.path, 'scenes') });
  pool = createPool({ size: 0 });
  page = await readFile(PAGE, 'utf8');
});
afterAll(async () => {
  await pool.close();
  await server.close();
  await folder.remove();
});

const account = () => ({ endpoint: server.url, token: 'loopback', project: 'test' });

/** The example of the page that is written in a language, and has to do with a function. */
function example(language: string, word: string): string {
  const blocks = [...page.matchAll(/```(\w+)\n(.*?)```/gs)];
  const found = blocks.filter(([, name, text = '']) => name === language && text.includes(word));
  expect(found).toHaveLength(1);
  return found[0]?.[2] ?? '';
}

const jsonExample = () => example('json', 'functionDefinitionValue');

async function expectMedians(dataset: Dataset): Promise<void> {
  expect(JSON.parse(JSON.stringify(dataset))).toEqual(dataset);
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(cube.dataset, account());
  const roi = cube.grid.geobox;
  const { failed, committed } = await cube
    .ingest(roi, { source, pool })
    .finally(() => source.close());
  expect(failed).toEqual([]);
  expect(committed).toBe(MONTHS * 2 * 2);
  const region = await cube.load(roi);
  for (const [band, name] of BANDS.entries()) {
    const expected = SCENES.flatMap((shots) => medians(shots, band));
    expect([...(region.bands.get(name) ?? [])]).toEqual(expected);
  }
}

test('the function of the example in TypeScript is built once, and fills a cube with the median of each month', async () => {
  const code = example('ts', 'defineDataset');
  // biome-ignore lint/complexity/useArrowFunction: an arrow function has no constructor to make others with.
  const AsyncFunction = Object.getPrototypeOf(async function () {}).constructor as new (
    ...text: string[]
  ) => (define: unknown) => Promise<Dataset>;
  const run = new AsyncFunction('defineDataset', `${code}\nreturn dataset;`);
  const before = server.requests.algorithms;
  const dataset = await run((file: BuiltDataset) => defineDataset(file, account()));
  expect(server.requests.algorithms - before).toBeLessThanOrEqual(1);
  await expectMedians(dataset);
});

test('the function of the example in JSON fills the same cube, as text too', async () => {
  const file = JSON.parse(jsonExample());
  await expectMedians(parseDataset(file));
  await expectMedians(parseDataset({ ...file, expression: JSON.stringify(file.expression) }));
});

test('the command creates and fills the cube of a dataset file with a function, step by step', async () => {
  const file = join(folder.path, 'monthly.json');
  await writeFile(file, jsonExample());
  const store = join(folder.path, 'monthly');
  expect(await runCommand(['create', '--store', store, '--dataset', file])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('12 steps of 1 month, 2024-01-01 to 2025-01-01'),
  });
  const region = ['--store', store, '--bbox', '14.99,51.43,15.03,51.46'];
  const env = environmentFor(server);
  const plan = await runCommand(['plan', ...region, '--time', '2024-02'], env);
  expect(plan.stdout).toContain('with the workload tag "monthly-medians"');
  const filled = await runCommand(['ingest', ...region, '--time', '2024-02', '-q'], env);
  expect(filled).toMatchObject({ code: 0, stdout: expect.stringContaining('4 tiles committed') });
  const cube = await Cube.open(store);
  const { bands } = await cube.load(cube.grid.geobox, { time: parseToi('2024-02') });
  expect([...(bands.get('B3') ?? [])]).toEqual(medians(SCENES[1] ?? [], 1));
});

test('a month without images fails tile by tile, after one request, as of a collection', async () => {
  const file = JSON.parse(jsonExample());
  const dataset = parseDataset({ ...file, time: ['2024-12', '2025-01'] });
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, account());
  const before = server.requests.pixels;
  const summary = await cube
    .ingest(cube.grid.geobox, { source, pool, tilesInFlight: 1 })
    .finally(() => source.close());
  expect(summary.committed).toBe(4);
  expect(summary.failed.map(({ id }) => id)).toEqual(['1-0-0', '1-0-1', '1-1-0', '1-1-1']);
  for (const { error } of summary.failed)
    expect(error).toMatchObject({
      kind: 'no-images',
      message:
        'Expected images of the source from 2025-01-01 up to 2025-02-01 but there are none. Leave this time step out.',
    });
  expect(server.requests.pixels - before).toBe(4 + 1);
});

test('a function of the image alone, and of a step in a cube without steps, are refused with what to do', async () => {
  const { expression: _, time, ...rest } = JSON.parse(jsonExample());
  const build = (image: BuildImage, steps: object) =>
    defineDataset({ ...rest, ...steps, image }, account());
  await expect(build((ee) => ee.ImageCollection(COLLECTION).median(), { time })).rejects.toThrow(
    'Expected a function of the time step for the expression of a dataset with',
  );
  await expect(
    build(
      (ee, { start, end }) => ee.ImageCollection(COLLECTION).filterDate(start, end).first(),
      {},
    ),
  ).rejects.toThrow('Expected an image for the expression of a dataset without time steps');
  await expect(build((ee) => ee.Image(1), { time, collection: COLLECTION })).rejects.toThrow(
    'Expected exactly one of',
  );
  await expect(build((ee) => ee.Image(1), { dtype: 'int9' })).rejects.toThrow(InvalidInputError);
  const still = await build((ee) => ee.ImageCollection(COLLECTION).median(), {});
  expect(still.time).toBeUndefined();
  const source = await earthEngineExpression((ee, { start }) => ee.Image(start), account());
  await expect(Cube.create('memory:', { ...still, source }, { pool })).rejects.toThrow(
    'a function of the time step',
  );
});

test('a dataset file with the text that Python prints is read', async () => {
  const file = JSON.parse(jsonExample());
  const path = join(folder.path, 'text.json');
  await writeFile(path, JSON.stringify({ ...file, expression: JSON.stringify(file.expression) }));
  expect(await readDataset(path, { pool })).toEqual(parseDataset(file));
});
