/** What `load` writes, as people ask for it: by name, onto which grid, and never over what is there. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { cleanEnvironment, MAIN, runCommand } from '../command.js';
import { createCube, environmentFor, SMALL_DATASET, temporaryFolder } from '../loopback-cubes.js';

const REGION = ['--bbox', '126,72,128,73', '--threads', '0'];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let load: string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  const store = await createCube(folder.path, 'cube', SMALL_DATASET);
  const part = ['--store', store, '--bbox', '125,71,129,74'];
  const filled = await runCommand(['ingest', ...part, '-q'], environmentFor(server));
  expect(filled).toMatchObject({ code: 0, stderr: '' });
  load = ['load', '--store', store, ...REGION];
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const at = (name: string) => join(folder.path, name);

/** One array for each band, and their names. */
function read(file: string) {
  const dataset = loadGdal().open(file);
  const { x, y } = dataset.rasterSize;
  const pixels = dataset.bands.map((band) => [...band.pixels.read(0, 0, x, y)]);
  const names = dataset.bands.map(({ description }) => description);
  const { geoTransform } = dataset;
  dataset.close();
  return { pixels, names, geoTransform, size: [x, y] };
}

test('bands come in the order of --bands, in files and pictures', async () => {
  const all = at('all.tif');
  expect(await runCommand([...load, '--out', all, '-q'])).toMatchObject({ code: 0 });
  const turned = [...load, '--bands', 'TCW_slope,TCB_slope', '--out', at('turned.tif')];
  expect(await runCommand([...turned, '-q'])).toMatchObject({ code: 0, stderr: '' });
  const [whole, two] = [read(all), read(at('turned.tif'))];
  expect(two.names).toEqual(['TCW_slope', 'TCB_slope']);
  expect(two.pixels).toEqual([whole.pixels[2], whole.pixels[0]]);
  const drawn = [...load, '--bands', 'TCW_slope,TCG_slope,TCB_slope', '--png', at('turned.png')];
  await runCommand([...drawn, '-q']);
  const raw = await sharp(at('turned.png')).removeAlpha().raw().toBuffer();
  expect([...raw.subarray(0, 3)]).toEqual([2, 1, 0].map((band) => whole.pixels[band]?.[0]));
  const wrong = await runCommand([...load, '--bands', 'TCW_slop', '--out', at('none.tif')]);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/^geocubes: .* received "TCW_slop"\. Near it: .*TCW_slope.*\n$/);
});

test('a file that is there is kept, with one line and code 2, unless --overwrite says otherwise', async () => {
  await mkdir(at('kept'));
  for (const [option, name] of [
    ['--out', 'kept/a.tif'],
    ['--png', 'kept/a.png'],
    ['--out', 'kept/a.webp'],
  ] as const) {
    await writeFile(at(name), 'mine');
    const kept = await runCommand([...load, option, at(name)]);
    expect(kept).toMatchObject({ code: 2, stdout: '' });
    expect(kept.stderr).toMatch(
      /^geocubes: Expected a file that is not there yet for .*--overwrite.*\n$/,
    );
    expect(await readFile(at(name), 'utf8')).toBe('mine');
    const replaced = await runCommand([...load, option, at(name), '--overwrite', '-q']);
    expect(replaced).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readFile(at(name), 'latin1')).not.toBe('mine');
  }
  // Nothing half-made stays beside them.
  expect((await readdir(at('kept'))).sort()).toEqual(['a.png', 'a.tif', 'a.webp']);
});

test.each([
  ['--png', 'a.jpg', 'jpeg'],
  ['--png', 'a.jpeg', 'jpeg'],
  ['--png', 'a.webp', 'webp'],
  ['--out', 'b.png', 'png'],
  ['--out', 'b.JPG', 'jpeg'],
])('%s %s is a picture of the kind that its name says', async (option, name, format) => {
  const { code, stdout } = await runCommand([...load, option, at(name), '--format', 'json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).files).toEqual([{ path: at(name), format }]);
  expect(await sharp(at(name)).metadata()).toMatchObject({ format, width: 200, height: 100 });
});

test.each([
  ['--png', 'a.svg', 'SVG is for --legend'],
  ['--png', 'a.tif', '.png, .jpg, .jpeg or .webp'],
  ['--png', 'a', '.png, .jpg, .jpeg or .webp'],
  ['--out', 'a.xyz', '.tif, .tiff'],
])('%s %s is refused in one line that names what there is', async (option, name, words) => {
  const { code, stdout, stderr } = await runCommand([...load, option, at(name)]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(at(name))).toBe(false);
});

test('--out - writes the file to standard output and nothing else there', async () => {
  const run = (...more: string[]) =>
    spawnSync(process.execPath, [MAIN, ...load, '--out', '-', ...more], {
      env: cleanEnvironment(),
    });
  await runCommand([...load, '--out', at('piped.tif'), '-q']);
  const raster = run();
  expect(raster.status).toBe(0);
  expect(raster.stderr.toString()).toMatch(/^Wrote to standard output: 200 x 100 px/);
  expect(raster.stdout.equals(await readFile(at('piped.tif')))).toBe(true);
  const picture = run('--format', 'webp', '--quiet');
  expect(picture.stderr.toString()).toBe('');
  expect((await sharp(picture.stdout).metadata()).format).toBe('webp');
  expect(run('--format', 'json').status).toBe(2);
  const stray = await runCommand([...load, '--out', at('x.tif'), '--format', 'png']);
  expect(stray).toMatchObject({ code: 2, stdout: '' });
});

test.each([
  [
    '--crs and --resolution',
    ['--crs', 'EPSG:3413', '--resolution', '1000'],
    ['-tr', '1000', '1000', '-tap'],
  ],
  ['--crs and --size', ['--crs', 'EPSG:3413', '--size', '81,119'], ['-ts', '81', '119']],
  ['--resolution', ['--resolution', '0.0125,0.03125'], ['-tr', '0.0125', '0.03125', '-tap']],
  ['--size', ['--size', '321,123'], ['-ts', '321', '123']],
])('%s put pixels where gdalwarp puts them', async (name, asked, options) => {
  const out = at(`${name}.tif`.replaceAll(' ', '-'));
  const { code, stderr } = await runCommand([...load, ...asked, '--out', out, '-q']);
  expect([code, stderr]).toEqual([0, '']);
  const found = read(out);
  // What is asked of GDAL is asked of the whole cube: around the region there is more of it.
  const whole = at('whole.tif');
  if (!existsSync(whole)) {
    const store = at('cube');
    const all = ['load', '--store', store, '--bbox', '125,71,129,74', '--threads', '0'];
    expect(await runCommand([...all, '--out', whole, '-q'])).toMatchObject({ code: 0 });
  }
  const [x0 = 0, dx = 0, , y0 = 0, , dy = 0] = found.geoTransform ?? [];
  const [width = 0, height = 0] = found.size;
  const gdal = loadGdal();
  const source = gdal.open(whole);
  const made = at(`${name}-gdal.tif`.replaceAll(' ', '-'));
  const te = [x0, y0 + dy * height, x0 + dx * width, y0].map(String);
  const srs = asked.includes('--crs') ? 'EPSG:3413' : 'EPSG:4326';
  gdal
    .warp(made, null, [source], ['-et', '0', '-r', 'near', '-t_srs', srs, '-te', ...te, ...options])
    .close();
  source.close();
  const wanted = read(made);
  expect(found.size).toEqual(wanted.size);
  expect(found.pixels).toEqual(wanted.pixels);
});

test('--size without another grid covers exactly the region, and a picture has as many pixels', async () => {
  const png = at('sized.png');
  const sized = [...load, '--size', '1800,90', '--png', png, '--format', 'json'];
  const { stdout } = await runCommand(sized);
  expect(JSON.parse(stdout).bounds).toEqual({ west: 126, south: 72, east: 128, north: 73 });
  expect(await sharp(png).metadata()).toMatchObject({ width: 1800, height: 90 });
  const both = await runCommand([...sized, '--overwrite', '--resolution', '1']);
  expect(both.code).toBe(2);
  for (const wrong of ['800', '800,0', '8.5,3', 'a,b'])
    expect((await runCommand([...load, '--size', wrong, '--png', at('w.png')])).code).toBe(2);
});

test('a picture has the colours, stretch and lightness that are asked for', async () => {
  await runCommand([...load, '--bands', 'TCB_slope', '--out', at('band.tif'), '-q']);
  const values = read(at('band.tif')).pixels[0] as number[];
  const how = ['--bands', 'TCB_slope', '--stretch', '100,200', '--gamma', '2'];
  await runCommand([...load, ...how, '--png', at('grey.png'), '-q']);
  const raw = await sharp(at('grey.png')).ensureAlpha().raw().toBuffer();
  const bright = (value: number) => Math.sqrt(Math.max(0, Math.min(1, (value - 100) / 100)));
  for (const [i, value] of values.entries())
    if (raw[4 * i + 3] === 255) expect(raw[4 * i]).toBe(Math.round(255 * bright(value)));
  for (const [wrong, words] of [
    [['--stretch', '5,1'], 'two numbers that rise'],
    [['--stretch', '1,2,3'], 'pairs of numbers'],
    [['--stretch', '1,2,3,4'], 'one pair or 3'],
    [['--colormap', 'jet'], 'viridis'],
    [['--gamma', '0'], 'above 0'],
  ] as const) {
    const refused = await runCommand([...load, ...wrong, '--png', at('wrong.png')]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain(words);
  }
  const without = await runCommand([...load, '--gamma', '2', '--out', at('wrong.tif')]);
  expect(without.stderr).toContain('the picture of --gamma');
});

test('--legend draws the numbers that a picture was stretched by, and is kept as a picture is', async () => {
  const how = ['--bands', 'TCB_slope', '--colormap', 'magma', '--stretch', '100,200'];
  const drawn = [...load, ...how, '--png', at('legend-of.png'), '-q', '--legend'];
  expect(await runCommand([...drawn, at('legend.svg')])).toMatchObject({ code: 0, stderr: '' });
  const svg = await readFile(at('legend.svg'), 'utf8');
  // Dark and bright ends of matplotlib's magma.
  const fills = [...svg.matchAll(/fill="rgb\((\d+),(\d+),(\d+)\)"/g)].map((found) => found[0]);
  expect([fills[0], fills.at(-1)]).toEqual(['fill="rgb(0,0,3)"', 'fill="rgb(251,252,191)"']);
  const again = await runCommand([...drawn, at('legend.svg'), '--overwrite']);
  expect(again.code).toBe(0);
  const kept = await runCommand([...load, '--png', at('x.png'), '--legend', at('legend.svg')]);
  expect(kept).toMatchObject({ code: 2, stdout: '' });
  expect(existsSync(at('x.png'))).toBe(false);
  const png = await runCommand([...drawn, at('legend.png'), '--overwrite']);
  expect(png.code).toBe(0);
  expect(await sharp(at('legend.png')).metadata()).toMatchObject({ format: 'png', width: 320 });
  const wrong = await runCommand([...drawn, at('legend.gif'), '--overwrite']);
  expect(wrong.stderr).toContain('.svg or .png');
});

test('--roi has no value outside its shape, in files and pictures, and the box with --no-clip', async () => {
  const triangle = [
    [
      [126.1, 72.1],
      [127.9, 72.2],
      [126.4, 72.9],
      [126.1, 72.1],
    ],
  ];
  await writeFile(at('roi.geojson'), JSON.stringify({ type: 'Polygon', coordinates: triangle }));
  const region = [
    'load',
    '--store',
    at('cube'),
    '--roi',
    at('roi.geojson'),
    '--threads',
    '0',
    '-q',
  ];
  const run = (...more: string[]) => runCommand([...region, ...more]);
  expect(await run('--out', at('shape.tif'))).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await run('--out', at('box.tif'), '--no-clip')).toMatchObject({ code: 0 });
  expect(await run('--out', at('both.tif'), '--png', at('both.png'))).toMatchObject({ code: 0 });
  const [shape, box, both] = ['shape.tif', 'box.tif', 'both.tif'].map((name) => masked(at(name)));
  const all = shape?.mask.length ?? 0;
  const inside = shape?.mask.filter((each) => each === 255).length ?? 0;
  // Half of the box, whose corners lie in the middle of pixels.
  expect(inside / all).toBeGreaterThan(0.4);
  expect(inside / all).toBeLessThan(0.6);
  expect(new Set(box?.mask)).toEqual(new Set([255]));
  expect(both).toEqual(shape);
  for (const [band, pixels] of (shape?.pixels ?? []).entries())
    expect(pixels).toEqual(
      box?.pixels[band]?.map((value, i) => (shape?.mask[i] === 255 ? value : 0)),
    );
  const { data } = await sharp(at('both.png')).raw().toBuffer({ resolveWithObject: true });
  expect(Array.from({ length: all }, (_, i) => data[4 * i + 3])).toEqual(shape?.mask);
});

/** Pixels, and GDAL's mask of the first band. */
function masked(file: string) {
  const dataset = loadGdal().open(file);
  const { x, y } = dataset.rasterSize;
  const mask = [...(dataset.bands.get(1).getMaskBand()?.pixels.read(0, 0, x, y) ?? [])];
  dataset.close();
  return { pixels: read(file).pixels, mask };
}

test('several steps are bands of one file, or with {time} in the names a file each', async () => {
  const yearly = {
    ...SMALL_DATASET,
    ...{ collection: 'projects/geocubes/assets/demo_annual', bands: ['TCB_slope'] },
    time: { start: '2019', step: '1 year', end: '2021' },
  };
  const store = await createCube(folder.path, 'yearly', yearly);
  const part = ['--store', store, '--bbox', '126.1,72.1,126.9,72.9'];
  await runCommand(['ingest', ...part, '--threads', '0', '-q'], environmentFor(server));
  const run = (...more: string[]) => runCommand(['load', ...part, '--threads', '0', ...more]);
  const one = await run('--time', '2020/2021', '--out', at('all.tif'), '--overwrite');
  expect(one).toMatchObject({ code: 0, stderr: '' });
  expect(one.stdout).toContain(', 2020-01-01 to 2022-01-01');
  const all = read(at('all.tif'));
  expect(all.names).toEqual(['2020: TCB_slope', '2021: TCB_slope']);
  await mkdir(at('years'));
  const names = ['--out', at('years/y-{time}.tif'), '--png', at('years/{time}.png')];
  const many = await run('--time', '2020/2021', ...names, '--format', 'json');
  expect(many).toMatchObject({ code: 0, stderr: '' });
  const files = ['2020.png', '2021.png', 'y-2020.tif', 'y-2021.tif'];
  expect((await readdir(at('years'))).sort()).toEqual(files);
  const records = JSON.parse(many.stdout) as { time: object; files: { path: string }[] }[];
  expect(records.map(({ time }) => time)).toEqual([
    { start: '2020-01-01', end: '2021-01-01' },
    { start: '2021-01-01', end: '2022-01-01' },
  ]);
  expect(records[1]?.files[0]?.path).toBe(at('years/y-2021.tif'));
  for (const [i, year] of [2020, 2021].entries()) {
    const single = read(at(`years/y-${year}.tif`));
    expect(single).toEqual({ ...all, names: ['TCB_slope'], pixels: [all.pixels[i]] });
  }
  // As arrays time is a dimension. A folder is kept and replaced as a file is.
  for (const name of ['years.zarr', 'years.nc']) {
    const array = ['--out', at(name), '--format', 'json'];
    const made = await run(...array);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const format = name.endsWith('nc') ? 'netcdf' : 'zarr';
    expect(JSON.parse(made.stdout).files).toEqual([{ path: at(name), format }]);
    expect(JSON.parse(made.stdout).times).toHaveLength(3);
    expect(await run(...array)).toMatchObject({ code: 2, stdout: '' });
    expect(await run(...array, '--overwrite')).toMatchObject({ code: 0, stderr: '' });
  }
  const cube = await run('--out', at('years'), '--overwrite');
  expect(cube.stderr).toMatch(/\.tif, \.tiff, \.nc, \.zarr/);
  // All or none: what is there is kept, before anything is read.
  const kept = await run('--out', at('years/y-{time}.tif'));
  expect(kept).toMatchObject({ code: 2, stdout: '' });
  expect(kept.stderr).toContain('not there yet');
  expect((await readdir(at('years'))).sort()).toEqual(files);
  const picture = await run('--png', at('p.png'));
  expect(picture.stderr).toMatch(/A picture shows one step; \{time\} in names makes one of each/);
  const half = await run('--out', at('h-{time}.tif'), '--png', at('p.png'));
  expect(half.stderr).toContain('a name with {time}, as the others have');
  const flat = await runCommand([...load, '--out', at('{time}.tif')]);
  expect(flat).toMatchObject({ code: 2 });
  expect(flat.stderr).toContain('The cube has no time axis');
});
