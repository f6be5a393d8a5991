import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cube } from '../../../src/index.js';
import { runCommand, startCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  TestServers,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

/** Four tiles with land and sea. */
const REGION = '126,72,128,74';

async function pixelsOf(store: string) {
  const cube = await Cube.open(store);
  return (await cube.load(cube.grid.geobox)).bands;
}

test('geocubes loopback --reply-format fills the cube that the usual replies fill, with either kernel', async () => {
  const folder = await temporaryFolder();
  const servers = new TestServers();
  const words = 'matrix+point+tiled=16+lzw+predictor=2+pixel-interleaved+big-endian+bigtiff';
  const loopback = startCommand(['loopback', '--port', '0', '--reply-format', words, '-v']);
  try {
    const url = await new Promise<string>((resolve, reject) => {
      loopback.child.stdout?.on('data', (data) => {
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(String(data));
        if (found !== null) resolve(found[0]);
      });
      void loopback.ended.then(({ stderr }) => reject(new Error(stderr)));
    });
    const usual = await createCube(folder.path, 'usual', TINY_DATASET);
    const fill = async (store: string, env: Record<string, string>, ...more: string[]) => {
      const args = ['ingest', '--store', store, '--bbox', REGION, '--threads', '1', '-q', ...more];
      const { code, stderr } = await runCommand(args, env);
      expect(code, stderr).toBe(0);
    };
    await fill(usual, await servers.serve());
    const wanted = await pixelsOf(usual);
    for (const kernel of ['gdal', 'js']) {
      const store = await createCube(folder.path, kernel, TINY_DATASET);
      await fill(store, environmentFor({ url }), '--kernel', kernel);
      expect(await pixelsOf(join(folder.path, kernel))).toEqual(wanted);
    }
  } finally {
    loopback.child.kill('SIGTERM');
    await loopback.ended;
    await servers.close();
    await folder.remove();
  }
});

test('geocubes loopback --reply-format with a word that is none ends at once, with the list', async () => {
  const { code, stdout, stderr } = await runCommand(['loopback', '--reply-format', 'matrix,jpeg']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/tiepoint \| tiepoints \| matrix.*bigtiff.*received "jpeg"/);
});
