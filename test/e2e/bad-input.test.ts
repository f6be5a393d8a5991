import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { type Ended, runCommand } from './command.js';
import { environmentFor, SMALL_DATASET, temporaryFolder } from './loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let store: string;
let dataset: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback({});
  store = join(folder.path, 'cube');
  dataset = join(folder.path, 'small.json');
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  await runCommand(['create', '--store', store, '--dataset', dataset]);
});

afterAll(async () => {
  await server.close();
  await folder.remove();
});

/** One line on stderr that says what is wrong, code 2, nothing on stdout, no stack. */
function expectOneClearLine({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

const ingest = (bbox: string, ...more: string[]) => [
  'ingest',
  '--store',
  store,
  `--bbox=${bbox}`,
  '--quiet',
  ...more,
];

describe('bad input gets one clear line and exit code 2', () => {
  test('an unknown dataset, and no folder is made', async () => {
    const target = join(folder.path, 'unknown');
    expectOneClearLine(
      await runCommand(['create', '--store', target, '--dataset', 'TCTrendy']),
      /Expected one of TCTrend.* for the dataset but received "TCTrendy"/,
    );
    expect(existsSync(target)).toBe(false);
  });

  test('a dataset file with a wrong field, and no folder is made', async () => {
    const target = join(folder.path, 'wrong');
    const file = join(folder.path, 'wrong.json');
    await writeFile(file, JSON.stringify({ ...SMALL_DATASET, dtype: 'uint7' }));
    expectOneClearLine(
      await runCommand(['create', '--store', target, '--dataset', file]),
      /"dtype" of the dataset/,
    );
    expect(existsSync(target)).toBe(false);
  });

  test('a bounding box outside the cube', async () => {
    expectOneClearLine(
      await runCommand(ingest('10,10,12,12'), environmentFor(server)),
      /Expected a region that touches the cube .* but received "EPSG:4326 10,10,12,12"/,
    );
  });

  test('west > east without crossing the antimeridian', async () => {
    expectOneClearLine(
      await runCommand(ingest('128,71,122,73'), environmentFor(server)),
      /Expected xmin < xmax.*Swap the first and the third number/,
    );
  });

  test('a bounding box that is no four numbers', async () => {
    expectOneClearLine(
      await runCommand(ingest('1,2,3'), environmentFor(server)),
      /Expected four numbers xmin,ymin,xmax,ymax/,
    );
  });

  test('a store path that holds something else, which stays as it was', async () => {
    const other = join(folder.path, 'other');
    await mkdir(other);
    await writeFile(join(other, 'notes.txt'), 'mine');
    const bad = ['ingest', '--store', other, '--bbox', '122,71,123,72', '--quiet'];
    expectOneClearLine(
      await runCommand(bad, environmentFor(server)),
      /Expected a cube but .* holds other files/,
    );
    expectOneClearLine(
      await runCommand(['create', '--store', other, '--dataset', dataset]),
      /Expected an empty or new folder .* holds other files/,
    );
    expect(existsSync(join(other, 'notes.txt'))).toBe(true);
  });

  test('a store path where nothing is, and none is made', async () => {
    const missing = join(folder.path, 'missing');
    expectOneClearLine(
      await runCommand(
        ['ingest', '--store', missing, '--bbox', '122,71,123,72', '--quiet'],
        environmentFor(server),
      ),
      /Expected a cube at .*missing but there is nothing/,
    );
    expect(existsSync(missing)).toBe(false);
  });

  test('a second cube in the same place', async () => {
    expectOneClearLine(
      await runCommand(['create', '--store', store, '--dataset', dataset]),
      /Expected no cube at .* but one is there/,
    );
  });

  test('an endpoint that does not answer', async () => {
    const dead = { ...environmentFor(server), GEOCUBES_ENDPOINT: 'http://127.0.0.1:9' };
    expectOneClearLine(
      await runCommand(ingest('122,71,123,72'), dead),
      /Expected Earth Engine at http:\/\/127.0.0.1:9 but nothing answers/,
    );
  });

  test('an asset that the service does not have', async () => {
    const other = join(folder.path, 'no-asset');
    const file = join(folder.path, 'no-asset.json');
    await writeFile(file, JSON.stringify({ ...SMALL_DATASET, collection: 'users/nobody/nothing' }));
    await runCommand(['create', '--store', other, '--dataset', file]);
    expectOneClearLine(
      await runCommand(
        ['ingest', '--store', other, '--bbox', '122,71,123,72', '--quiet'],
        environmentFor(server),
      ),
      /not found/i,
    );
  });

  test('a region thread count that is none', async () => {
    expectOneClearLine(
      await runCommand(ingest('122,71,123,72', '--threads', 'many'), environmentFor(server)),
      /Expected a whole number from 0 to 256 for --threads/,
    );
  });
});

test('a refused token ends with exit code 4 and does not show the token', async () => {
  const { code, stderr } = await runCommand(ingest('122,71,123,72'), {
    ...environmentFor(server),
    GEOCUBES_TOKEN: 'sesame-open',
  });
  expect(code).toBe(4);
  expect(stderr).toMatch(/Earth Engine answered 401/);
  expect(stderr).not.toContain('sesame');
});
