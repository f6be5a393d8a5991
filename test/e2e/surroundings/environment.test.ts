/** What the environment takes from a command is told at once, in one line, and not as failed tiles. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { type Ended, runCommand } from '../command.js';
import { environmentFor, SMALL_DATASET, temporaryFolder } from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let store: string;
let dataset: string;
let requests = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback({
    onRequest: ({ path }) => {
      if (path.includes('computePixels')) requests++;
    },
  });
  store = join(folder.path, 'cube');
  dataset = join(folder.path, 'small.json');
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  await writeFile(join(folder.path, 'file'), '');
  await mkdir(join(folder.path, 'proj'));
  // Of no PROJ there is.
  await writeFile(join(folder.path, 'proj', 'proj.db'), 'this is no database');
  const made = await runCommand(['create', '--store', store, '--dataset', dataset]);
  expect(made.stderr).toBe('');
});

afterAll(async () => {
  await server.close();
  await folder.remove();
});

function expectSetupError({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/bootstrap|JavaScript/);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}

/** Of a path below the folder of this test, which has no name before it runs. */
const at = (value: string) => (/^(?:proj|file)$/.test(value) ? join(folder.path, value) : value);

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ['PROJ_DATA', '/nowhere', /PROJ's database.*proj\.db with PROJ_DATA=.*Unset PROJ_DATA/],
  ['PROJ_LIB', '/nowhere', /PROJ's database.*proj\.db with PROJ_LIB=.*Unset PROJ_LIB/],
  ['PROJ_DATA', 'proj', /PROJ's database.*not a database with PROJ_DATA=/],
  ['GDAL_SKIP', 'GTiff', /driver GTiff .*GDAL_SKIP=.*Unset GDAL_SKIP/],
  [
    'TMPDIR',
    '/nowhere',
    /temporary files, which TMPDIR names.*"\/nowhere" \(ENOENT\)\. Set TMPDIR/,
  ],
  ['TMPDIR', 'file', /temporary files, which TMPDIR names.*\(ENOTDIR\)/],
  ['TMPDIR', '/proc/self', /temporary files, which TMPDIR names.*"\/proc\/self" \(E\w+\)/],
];

describe('a variable that leads nowhere is one set-up error', () => {
  test.each(BROKEN)('of ingest, with %s=%s: no tile is asked for', async (name, value, message) => {
    const ended = await runCommand(
      ['ingest', '--store', store, '--bbox', '126,72,128,73', '--quiet', '--threads', '1'],
      { ...environmentFor(server), [name]: at(value) },
    );
    expectSetupError(ended, message);
    expect(requests).toBe(0);
  });

  test('of import, load --like and the demo too, and an empty cube is made without', async () => {
    const env = { TMPDIR: '/nowhere' };
    const raster = join(folder.path, 'file');
    const out = join(folder.path, 'o.tif');
    const calls = [
      ['import', raster, '--store', store, '--quiet'],
      ['load', '--store', store, '--like', raster, '--out', out, '--threads', '0'],
      ['demo', '--threads', '0'],
    ];
    const ended = await Promise.all(calls.map((call) => runCommand(call, env)));
    for (const one of ended) expectSetupError(one, /TMPDIR names/);
    const create = ['create', '--store', join(folder.path, 'other'), '--dataset', dataset];
    expect(await runCommand(create, env)).toMatchObject({ code: 0, stderr: '' });
  });

  test('and a row of the doctor, which says what to do', async () => {
    const { code, stdout } = await runCommand(['doctor'], { PROJ_DATA: '/nowhere' });
    expect(stdout).toMatch(/GDAL +FAIL .*PROJ's database/);
    expect(stdout).toMatch(/-> Unset PROJ_DATA/);
    expect(code).toBe(1);
  });

  test('but not where GDAL does without: the doctor alone tells of it', async () => {
    const { code, stdout } = await runCommand(['doctor'], {
      GDAL_DATA: '/nowhere',
      GDAL_DRIVER_PATH: '/nowhere',
    });
    expect(stdout).toMatch(/GDAL_DATA +warn +\/nowhere is not there/);
    expect(stdout).toMatch(/GDAL_DRIVER_PATH +warn +\/nowhere is not there/);
    expect(code).toBe(0);
  });
});
