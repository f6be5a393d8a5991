import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../e2e/command.js';

const WITHOUT_GDAL = {
  NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL('./no-gdal.cjs', import.meta.url)))}`,
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-without-gdal-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function create(name: string, ...options: string[]) {
  const store = join(folder, name);
  return runCommand(['create', '--store', store, '--dataset', 'demo', ...options], WITHOUT_GDAL);
}

/** Onto another grid, for which rasters are computed with. */
function load(name: string, ...options: string[]) {
  const place = ['--store', join(folder, 'made'), '--bbox', '126,72,126.01,72.01'];
  const out = ['--resolution', '0.001', '--allow-missing', '--out', join(folder, `${name}.png`)];
  return runCommand(['load', ...place, ...out, ...options], WITHOUT_GDAL);
}

test('chunks are encoded without GDAL, and nothing is said of it', async () => {
  const { code, stdout, stderr } = await create('made');
  expect(stdout).toContain('Made an empty cube');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('a machine without GDAL computes rasters in JavaScript, and one line on stderr says so', async () => {
  const { code, stdout, stderr } = await load('fallback');
  expect(stdout).toContain('Wrote ');
  expect(stderr.match(/GDAL cannot be loaded here/g)).toHaveLength(1);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(0);
});

test('--kernel js needs no GDAL and says nothing of it', async () => {
  for (const { code, stderr } of [
    await create('js', '--kernel', 'js'),
    await load('js', '--kernel', 'js'),
  ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('--kernel gdal fails where rasters need GDAL and it cannot be loaded, with the command to type', async () => {
  const { code, stderr } = await load('gdal', '--kernel', 'gdal');
  expect(stderr).toContain('bootstrap.mjs');
  expect(code).toBe(1);
});

test('an unknown kernel is a wrong call', async () => {
  const { code, stderr } = await create('other', '--kernel', 'fortran');
  expect(stderr).toContain('gdal, js');
  expect(code).toBe(2);
});
