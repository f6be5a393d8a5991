import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { seedOfRun } from '../../seed.js';
import { random, writeRaster } from '../../unit/warp/rasters.js';
import { runCommand } from '../command.js';
import { compare, gdalwarp } from '../gdalwarp.js';
import { temporaryFolder } from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let scene: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  scene = writeScene();
});
afterAll(() => folder.remove());

/** Of noise, so that every level has other pixels; its overviews are an odd number of pixels wide. */
function writeScene(): string {
  const [height, width, next] = [397, 511, random(seedOfRun())];
  const path = writeRaster(join(folder.path, 'scene.tif'), {
    ...{ dtype: 'uint16', width, nodata: [0, 0] },
    bands: [1, 2].map(() =>
      Array.from({ length: height * width }, () =>
        next() < 0.02 ? 0 : 1 + Math.floor(9999 * next()),
      ),
    ),
    transform: [500_010, 10, 0, 5_000_130, 0, -10],
  });
  const dataset = loadGdal().open(path, 'r+');
  dataset.buildOverviews('NEAREST', [2, 4, 8]);
  dataset.close();
  return path;
}

/** Pixels of about 43 m, four times the scene's, in chunks of which the scene touches several. */
async function newCube(name: string): Promise<string> {
  const file = join(folder.path, `${name}.json`);
  const dataset = {
    ...{ title: 'Overviews', local: true, bands: ['a', 'b'], dtype: 'uint16', nodata: 0 },
    grid: {
      ...{ crs: 'EPSG:4326', bounds: [15.002, 45.121, 15.062, 45.152] },
      ...{ resolution: 43 / 95_000, chunk: 50 },
    },
  };
  await writeFile(file, JSON.stringify(dataset));
  const store = join(folder.path, name);
  const { code, stderr } = await runCommand(['create', '--store', store, '--dataset', file]);
  expect([code, stderr]).toEqual([0, '']);
  return store;
}

describe('geocubes import --ovr', () => {
  test.each([
    ['auto', 'AUTO'],
    ['none', 'NONE'],
  ] as const)(
    '%s: pixels are those of gdalwarp -et 0 with the same overviews, and of no others',
    async (name, ovr) => {
      const store = await newCube(name);
      const run = await runCommand(['import', scene, '--store', store, '--ovr', name]);
      expect(run.code).toBe(0);
      // Whether an overview was read is said.
      expect(/overview/i.test(run.stdout + run.stderr)).toBe(ovr === 'AUTO');
      const cube = await Cube.open(store);
      const { bands } = await cube.load(cube.grid.geobox);
      const warped = (which: 'AUTO' | 'NONE') =>
        gdalwarp([scene], join(folder.path, `${name}-${which}.tif`), cube, {
          ...{ nodata: '0', ovr: which },
        });
      const [same, other] = [warped(ovr), warped(ovr === 'AUTO' ? 'NONE' : 'AUTO')];
      for (const [i, band] of ['a', 'b'].entries()) {
        const { different, valid, length } = compare(bands.get(band), same[i], 0);
        expect([different, length]).toEqual([0, same[i]?.length]);
        expect(valid).toBeGreaterThan(1000);
        expect(compare(bands.get(band), other[i], 0).different).toBeGreaterThan(valid / 2);
      }
    },
  );

  test.each(['AUTO', '2', ''])(
    '"%s" ends with exit code 2 and a line that says what there is, before a file or cube is looked at',
    async (value) => {
      const run = await runCommand(['import', scene, '--store', 'nowhere', '--ovr', value]);
      const [line, ...rest] = run.stderr.trimEnd().split('\n');
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(line).toMatch(/--ovr <which>.* none, auto\.$/);
      expect(rest).toEqual(['(--help tells more)']);
    },
  );
});
