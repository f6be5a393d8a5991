/** Tiles by their ids: what `status` lists is what the other commands take. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  TestServers,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const servers = new TestServers();
afterEach(() => servers.close());

const run = async (args: readonly string[], env = {}, input?: string) => {
  const ended = await runCommand(args, env, input);
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
};

test('what status --missing prints is what ingest, plan, verify and drop take as --tiles', async () => {
  const server = await servers.start();
  const env = environmentFor(server);
  const store = await createCube(folder.path, 'lists', TINY_DATASET);
  const at = ['--store', store];
  const quiet = ['--threads', '0', '-q'];
  await run(['ingest', ...at, '--bbox', '120,75,122,76', ...quiet], env);

  const region = [...at, '--bbox', '121,74.5,124,75.5'];
  const missing = await run(['status', ...region, '--missing']);
  expect(missing.split('\n')).toEqual(['0-2', '0-3', '1-1', '1-2', '1-3', '']);
  expect(JSON.parse(await run(['status', ...region, '--missing', '--json']))).toEqual(
    missing.trim().split('\n'),
  );
  const listed = await run(['status', ...region, '--list']);
  expect(listed.split('\n').slice(0, 3)).toEqual([
    'tile,state,row,col',
    '0-1,empty,0,1',
    '0-2,missing,0,2',
  ]);
  const lines = (await run(['status', ...region, '--list', '--format', 'ndjson']))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(6);
  expect(lines[1]).toEqual({ tile: '0-2', state: 'missing', row: 0, col: 2 });

  const planned = JSON.parse(
    await run(['plan', ...at, '--tiles', '-', '--format', 'json'], {}, missing),
  );
  expect(planned).toMatchObject({ tiles: 5, pending: 5 });
  const file = join(folder.path, 'missing.txt');
  await writeFile(file, `# two of them\n\n0-2   # the first\r\n1-3\n`);
  const two = await run(['ingest', ...at, '--tiles', file, '--format', 'json', ...quiet], env);
  expect(JSON.parse(two)).toMatchObject({ tiles: 2, committed: 2 });
  const rest = ['ingest', ...at, '--tiles', '-', '--format', 'json', ...quiet];
  expect(JSON.parse(await run(rest, env, missing))).toMatchObject({
    ...{ tiles: 3, alreadyLoaded: 2, committed: 3 },
  });
  expect(await run(['status', ...region, '--missing'])).toBe('');

  // Nothing missing is nothing to do, and said.
  const none = await runCommand(rest, env, '');
  expect(none).toMatchObject({ code: 0, stderr: 'No tile is listed in standard input\n' });
  expect(JSON.parse(none.stdout)).toMatchObject({ tiles: 0, committed: 0 });

  const check = ['verify', ...at, '--tiles', file, '--format', 'json', '--threads', '0'];
  expect(JSON.parse(await run(check))).toMatchObject({ tiles: 2, tilesDamaged: [] });
  const drop = ['drop', ...at, '--tiles', '-', '--format', 'json'];
  expect(JSON.parse(await run(drop, {}, '["0-2","1-1"]'))).toMatchObject({ tiles: 2 });
  expect(await run(['status', ...region, '--missing'])).toBe('0-2\n1-1\n');
});

test('ids that the cube does not have are named in one line, before anything is fetched', async () => {
  const server = await servers.start();
  const env = environmentFor(server);
  const store = await createCube(folder.path, 'unknown', TINY_DATASET);
  for (const command of ['ingest', 'plan', 'verify', 'drop']) {
    const ended = await runCommand(
      [command, '--store', store, '--tiles', '-'],
      env,
      '0-1\n99-1\n3-4\n2-0-1\n',
    );
    expect(ended, command).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr, command).toBe(
      'geocubes: Expected ids of tiles (row-col, of 6 rows and 10 columns) for the list of tiles but received "99-1, 2-0-1".\n',
    );
  }
  expect(server.requests.total).toBe(0);
  const both = await runCommand(
    ['ingest', '--store', store, '--tiles', '-', '--bbox', '120,75,122,76'],
    env,
    '0-1\n',
  );
  expect(both.code).toBe(2);
  expect(both.stderr).toContain("'--tiles <list|->' cannot be used with option '--bbox");
});

test('status --roi --png outlines the region as it is shaped, dims what lies outside, and shows tiles there as they are', async () => {
  const env = await servers.serve();
  const store = await createCube(folder.path, 'map', TINY_DATASET);
  await run(['ingest', '--store', store, '--bbox', '120,70,130,76', '--threads', '0', '-q'], env);
  const triangle = {
    type: 'Polygon',
    coordinates: [
      [
        [122, 71],
        [128, 71],
        [122, 75],
        [122, 71],
      ],
    ],
  };
  const [shape, png] = ['triangle.geojson', 'state.png'].map((name) => join(folder.path, name));
  await writeFile(shape as string, JSON.stringify(triangle));
  const said = await run([
    'status',
    '--store',
    store,
    '--roi',
    shape as string,
    '--png',
    png as string,
  ]);
  expect(said).toContain(' 0 of 16 not loaded');
  const { data, info } = await sharp(await readFile(png as string))
    .raw()
    .toBuffer({ resolveWithObject: true });
  // Loaded tiles over land or sea, and the same under the veil: both are there, in one picture.
  const colours = new Map<string, number>();
  for (let i = 0; i < data.length; i += info.channels) {
    const key = [...data.subarray(i, i + 3)].join();
    colours.set(key, (colours.get(key) ?? 0) + 1);
  }
  const greens = [...colours]
    .filter(([, count]) => count > 2000)
    .map(([key]) => key.split(',').map(Number) as [number, number, number])
    .filter(([r, g, b]) => g > r + 10 && g > b + 10);
  const brightness = greens.map(([r]) => r).sort((one, other) => one - other);
  expect(brightness.length).toBeGreaterThanOrEqual(2);
  expect((brightness.at(-1) ?? 0) - (brightness[0] ?? 0)).toBeGreaterThan(40);
});
