/** What the command ends with, one row for each code: scripts rely on it, and the help documents it. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { type Ended, runCommand, startCommand } from './command.js';
import {
  createCube,
  environmentFor,
  ingestArgs,
  refuseRequests,
  TINY_DATASET,
  temporaryFolder,
} from './loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
/** Begun first, because a request is sent again and again until it is given up. */
let outOfQuota: Promise<Ended>;
let refusing: LoopbackServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  refusing = await startLoopback({ faults: { rules: [{ kind: 'status', status: 429 }] } });
  const args = ingestArgs(await newCube(), '--max-outage', '0', '--concurrency', '60');
  outOfQuota = runCommand(args, environmentFor(refusing));
});
afterAll(async () => {
  await refusing.close();
  await server.close();
  await folder.remove();
});

let cubes = 0;
const newCube = () => createCube(folder.path, `cube-${cubes++}.zarr`, TINY_DATASET);

/** An ingest of a new cube, from a server of its own where something is to go wrong. */
async function ingestUnder(
  faults: Parameters<typeof refuseRequests> | 'none' | { readonly status: number },
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const plan =
    faults === 'none'
      ? {}
      : Array.isArray(faults)
        ? refuseRequests(...faults)
        : { rules: [{ kind: 'status', status: (faults as { status: number }).status } as const] };
  const own = await startLoopback({ faults: plan });
  const ended = await runCommand(ingestArgs(await newCube()), { ...environmentFor(own), ...env });
  await own.close();
  return ended;
}

async function damagedCube(): Promise<string> {
  const store = await newCube();
  expect(await runCommand(ingestArgs(store), environmentFor(server))).toMatchObject({ code: 0 });
  const [row = ''] = await readdir(join(store, 'TCB_slope', 'c'));
  await rm(join(store, 'TCB_slope', 'c', row), { recursive: true });
  return store;
}

async function interrupted(signal: NodeJS.Signals): Promise<Ended> {
  const slow = await startLoopback({ faults: { latency: { ms: 100 } } });
  const args = ingestArgs(await newCube(), '--verbose', '--concurrency', '2');
  const { child, ended } = startCommand(args, environmentFor(slow));
  let isAsked = false;
  child.stderr?.on('data', (data) => {
    // A second signal would end it at once.
    if (!isAsked && String(data).includes('"written"')) isAsked = child.kill(signal);
  });
  const result = await ended;
  await slow.close();
  return { ...result, stderr: result.stderr.replace(/^\{.*\n/gm, '') };
}

const ROWS: readonly (readonly [
  code: number,
  what: string,
  call: () => Promise<Ended>,
  stderr: RegExp,
])[] = [
  [0, 'an ingest that commits every tile', () => ingestUnder('none'), /^$/],
  [0, 'the version', () => runCommand(['--version']), /^$/],
  [0, 'help', () => runCommand(['ingest', '--help']), /^$/],
  [
    1,
    'a service that finds the request itself wrong',
    () => ingestUnder({ status: 400 }),
    /^geocubes: Earth Engine answered 400/,
  ],
  [
    1,
    'damage that verify finds',
    async () => runCommand(['verify', '--store', await damagedCube(), '-q']),
    /^$/,
  ],
  [2, 'no command', () => runCommand([]), /^Usage: geocubes/],
  [2, 'an unknown command', () => runCommand(['fetch']), /^error: unknown command 'fetch'/],
  [
    2,
    'an unknown option',
    () => runCommand(['status', '--storr', 'x']),
    /^error: unknown option '--storr'\n\(Did you mean --store\?\)\n\(--help tells more\)\n$/,
  ],
  [
    2,
    'a missing option',
    () => runCommand(['status']),
    /^error: required option '--store <url>' not specified/,
  ],
  [
    2,
    'a region that is none',
    async () => runCommand([...ingestArgs(await newCube()), '--bbox', '1,2,3']),
    /^geocubes: Expected four numbers xmin,ymin,xmax,ymax/,
  ],
  [
    2,
    'a cube that is not there',
    () => runCommand(['status', '--store', join(folder.path, 'absent')]),
    /^geocubes: Expected a cube at /,
  ],
  [3, 'an ingest of which some tiles failed', () => ingestUnder([3, 20]), /^$/],
  [
    3,
    'damage that verify reopens',
    async () => runCommand(['verify', '--store', await damagedCube(), '--repair', '-q']),
    /^$/,
  ],
  [
    4,
    'a token that is refused',
    () => ingestUnder('none', { GEOCUBES_TOKEN: 'sesame' }),
    /^geocubes: Earth Engine answered 401/,
  ],
  [
    4,
    'an account that may not',
    () => ingestUnder({ status: 403 }),
    /^geocubes: Earth Engine answered 403/,
  ],
  [
    5,
    'a service that cannot answer all of the live check',
    () =>
      runCommand(
        ['doctor', '--live', '--out', join(folder.path, 'live.md')],
        environmentFor(server),
      ),
    /^$/,
  ],
  [
    130,
    'an ingest that SIGINT stops',
    () => interrupted('SIGINT'),
    /^\nStopping: finished tiles are being committed\. Once more to stop at once\.\ngeocubes: The ingest was stopped; finished tiles are committed/,
  ],
  [130, 'an ingest that SIGTERM stops', () => interrupted('SIGTERM'), /The ingest was stopped/],
];

test.each(ROWS)('%d is %s', async (code, _, call, stderr) => {
  const ended = await call();
  expect(ended.stderr).toMatch(stderr);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  expect(ended.code).toBe(code);
});

test('4 is a quota that is used up, where it is not to be waited for', async () => {
  const { code, stderr } = await outOfQuota;
  expect(stderr).toMatch(/^geocubes: Earth Engine answered 429/);
  expect(code).toBe(4);
});

test('each code of the table is in the help, and each of the help in the table', async () => {
  const { stdout } = await runCommand(['--help']);
  const [, text = ''] = /Exit codes: ([^.]*)\./.exec(stdout) ?? [];
  const documented = [...text.matchAll(/\b(\d+) /g)].map(([, code]) => Number(code));
  expect(documented).toEqual([...new Set(ROWS.map(([code]) => code))]);
});
