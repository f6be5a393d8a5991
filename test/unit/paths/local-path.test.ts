import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { Cube } from '../../../src/cube/cube.js';
import { defineDataset } from '../../../src/dataset/parse.js';
import { InvalidInputError } from '../../../src/errors.js';
import { localPath } from '../../../src/machine/local-path.js';
import { createPool } from '../../../src/pool/pool.js';
import { parseStorage } from '../../../src/store/storage-url.js';

/** What each URL names, as the WHATWG standard reads it. */
const PLACES: readonly (readonly [string, string])[] = [
  ['file:///data/x', '/data/x'],
  ['FILE:///data/x', '/data/x'],
  ['File:/data/x', '/data/x'],
  ['file:/data/x', '/data/x'],
  ['file://localhost/data/x', '/data/x'],
  ['file://LocalHost/data/x', '/data/x'],
  ['file:///data/my%20cube', '/data/my cube'],
  ['file:///data/my cube', '/data/my cube'],
  ['file:///data/50%25', '/data/50%'],
  ['file:///data/what%3F%23', '/data/what?#'],
  ['file:///data/%C3%A9t%C3%A9', '/data/été'],
  ['file:///data/été', '/data/été'],
  ['file:///data/a+b', '/data/a+b'],
  ['file:///data/a%5Cb', '/data/a\\b'],
  ['file:///data/./a/../x', '/data/x'],
  ['file:///data/%2e%2E/x', '/x'],
  ['file:///../x', '/x'],
];

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['file:cubes/x', /whole path/],
  ['file:./x', /whole path/],
  ['file:../x', /whole path/],
  ['file:~/x', /whole path/],
  ['file:', /whole path/],
  ['file://', /whole path/],
  ['file:?x', /whole path/],
  ['file:///data/x?part=1', /no query/],
  ['file:///data/x#part', /no fragment/],
  ['file:///data/x?', /no query/],
  ['file://cubes/x', /machine "cubes"/],
  ['file://host.example/x', /machine "host\.example"/],
  ['file://127.0.0.1/x', /machine "127\.0\.0\.1"/],
  ['file://./x', /file: URL/],
  ['file://me@host/x', /file: URL/],
  ['file://host:80/x', /file: URL/],
  ['file:///data/a%2Fb', /%2F/],
  ['file:///data/a%2fb', /%2F/],
  ['file:///data/a%00b', /%00/],
  ['file:///data/a%zz', /escape/],
  ['file:///data/a%', /escape/],
  ['file:///data/a%FF', /escape/],
  ['file:///C:/x', /Windows/],
  ['file:///c|/x', /Windows/],
  ['file://C:/x', /Windows/],
  ['file:///~/x', /shell/],
  ['file:///data\\x', /%5C/],
  [' file:///data/x', /spaces/],
  ['file:///data/x ', /spaces/],
  ['file:///da\tta/x', /control/],
  ['file:///data/x\n', /spaces/],
  ['C:\\data\\x', /Windows/],
  ['c:/data/x', /Windows/],
  ['~', /shell/],
  ['~/x', /shell/],
  ['', /a path/],
  ['  ', /a path/],
  ['a\0b', /NUL/],
  ['https://example.com/x', /this machine/],
  ['"file:///data/x"', /this machine/],
];

describe('a local path', () => {
  test.each(PLACES)('of the URL %s is %s, as for Node', (url, path) => {
    expect(localPath(url, 'x', 'linux')).toBe(path);
    expect(path).toBe(fileURLToPath(url));
    expect(parseStorage(url)).toEqual({ kind: 'local', path });
  });

  test.each(REFUSED)('is no %j: one line that says why', (text, why) => {
    const act = () => localPath(text, 'the thing', 'linux');
    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow(why);
    expect(act).not.toThrow(/\n./);
    expect(() => parseStorage(text)).toThrow(InvalidInputError);
  });

  test.each(['x', './file:x', 'a b', 'x?y#z', '/data/x%20y', './~/x', '~x', 'a:b', '-'])(
    'without a scheme is taken as it stands: %j',
    (path) => expect(localPath(path, 'x')).toBe(path),
  );

  test('is that of a store with and without a slash at its end', () => {
    expect(parseStorage('file:///data/x.zarr/')).toEqual({ kind: 'zarr', path: '/data/x.zarr' });
    expect(parseStorage('/data/x.zarr///')).toEqual({ kind: 'zarr', path: '/data/x.zarr' });
    expect(parseStorage('file:///data/x/')).toEqual({ kind: 'local', path: '/data/x' });
    expect(parseStorage('x/')).toEqual({ kind: 'local', path: resolve('x') });
  });
});

describe('of other schemes', () => {
  test.each([
    ['https://example.com/x', /one of file:, s3:, gs:, az:, memory:/],
    ['http:x', /one of file:/],
    ['s3:/bucket', /s3:\/\/bucket\/prefix/],
    ['s3:bucket', /s3:\/\/bucket\/prefix/],
    ['s3://', /s3:\/\/bucket\/prefix/],
    ['S3://', /s3:\/\/bucket\/prefix/],
    [' s3://bucket/x', /s3:\/\/bucket\/prefix/],
    ['gs:/bucket', /gs:\/\/bucket\/prefix/],
    ['gcs://bucket/x', /one of file:/],
    ['az:///x', /az:\/\/bucket\/prefix/],
    ['memory:a/b', /letters/],
    ['memory://', /letters/],
    ['local://x', /one of file:/],
  ])('%j is no store', (text, why) => {
    expect(() => parseStorage(text)).toThrow(InvalidInputError);
    expect(() => parseStorage(text)).toThrow(why);
  });
});

const DATASET = {
  title: 'paths',
  local: true,
  bands: ['b'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:32631', bounds: [0, 0, 64, 64], resolution: 1, chunk: 32 },
} as const;
const home = realpathSync(mkdtempSync(join(tmpdir(), 'geocubes-paths-')));
const before = process.cwd();
process.chdir(home);
beforeAll(async () => {
  const pool = createPool({ size: 0 });
  await Cube.create('./cube', defineDataset(DATASET), { pool });
  await pool.close();
});
afterAll(() => {
  process.chdir(before);
  rmSync(home, { recursive: true });
});

/** Each option and argument that names a file or folder. A new one belongs here. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  dataset: ['--roi', '--like', '--key-file', '--config'],
  create: ['--store', '--dataset', '--like', '--roi', '--key-file', '--config'],
  plan: ['--store', '--roi', '--tiles', '--png', '--key-file', '--quota-token-file', '--config'],
  ingest: [
    ...['--store', '--roi', '--tiles', '--retry-failed', '--key-file', '--quota-token-file'],
    ...['--failed', '--report', '--log-file', '--config'],
  ],
  import: [
    ...['--store', '--roi', '--files-from', '--failed'],
    ...['--report', '--log-file', '--config', 'files'],
  ],
  load: ['--store', '--roi', '--out', '--png', '--legend', '--like', '--config'],
  status: ['--store', '--roi', '--png', '--failed', '--config'],
  stats: ['--store', '--roi', '--config'],
  sample: ['--store', '--points', '--config'],
  view: ['--config', '--store'],
  log: ['--store', '--config'],
  tag: ['--store', '--config'],
  rollback: ['--store', '--config'],
  extend: ['--store', '--config'],
  drop: ['--store', '--roi', '--tiles', '--config'],
  overviews: ['--store', '--config'],
  finalise: ['--store', '--roi', '--failed', '--report', '--config'],
  job: ['--config'],
  quota: ['--quota-token-file', '--config'],
  verify: ['--store', '--roi', '--tiles', '--config'],
  demo: ['--folder', '--config'],
  loopback: ['--folder', '--faults', '--config'],
  doctor: ['--key-file', '--out', '--config'],
  setup: ['--config'],
  completion: ['--config'],
};

/** With what a command comes as far as the option in question. */
const BESIDE: Readonly<Record<string, string>> = {
  '--store': './cube',
  '--dataset': 'demo',
  '--asset': 'copernicus-dem',
  '--bbox': '0,0,1,1',
  '--out': 'x.tif',
  files: 'x.tif',
  '--threads': '0',
  '--points': '1,1',
  '--shards': '2',
  '--time': '2026',
};

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  dataset: [],
  create: ['--store', '--dataset'],
  plan: ['--store', '--bbox'],
  ingest: ['--store', '--bbox'],
  import: ['--store', 'files'],
  load: ['--store', '--bbox', '--out', '--threads'],
  status: ['--store'],
  stats: ['--store', '--threads'],
  sample: ['--store', '--points'],
  view: ['--store'],
  log: ['--store'],
  tag: ['--store'],
  rollback: ['--store'],
  extend: ['--store', '--time'],
  drop: ['--store', '--bbox'],
  overviews: ['--store', '--threads'],
  finalise: ['--store'],
  job: ['--shards'],
  quota: [],
  verify: ['--store'],
  demo: [],
  loopback: [],
  doctor: [],
};

/** What a command is given without an option. */
const GIVEN: Readonly<Record<string, string>> = {
  rollback: 'v1',
  job: 'slurm',
  dataset: 'copernicus-dem',
};

function command(name: string, option: string, value: string): string[] {
  // A region is that of an asset.
  const needed = name === 'create' && option === '--roi' ? ['--store', '--asset'] : NEEDED[name];
  const rest = (needed ?? []).filter(
    (other) =>
      other !== option &&
      !(other === '--bbox' && ['--roi', '--retry-failed', '--tiles', '--like'].includes(option)),
  );
  return [
    name,
    ...(GIVEN[name] === undefined ? [] : [GIVEN[name]]),
    ...(option === 'files' ? [value] : [option, value]),
    ...rest.flatMap((other) =>
      other === 'files'
        ? option === '--files-from'
          ? []
          : [BESIDE.files ?? '']
        : [other, BESIDE[other] ?? ''],
    ),
  ];
}

async function run(args: readonly string[]): Promise<unknown> {
  const program = await createProgram(args);
  return program.parseAsync(['node', 'geocubes', ...args]).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('every option that names a file or folder', () => {
  test('is in this table', async () => {
    const named = (await createProgram()).commands.map((made) => [
      made.name(),
      made.options
        .filter(({ flags }) => /<[^>]*(?:file|folder|dir|list|url)[^>]*>/.test(flags))
        .map(({ long }) => long)
        .filter((long) => long !== '--endpoint' && long !== '--bands' && long !== '--quota'),
    ]);
    const inTable = Object.entries(OPTIONS).map(([name, options]) => [
      name,
      options.filter((option) => option.startsWith('--')).sort(),
    ]);
    expect(
      Object.fromEntries(named.map(([name, list]) => [name, [...(list ?? [])].sort()])),
    ).toEqual(Object.fromEntries(inTable));
  });

  const cases = Object.entries(OPTIONS).flatMap(([name, options]) =>
    options.map((option) => [name, option] as const),
  );
  test.each(cases)(
    '%s %s refuses URLs that lead nowhere, and makes nothing',
    async (name, option) => {
      const suffix = option === '--dataset' ? '.json' : option === '--out' ? '.tif' : '';
      for (const url of [`file:x${suffix}`, `file://host/x${suffix}`, `file:///x%2Fy${suffix}`]) {
        const error = await run(command(name, option, url));
        expect(error, url).toBeInstanceOf(InvalidInputError);
        expect(String(error)).toMatch(/file:/);
      }
      expect(readdirSync(home)).toEqual(['cube']);
    },
  );
});
