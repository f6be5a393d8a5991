import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { Cube, parseBoundingBox } from '../../src/index.js';
import { runCommand } from './command.js';
import { temporaryFolder } from './loopback-cubes.js';

test('the demo fills a cube, draws it, tells the next steps, and fetches nothing the second time', async () => {
  const folder = await temporaryFolder();
  const first = await runCommand(['demo', '--folder', folder.path]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toMatch(/36 tiles committed/);
  for (const stage of ['fetch', 'decode', 'fill gaps', 'compress', 'commit'])
    expect(first.stdout).toContain(stage);
  expect(first.stdout).toMatch(/Next:\n.*geocubes status.*\n.*geocubes load.*\n.*xr\.open_zarr/);
  for (const name of ['region.png', 'state.png']) {
    const {
      width = 0,
      height = 0,
      format,
    } = await sharp(await readFile(join(folder.path, name))).metadata();
    expect(format).toBe('png');
    expect(Math.min(width, height)).toBeGreaterThan(300);
  }
  const cube = await Cube.open(join(folder.path, 'cube'));
  const states = await cube.tileStates(parseBoundingBox('122,71,130,74'));
  expect(states.filter(({ state }) => state === 0)).toEqual([]);
  expect(states.some(({ state }) => state === 2)).toBe(true);

  const second = await runCommand(['demo', '--folder', folder.path]);
  expect(second.code).toBe(0);
  expect(second.stdout).toMatch(/36 tiles, 0 of them to fetch/);
  expect(second.stdout).toMatch(/\n\s*0\.0 MB received/);
  await folder.remove();
});
