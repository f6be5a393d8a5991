import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGeoTransform } from '../../src/grid/affine.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import { runCommand } from './command.js';
import { temporaryFolder } from './loopback-cubes.js';

// Several processes a test, which start slowly on a busy machine.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** 8 x 8 degrees in tiles of 2 x 2. */
const DATASET = {
  title: 'Small',
  local: true,
  bands: ['v'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:4326', bounds: [0, 0, 8, 8], resolution: 0.1, chunk: 20 },
};

async function newCube(name: string, more: object = {}): Promise<string> {
  const file = join(folder.path, `${name}.json`);
  await writeFile(file, JSON.stringify({ ...DATASET, ...more }));
  const store = join(folder.path, name);
  const { code, stderr } = await runCommand(['create', '--store', store, '--dataset', file]);
  expect([code, stderr]).toEqual([0, '']);
  return store;
}

/** Four degrees wide and high, one value throughout. */
function raster(name: string, west: number, south: number, value: number): string {
  const gdal = loadGdal();
  const path = join(folder.path, name);
  const file = gdal.drivers.get('GTiff').create(path, 40, 40, 1, 'Byte');
  file.geoTransform = [...toGeoTransform([0.1, 0, west, 0, -0.1, south + 4])];
  file.srs = gdal.SpatialReference.fromEPSG(4326);
  file.bands.get(1).fill(value);
  file.close();
  return path;
}

const TRIANGLE = JSON.stringify({
  type: 'FeatureCollection',
  features: [
    feature('low', [
      [0.5, 0.5],
      [1.5, 0.5],
      [0.5, 1.5],
      [0.5, 0.5],
    ]),
    feature('high', [
      [4.5, 4.5],
      [5.5, 4.5],
      [4.5, 5.5],
      [4.5, 4.5],
    ]),
  ],
});

function feature(name: string, ring: number[][]): object {
  return {
    type: 'Feature',
    properties: { name },
    geometry: { type: 'Polygon', coordinates: [ring] },
  };
}

describe('geocubes import', () => {
  test('of files with scale, offset and unit: status says what the numbers stand for', async () => {
    const store = await newCube('packed');
    const file = raster('packed.tif', 0, 0, 5);
    const gdal = loadGdal();
    const packed = gdal.open(file, 'r+');
    Object.assign(packed.bands.get(1), { scale: 0.5, offset: -3, unitType: 'dB\u001b[31m' });
    packed.close();
    const run = await runCommand(['import', file, '--store', store, '--quiet']);
    expect([run.code, run.stderr]).toEqual([0, '']);
    const { stdout } = await runCommand(['status', '--store', store]);
    expect(stdout).toMatch(/^v: number \* 0\.5 - 3 dB.*\[31m$/m);
    expect(stdout).not.toContain('\u001b');
    const json = await runCommand(['status', '--store', store, '--format', 'json']);
    expect(JSON.parse(json.stdout).bands).toMatchObject([
      { name: 'v', scale_factor: 0.5, add_offset: -3 },
    ]);
  });

  test('fills the tiles that files touch, and a second run has nothing to do', async () => {
    const store = await newCube('whole');
    const files = [raster('low.tif', 0, 0, 5), raster('high.tif', 4, 4, 6)];
    const first = await runCommand(['import', ...files, '--store', store, '--quiet']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^8 tiles committed in/);
    expect(first.stdout).not.toMatch(/received|requests/);
    const status = await runCommand(['status', '--store', store]);
    expect(status.stdout).toContain('8 tiles loaded, 0 loaded and empty, 8 of 16 not loaded');
    const again = await runCommand([
      'import',
      ...files,
      '--store',
      store,
      '--quiet',
      '--format',
      'json',
    ]);
    expect(JSON.parse(again.stdout)).toMatchObject({ tiles: 0, alreadyLoaded: 8, committed: 0 });
  });

  test('takes more files from a list, beside it, or from standard input', async () => {
    raster('listed.tif', 0, 4, 7);
    const list = join(folder.path, 'list.txt');
    await writeFile(list, 'listed.tif\n\n');
    const store = await newCube('listed');
    const named = raster('named.tif', 4, 0, 8);
    const both = await runCommand([
      'import',
      named,
      '--files-from',
      list,
      '--store',
      store,
      '--quiet',
    ]);
    expect(both.stdout).toMatch(/^8 tiles committed/);
    const other = await newCube('piped');
    const piped = await runCommand(
      ['import', '--files-from', '-', '--store', other, '-q'],
      {},
      `${named}\n`,
    );
    expect(piped.stdout).toMatch(/^4 tiles committed/);
  });

  test('keeps to the region of a vector file, its filter, and standard input', async () => {
    const file = raster('region.tif', 0, 0, 5);
    const roi = join(folder.path, 'roi.geojson');
    await writeFile(roi, TRIANGLE);
    const store = await newCube('region');
    const low = [
      'import',
      file,
      '--store',
      store,
      '--quiet',
      '--roi',
      roi,
      '--where',
      "name = 'low'",
    ];
    expect((await runCommand(low)).stdout).toMatch(/^1 tile committed/);
    const piped = await runCommand(['status', '--store', store, '--roi', '-'], {}, TRIANGLE);
    expect(piped.stdout).toContain('1 tile loaded, 0 loaded and empty, 1 of 2 not loaded');
    const png = join(folder.path, 'region.png');
    const load = [
      'load',
      '--store',
      store,
      '--roi',
      roi,
      '--where',
      "name LIKE 'l%'",
      '--png',
      png,
    ];
    expect(await runCommand(load)).toMatchObject({ code: 0, stderr: '' });
  });

  test('becomes a GeoTIFF by the creation options of --co; a wrong one ends in one line before that', async () => {
    const store = await newCube('saved');
    const file = raster('saved.tif', 0, 0, 5);
    await runCommand(['import', file, '--store', store, '--quiet']);
    const out = join(folder.path, 'out.tif');
    const load = ['load', '--store', store, '--like', file, '--out', out, '--quiet'];
    const wrong = await runCommand([...load, '--co', 'COMPRESS=ZIP']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(
      /^geocubes: Expected NONE, .* for COMPRESS .* received "ZIP"\.\n$/,
    );
    expect(existsSync(out)).toBe(false);
    const png = join(folder.path, 'out.png');
    const alone = ['load', '--store', store, '--like', file, '--png', png, '--co', 'ZLEVEL=1'];
    expect((await runCommand(alone)).stderr).toContain('the file of --co');
    const right = await runCommand([...load, '--co', 'COMPRESS=LZW', '--co', 'BLOCKXSIZE=64']);
    expect(right).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const dataset = loadGdal().open(out);
    expect(dataset.getMetadata('IMAGE_STRUCTURE')).toMatchObject({ COMPRESSION: 'LZW' });
    expect(dataset.bands.get(1).blockSize.x).toBe(64);
    dataset.close();
  });

  test('a grid of few pixels from a large file is written as any other, and nothing waits for the thread that large ones have', async () => {
    const store = await newCube('large-file');
    const file = raster('large.tif', 0, 0, 5);
    await runCommand(['import', file, '--store', store, '--quiet']);
    const [small, large] = ['small-like.tif', 'large-like.tif'].map((name) =>
      join(folder.path, name),
    ) as [string, string];
    const load = ['load', '--store', store, '--quiet', '--like', file, '--out'];
    expect(await runCommand([...load, small])).toMatchObject({ code: 0, stderr: '' });
    // Behind the last block, where nobody looks.
    truncateSync(file, 40 * 1024 ** 2);
    expect(await runCommand([...load, large])).toMatchObject({ code: 0, stderr: '' });
    expect(Buffer.compare(readFileSync(large), readFileSync(small))).toBe(0);
    const absent = ['load', '--store', join(folder.path, 'absent'), '--like', file, '--out', large];
    expect(await runCommand([...absent, '--overwrite'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('asks for one step of a temporal cube', async () => {
    const store = await newCube('temporal', { time: ['2019', '2020'] });
    const file = raster('step.tif', 0, 0, 5);
    const without = await runCommand(['import', file, '--store', store, '--quiet']);
    expect(without).toMatchObject({ code: 2, stdout: '' });
    expect(without.stderr).toContain('Files are imported into one step.');
    const one = await runCommand(['import', file, '--store', store, '--quiet', '--time', '2020']);
    expect(one.stdout).toMatch(/^4 tiles committed/);
  });

  test('ends at --max-tiles and --until as an ingest does, and the same command goes on', async () => {
    const store = await newCube('limited');
    const files = [raster('limit-low.tif', 0, 0, 5), raster('limit-high.tif', 4, 4, 6)];
    const run = async (...more: string[]) => {
      const args = ['import', ...files, '--store', store, '-q', '--format', 'json', ...more];
      const ended = await runCommand(args);
      expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
      return JSON.parse(ended.stdout);
    };
    expect(await run('--max-tiles', '3')).toMatchObject({
      ...{ committed: 3, left: 5, stoppedBy: 'max-tiles' },
    });
    // Passed before the first tile is begun, however quick the machine.
    expect(await run('--until', '+0.001s')).toMatchObject({
      ...{ committed: 0, alreadyLoaded: 3, left: 5, stoppedBy: 'until' },
    });
    expect(await run('--until', '+1h')).toMatchObject({ committed: 5, left: 0 });
    const { stderr, code } = await runCommand([
      'import',
      ...files,
      '--store',
      store,
      '--max-bytes',
      '1MB',
    ]);
    expect([code, stderr.split('\n')[0]]).toEqual([2, "error: unknown option '--max-bytes'"]);
  });

  test('lists tiles whose file is damaged by --failed and ends with 3, and completes them with a sound one', async () => {
    const store = await newCube('damaged');
    const files = [raster('sound.tif', 0, 0, 5), raster('torn.tif', 4, 4, 6)];
    const [, torn = ''] = files;
    // The directory of a GeoTIFF made by GDAL comes first: its size and place are right, its pixels are gone.
    await truncate(torn, 500);
    const list = join(folder.path, 'damaged.ndjson');
    const args = ['import', ...files, '--store', store, '-q', '--failed', list];
    const first = await runCommand(args);
    expect(first, first.stderr).toMatchObject({ code: 3, stderr: '' });
    expect(first.stdout).toMatch(/^4 tiles committed in /);
    const listed = (await readFile(list, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listed).toHaveLength(4);
    for (const tile of listed)
      expect(tile).toMatchObject({ stage: 'process', tries: 1, error: { tag: 'raster' } });
    const status = ['status', '--store', store, '--failed', list];
    expect((await runCommand(status)).stdout).toContain('12 of 16 not loaded, 4 of them failed');
    raster('torn.tif', 4, 4, 6);
    expect(await runCommand(args)).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(list, 'utf8')).toBe('');
  });

  test('logs to a file and prints events as an ingest does', async () => {
    const store = await newCube('events');
    const log = join(folder.path, 'import.log');
    const { code, stdout } = await runCommand([
      ...['import', raster('events.tif', 0, 0, 5), '--store', store, '-q'],
      ...['--format', 'ndjson', '--log-file', log],
    ]);
    expect(code).toBe(0);
    const types = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect([types[0], types.at(-1)]).toEqual(['planned', 'summary']);
    expect(types.filter((type) => type === 'processed')).toHaveLength(4);
    const logged = (await readFile(log, 'utf8')).trimEnd().split('\n');
    expect(logged.map((line) => JSON.parse(line).msg)).toEqual(types);
  });

  test('gets one clear line and exit code 2 for what cannot be done', async () => {
    const store = await newCube('wrong');
    const file = raster('fine.tif', 0, 0, 5);
    const away = raster('away.tif', 40, 40, 5);
    const roi = join(folder.path, 'wrong.geojson');
    await writeFile(roi, TRIANGLE);
    for (const [args, message] of [
      [[], /Expected files for the import but received "none"/],
      [[join(folder.path, 'absent.tif')], /Expected an existing raster file/],
      [[away], /Expected files that touch the cube/],
      [[file, '--nodata', 'much'], /Expected a number for --nodata/],
      [[file, '--bands', '1,2'], /Expected 1 bands|Expected 1 band/],
      [[file, '--where', 'a = 1'], /Expected the file of --roi for --where/],
      [[file, '--roi', join(folder.path, 'absent.gpkg')], /Expected an existing vector file/],
      [
        [file, '--roi', roi, '--where', 'colour = 1'],
        /Expected a condition on the fields of the layer \(name\)/,
      ],
      [[file, '--roi', roi, '--where', "name = 'x'"], /Expected features that satisfy/],
      [[file, '--roi', roi, '--layer', 'x'], /Expected one of the layers/],
      [[file, '--roi', roi, '--bbox', '0,0,1,1'], /cannot be used with/],
    ] as const) {
      const ended = await runCommand(['import', ...args, '--store', store, '--quiet']);
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).not.toMatch(/\n\s+at /);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
    }
  });

  test('says what the JavaScript kernel cannot do', async () => {
    const store = await newCube('js');
    const args = [
      'import',
      raster('js.tif', 0, 0, 5),
      '--store',
      store,
      '--quiet',
      '--kernel',
      'js',
    ];
    const { code, stderr } = await runCommand(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Expected the kernel "gdal" for files on disk but received "js"/);
  });

  test('is what a cube without a source is filled by', async () => {
    const store = await newCube('local');
    const { code, stderr } = await runCommand(['ingest', '--store', store, '--bbox', '0,0,1,1']);
    expect(code).toBe(2);
    expect(stderr).toContain('Fill its cube with "geocubes import".');
  });
});
