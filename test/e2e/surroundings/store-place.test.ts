import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test.each(PLACES)('all commands say the same of %s, and leave it', async (_, name, make, said) => {
  const store = join(folder.path, name);
  const dataset = join(folder.path, 'small.json');
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  await make(store);
  const before = await readdir(folder.path, { recursive: true });
  const bbox = '--bbox=122,71,123,72';
  const output = join(folder.path, 'out.tif');
  for (const [command, ...rest] of [
    ['status'],
    ['log'],
    ['verify'],
    ['plan', bbox],
    ['load', bbox, '--out', output],
    ['ingest', bbox, '--quiet'],
    ['import', '--quiet', dataset],
    ['create', '--dataset', dataset],
  ] as const) {
    const { code, stdout, stderr } = await runCommand([command, '--store', store, ...rest]);
    expect(stderr, command).toMatch(said);
    expect(stderr.trimEnd().split('\n'), command).toHaveLength(1);
    expect([code, stdout], command).toEqual([2, '']);
  }
  expect(await readdir(folder.path, { recursive: true })).toEqual(before);
});
