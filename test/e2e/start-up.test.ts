import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'geocubes-start-up-'));
const store = join(folder, 'cube');
const note = join(folder, 'loaded.json');
const preload = join(folder, 'preload.cjs');

beforeAll(async () => {
  const files = `JSON.stringify(Object.keys(require.cache))`;
  writeFileSync(
    preload,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(note)}, ${files}));`,
  );
  expect((await runCommand(['create', '--store', store, '--dataset', 'demo'])).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Packages that a run of the command has loaded by `require`, as native ones, their company, and all others are that
 * are not in the bundle. (What waits for those in it is held by the architecture check.)
 */
async function loadedBy(...args: string[]): Promise<string[]> {
  const { code, stderr } = await runCommand(args, {
    NODE_OPTIONS: `--require=${preload}`,
    GEOCUBES_THREADS: undefined,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const files = JSON.parse(readFileSync(note, 'utf8')) as string[];
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? '');
  return [...new Set(names)].filter((name) => name !== '').sort();
}

test('the version waits for no package outside of the bundle', async () => {
  expect(await loadedBy('--version')).toEqual([]);
});

test('the status of a cube in degrees waits for the store, not for projections, GDAL or threads', async () => {
  const loaded = await loadedBy('status', '--store', store);
  expect(loaded.filter((name) => !name.startsWith('@earthmover/'))).toEqual([
    // One file, of one code.
    'epsg-index',
  ]);
});

test('a small window is read and written by the thread that asks, with a GDAL without company', async () => {
  const window = ['--bbox', '126,72,126.05,72.05', '--out', join(folder, 'window.tif')];
  const loaded = await loadedBy('load', '--store', store, ...window, '--quiet');
  expect(loaded).toContain('gdal-async');
  for (const absent of ['piscina', 'proj4', 'xmlbuilder2', 'semver', 'sharp', 'zod'])
    expect(loaded.filter((name) => name.includes(absent))).toEqual([]);
});

test('threads that are asked for read a small window, too', async () => {
  const window = ['--bbox', '126,72,126.05,72.05', '--out', join(folder, 'window.tif')];
  const loaded = await loadedBy(
    'load',
    '--store',
    store,
    ...window,
    '--threads',
    '1',
    '--overwrite',
    '--quiet',
  );
  expect(loaded).not.toContain('gdal-async');
});
