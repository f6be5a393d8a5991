import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { runCommand } from '../command.js';
import { SMALL_DATASET, temporaryFolder } from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const PLACES: [string, string, (path: string) => Promise<unknown>, RegExp][] = [
  ['a dangling link', 'link', (path) => symlink('gone', path), / but .* is a link to nothing\. /],
  [
    'a Zarr v2 group',
    'v2.zarr',
    async (path) => {
      await mkdir(path);
      await writeFile(join(path, '.zgroup'), '{"zarr_format": 2}');
    },
    / but .* holds Zarr v2 data\. /,
  ],
  [
    'a Zarr v3 group whose name does not end in .zarr',
    'v3',
    async (path) => {
      await mkdir(path);
      await writeFile(join(path, 'zarr.json'), '{"zarr_format": 3, "node_type": "group"}');
    },
    / but .* holds a plain Zarr v3 directory, whose name must end in \.zarr\. /,
  ],
];

const BBOX = '--bbox=122,71,123,72';

/** What each command is called with, beside `--store`. */
const CALLS: Readonly<Record<string, (dataset: string, output: string) => readonly string[]>> = {
  status: () => [],
  stats: () => [],
  sample: () => ['--points=122,71'],
  view: () => ['--port=0'],
  log: () => [],
  tag: () => [],
  rollback: () => ['v1'],
  extend: () => ['--time=2026'],
  drop: () => [BBOX],
  overviews: () => [],
  finalise: () => ['--quiet'],
  verify: () => [],
  plan: () => [BBOX],
  load: (_, output) => [BBOX, '--out', output],
  ingest: () => [BBOX, '--quiet'],
  import: (dataset) => ['--quiet', dataset],
  create: (dataset) => ['--dataset', dataset],
};

/** Makes the cube that it wants, where there is none. */
const MAKES_ITS_OWN = ['demo'];

test('every command that takes a store is called here', async () => {
  const { commands } = await createProgram();
  const names = commands
    .filter(({ options }) => options.some((option) => option.long === '--store'))
    .map((command) => command.name());
  expect(names.filter((name) => !MAKES_ITS_OWN.includes(name)).sort()).toEqual(
    Object.keys(CALLS).sort(),
  );
});

test.each(PLACES)('all commands say the same of %s, and leave it', async (_, name, make, said) => {
  const store = join(folder.path, name);
  const dataset = join(folder.path, 'small.json');
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  await make(store);
  const before = await readdir(folder.path, { recursive: true });
  const output = join(folder.path, 'out.tif');
  for (const [command, call] of Object.entries(CALLS)) {
    const rest = call(dataset, output);
    const { code, stdout, stderr } = await runCommand([command, '--store', store, ...rest]);
    expect(stderr, command).toMatch(said);
    expect(stderr.trimEnd().split('\n'), command).toHaveLength(1);
    expect([code, stdout], command).toEqual([2, '']);
  }
  expect(await readdir(folder.path, { recursive: true })).toEqual(before);
});
