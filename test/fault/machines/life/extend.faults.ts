/** A cube of three years gets a fourth while one process reads it and another fills it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Cube } from '../../../../src/index.js';
import { startLoopback } from '../../../../src/loopback/index.js';
import { runCommand, startCommand } from '../../../e2e/command.js';
import { environmentFor, temporaryFolder } from '../../../e2e/loopback-cubes.js';
import { Moment, startFront } from '../../support/front-server.js';

const DATASET = {
  title: 'Growing',
  collection: 'projects/geocubes/assets/demo_annual',
  bands: ['TCB_slope', 'TCG_slope'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:4326', bounds: [124, 72, 127, 74], resolution: 0.05, chunk: 20 },
  time: { start: '2018', step: '1 year', end: '2020' },
};
const REGION = ['--bbox', '124,72,127,74'];
/** Tiles of a year. */
const TILES = 6;

test.each([
  ['an Icechunk repository', 'cube', []],
  ['an Icechunk repository of format 2', 'cube2', ['--icechunk-format', '2']],
  ['a plain Zarr directory', 'cube.zarr', []],
] as const)(
  '%s is extended between two tiles of a run, and nobody loses anything',
  async (_, name, format) => {
    const { path, remove } = await temporaryFolder();
    const server = await startLoopback();
    const [reached, extended] = [new Moment(), new Moment()];
    let asked = 0;
    // From the fifteenth of 18 tiles on they wait until the cube is extended: the first commit, of 16, is not made by then.
    const front = await startFront(server.url, async () => {
      asked++;
      if (asked < 15) return undefined;
      reached.come();
      return extended.hasCome;
    });
    onTestFinished(async () => {
      await front.close();
      await server.close();
      await remove();
    });
    const store = join(path, name);
    await writeFile(join(path, 'dataset.json'), JSON.stringify(DATASET));
    const create = ['create', '--store', store, '--dataset', join(path, 'dataset.json'), '--quiet'];
    expect(await runCommand([...create, ...format])).toMatchObject({ code: 0, stderr: '' });
    const ingest = ['ingest', '--store', store, ...REGION, '--threads', '0', '--quiet'];
    const filling = startCommand([...ingest, '--concurrency', '2'], environmentFor(front));
    await reached.hasCome;
    const load = async (file: string, ...more: string[]) => {
      const out = join(path, file);
      const args = ['load', '--store', store, ...REGION, '--allow-missing', '--threads', '0'];
      const { code, stderr } = await runCommand([...args, '--out', out, '--time', '2018', ...more]);
      expect({ code, stderr: stderr.replace(/^.*not loaded.*\n/m, '') }).toEqual({
        code: 0,
        stderr: '',
      });
      return readFile(out);
    };
    const [reader, before] = [await Cube.open(store), await Cube.open(store)];
    const [states, pixels] = [
      await before.countStates(before.grid.geobox),
      await load('before.tif'),
    ];
    const extend = await runCommand(['extend', '--store', store, '--time', '../2021']);
    expect(extend).toMatchObject({ code: 0, stderr: '' });
    expect(extend.stdout).toMatch(/^Added 1 step, 2021-01-01 to 2022-01-01: .* 4 steps of 1 year/);
    // Whoever reads goes on, with the axis it knows or the new one.
    expect(await reader.countStates(reader.grid.geobox)).toEqual(states);
    expect((await load('after.tif')).equals(pixels)).toBe(true);
    // A third one fills the new year meanwhile.
    const newYear = await runCommand([...ingest, '--time', '2021'], environmentFor(server));
    expect(newYear).toMatchObject({ code: 0, stderr: '' });
    extended.come();
    expect(await filling.ended).toMatchObject({ code: 0, stderr: '' });
    const cube = await Cube.open(store);
    expect(cube.timeAxis?.length).toBe(4);
    expect(await cube.countStates(cube.grid.geobox)).toMatchObject(
      [2018, 2019, 2020, 2021].map(() => ({ missing: 0 })),
    );
    const verified = await runCommand(['verify', '--store', store, '--threads', '0']);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toContain(`${4 * TILES} tiles: `);
  },
);
