/** A run that readers of the cube see whole or not at all, by the command. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  ingestArgs,
  refuseRequests,
  SMALL_BBOX,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

const TILES = 60;
const NIGHT = ['--branch', 'night'];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let store: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback({ faults: refuseRequests(3, 20) });
  store = await createCube(folder.path, 'cube', TINY_DATASET);
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const loadedIn = async (...branch: string[]) => {
  const { stdout, stderr } = await runCommand([
    ...['status', '--store', store, '--format', 'json', ...branch],
  ]);
  expect(stderr).toBe('');
  const { loaded, empty } = JSON.parse(stdout);
  return loaded + empty;
};
const finalise = (...more: string[]) =>
  runCommand(['finalise', '--store', store, '--bbox', SMALL_BBOX, ...more]);

test('what ingest --branch has filled, status, verify and load see with --branch alone, and finalise --branch makes it the cube where it is whole', async () => {
  const fill = ingestArgs(store, ...NIGHT, '-q');
  const env = environmentFor(server);
  expect(await runCommand(fill, env)).toMatchObject({ code: 3, stderr: '' });
  expect([await loadedIn(), await loadedIn(...NIGHT)]).toEqual([0, TILES - 2]);

  const early = await finalise(...NIGHT);
  expect(early).toMatchObject({ code: 3, stderr: '' });
  expect(early.stdout).toMatch(/, 2 missing, 0 damaged$/m);
  expect(early.stdout).toContain(
    '\nThe branch night stays beside the cube, whose readers see nothing of it\n',
  );
  expect(await loadedIn()).toBe(0);

  for (const shard of ['1/2', '2/2'])
    expect(await runCommand([...fill, '--shard', shard], env)).toMatchObject({
      code: 0,
      stderr: '',
    });
  const verify = ['verify', '--store', store, ...NIGHT, '--quick'];
  expect((await runCommand(verify)).stdout).toContain('No damage found');
  const out = join(folder.path, 'night.tif');
  const load = ['load', '--store', store, '--bbox', '126,72,127,73', '--out', out];
  expect(await runCommand([...load, ...NIGHT])).toMatchObject({ code: 0, stderr: '' });

  const last = await finalise(...NIGHT, '--format', 'json');
  expect(last).toMatchObject({ code: 0, stderr: '' });
  const { published, missing } = JSON.parse(last.stdout);
  expect({ missing, published }).toEqual({
    missing: 0,
    published: { snapshot: expect.stringMatching(/^[0-9A-Z]{20}$/), commits: expect.any(Number) },
  });
  expect(await loadedIn()).toBe(TILES);
  const gone = await finalise(...NIGHT);
  expect(gone).toMatchObject({ code: 2, stdout: '' });
  expect(gone.stderr).toMatch(/^geocubes: Expected a branch of this cube \(it has none\)[^\n]*\n$/);
});

test('a cube that has got commits since is not moved, which is told in one line; nor is an incomplete region, unless that is wanted', async () => {
  const other = await createCube(folder.path, 'other', TINY_DATASET);
  const fill = (bbox: string, ...more: string[]) =>
    runCommand(['ingest', '--store', other, '--bbox', bbox, '-q', ...more], environmentFor(server));
  const end = (...more: string[]) =>
    runCommand(['finalise', '--store', other, '--bbox', '126,72,128,73', ...more]);
  expect(await fill('126,72,127,73', ...NIGHT)).toMatchObject({ code: 0 });
  expect(await fill('127,72,128,73', '--branch', 'late')).toMatchObject({ code: 0 });
  const incomplete = await end(...NIGHT, '--incomplete');
  expect(incomplete).toMatchObject({ code: 3, stderr: '' });
  expect(incomplete.stdout).toMatch(
    /^The cube is where the branch night was, \d+ commits? further \([0-9A-Z]{20}\); the branch is removed$/m,
  );
  const moved = await end('--branch', 'late', '--incomplete');
  expect(moved.code).toBe(1);
  expect(moved.stderr).toMatch(
    /^geocubes: Expected main to be where the branch late began but it has got [^\n]*\n$/,
  );
  expect((await runCommand(['status', '--store', other, '--branch', 'late'])).code).toBe(0);
});

test.each([
  [['ingest', '--branch', 'main'], /^geocubes: Expected letters, digits.* the branch .*"main"/m],
  [
    ['ingest', '--branch', 'x', '--shard', '1/2', '--own-store'],
    /--branch.*--own-store|--own-store.*--branch/,
  ],
  [['finalise', '--branch', 'x', '--merge'], /--branch.*--merge|--merge.*--branch/],
  [['finalise', '--incomplete'], /^geocubes: Expected --branch for what --incomplete is of/m],
  [['status', '--branch', 'x', '--as-of', 'v1'], /--branch.*--as-of|--as-of.*--branch/],
])('%j is refused in a line, before anything is done', async (args, message) => {
  const region = args[0] === 'status' ? [] : ['--bbox', SMALL_BBOX];
  const { code, stdout, stderr } = await runCommand(
    [...args, '--store', store, ...region],
    environmentFor(server),
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('a plain Zarr directory has no branches, which is told in a line', async () => {
  const plain = await createCube(folder.path, 'plain.zarr', TINY_DATASET);
  const { code, stderr } = await runCommand(ingestArgs(plain, ...NIGHT), environmentFor(server));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^geocubes: Expected a cube that can have branches but [^\n]*\n$/);
});
