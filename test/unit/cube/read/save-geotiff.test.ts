import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { writeGeoTiff } from '../../../../src/cube/read/raster-files.js';
import { partsOf } from '../../../../src/cube/read/save-geotiff.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { localFiles } from '../../../../src/local/source.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';

const [HEIGHT, WIDTH] = [1500, 1300];
const [SCALE, OFFSET] = [0.25, -3];
/** So little that a file of that size is made of many parts. */
const FEW_BYTES = 2 * 512 * 512 * 2;

let folder = '';
let pool: Pool;
let cube: Cube;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-save-'));
  pool = createPool({ size: 2 });
  const source = join(folder, 'source.tif');
  writeSource(source);
  const dataset = parseDataset({
    title: 'Saved',
    local: true,
    bands: [
      { name: 'one', attributes: { scale_factor: SCALE, add_offset: OFFSET, units: 'K' } },
      'two',
      'three',
    ],
    dtype: 'uint16',
    nodata: 65535,
    grid: {
      crs: 'EPSG:32633',
      transform: [10, 0, 500_000, 0, -10, 7_000_000],
      shape: [HEIGHT, WIDTH],
      chunk: 700,
    },
  });
  cube = await Cube.create(join(folder, 'cube'), dataset, { pool });
  const files = await localFiles(dataset, [source], { bands: [1, 2, 3] });
  await cube.ingest(cube.grid.geobox, { source: files, pool });
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function writeSource(file: string): void {
  const gdal = loadGdal();
  const dataset = gdal.drivers.get('GTiff').create(file, WIDTH, HEIGHT, 3, 'UInt16');
  dataset.srs = gdal.SpatialReference.fromEPSG(32633);
  dataset.geoTransform = [500_000, 10, 0, 7_000_000, 0, -10];
  for (let band = 0; band < 3; band++) {
    const pixels = Uint16Array.from(
      { length: HEIGHT * WIDTH },
      (_, i) => ((i * 2_654_435_761 * (band + 1)) >>> 17) + Math.floor(i / WIDTH),
    );
    dataset.bands.get(band + 1).noDataValue = 65535;
    // A corner without a value, larger than a block of the file.
    for (let y = 0; y < 600; y++) pixels.fill(65535, y * WIDTH, y * WIDTH + 600);
    dataset.bands.get(band + 1).pixels.write(0, 0, WIDTH, HEIGHT, pixels);
  }
  dataset.close();
}

/** What GDAL itself finds. */
function read(file: string) {
  const gdal = loadGdal();
  const dataset = gdal.open(file);
  const { x, y } = dataset.rasterSize;
  const bands = [...dataset.bands].map((band) => ({
    name: band.description,
    nodata: band.noDataValue,
    scale: band.scale,
    offset: band.offset,
    unit: band.unitType,
    colour: band.colorInterpretation,
    pixels: Buffer.from((band.pixels.read(0, 0, x, y) as Uint16Array).buffer).toString('base64'),
  }));
  const { geoTransform } = dataset;
  const structure = dataset.getMetadata('IMAGE_STRUCTURE') as Record<string, string>;
  const epsg = dataset.srs?.getAuthorityCode(null as never);
  dataset.close();
  return { width: x, height: y, bands, geoTransform, epsg, structure };
}

const OTHER = new GeoBox(
  parseCrs('EPSG:4326'),
  { height: 600, width: 560 },
  [0.0004, 0, 15.01, 0, -0.0002, 63.12],
);

describe('a GeoTIFF that is written part by part', () => {
  test.each([
    ['on the grid of the cube', 'geotiff', {}],
    ['with interleaved pixels', 'geotiff', { creationOptions: ['INTERLEAVE=PIXEL'] }],
    ['in strips', 'geotiff', { creationOptions: ['TILED=NO', 'BLOCKYSIZE=7'] }],
    ['by ZSTD', 'geotiff', { creationOptions: ['compress=zstd', 'ZSTD_LEVEL=1'] }],
    ['as a COG', 'cog', {}],
    ['on another grid', 'geotiff', { like: OTHER, resampling: 'bilinear' }],
    ['with a buffer around', 'geotiff', { like: OTHER, buffer: 3 }],
    ['of some bands', 'geotiff', { bands: ['one', 'three'] }],
  ] as const)('%s is the one of the whole region', async (name, format, options) => {
    const [whole, parts] = ['whole', 'parts'].map((each) => join(folder, `${name} ${each}.tif`));
    const { creationOptions, ...load } = { creationOptions: [], ...options } as {
      creationOptions: string[];
    };
    const region = await cube.load(cube.grid.geobox, { pool, ...load });
    await writeGeoTiff(region, whole as string, { pool, format, creationOptions });
    const saved = await cube.saveGeoTiff(cube.grid.geobox, parts as string, {
      ...{ pool, format, creationOptions, pixelBytes: FEW_BYTES },
      ...load,
    });
    expect(saved.bands).toEqual([...region.bands.keys()]);
    expect(saved.geobox.toRecord()).toEqual(region.geobox.toRecord());
    const [one, other] = [read(whole as string), read(parts as string)];
    expect(other).toEqual(one);
    const pixels = [...region.bands.values()].map((band) =>
      Buffer.from(Uint16Array.from(band).buffer).toString('base64'),
    );
    expect(other.bands.map((band) => band.pixels)).toEqual(pixels);
    expect(readdirSync(folder).filter((each) => each.startsWith('.'))).toEqual([]);
  });

  test('of a cube that is half empty has nodata there, whatever the memory held of the part before', async () => {
    const dataset = parseDataset({
      ...{ title: 'Half', local: true, bands: ['one', 'two'], dtype: 'uint16', nodata: 0 },
      grid: {
        crs: 'EPSG:32633',
        transform: [10, 0, 500_000, 0, -10, 7_000_000],
        shape: [HEIGHT, WIDTH],
        chunk: 300,
      },
    });
    const half = await Cube.create(join(folder, 'half'), dataset, { pool });
    const files = await localFiles(dataset, [join(folder, 'source.tif')], { bands: [1, 2] });
    const every = half.grid.tilesIn([{ row: 0, col: 0, height: HEIGHT, width: WIDTH }]);
    for (const { row, col } of every)
      if ((row + col) % 2 === 0) {
        const tile = { row: row * 300 + 10, col: col * 300 + 10, height: 20, width: 20 };
        await half.ingest(half.grid.geobox.crop(tile), { source: files, pool });
      }
    const file = join(folder, 'half.tif');
    const options = { pool, like: OTHER } as const;
    await half.saveGeoTiff(half.grid.geobox, file, { ...options, pixelBytes: FEW_BYTES });
    const whole = join(folder, 'half whole.tif');
    await writeGeoTiff(await half.load(half.grid.geobox, { like: OTHER }), whole, { pool });
    const [parts, one] = [read(file), read(whole)];
    expect(parts.bands).toEqual(one.bands);
    const pixels = new Uint16Array(
      Uint8Array.from(Buffer.from(parts.bands[0]?.pixels ?? '', 'base64')).buffer,
    );
    const empty = pixels.filter((pixel) => pixel === 0).length / pixels.length;
    expect(empty).toBeGreaterThan(0.4);
    expect(empty).toBeLessThan(0.9);
  });

  test('says scale, offset and unit of the bands that have them', async () => {
    const file = join(folder, 'scaled.tif');
    await cube.saveGeoTiff(cube.grid.geobox, file, { pool, pixelBytes: FEW_BYTES });
    const [one, two] = read(file).bands;
    expect(one).toMatchObject({ name: 'one', scale: SCALE, offset: OFFSET, unit: 'K' });
    expect(two).toMatchObject({ name: 'two', scale: null, offset: null, unit: '' });
  });

  test('is as large as one that is written whole', async () => {
    const [whole, parts] = ['w.tif', 'p.tif'].map((each) => join(folder, each)) as [string, string];
    await cube.saveGeoTiff(cube.grid.geobox, whole, { pool });
    await cube.saveGeoTiff(cube.grid.geobox, parts, { pool, pixelBytes: FEW_BYTES });
    expect(Math.abs(statSync(parts).size / statSync(whole).size - 1)).toBeLessThan(0.01);
  });
});

describe('creation options', () => {
  test.each([
    ['LEVEL', 'KEY=VALUE'],
    ['NOTHING=1', "a creation option of GDAL's GTiff"],
    ['COMPRESS=ZIP', 'DEFLATE, LZMA'],
    ['ZLEVEL=99', 'from 1 to 12'],
    ['TILED=maybe', 'YES or NO'],
    ['TFW=YES', 'it writes another file'],
    ['PROFILE=BASELINE', 'the file would lack its place'],
    ['NBITS=12', 'fewer bits'],
    ['NUM_THREADS=8', 'say --threads'],
    ['PREDICTOR=3', 'only supported with Float'],
    ['BLOCKXSIZE=100', 'Bad value 100'],
  ])('such as %s are refused before anything is read', async (option, words) => {
    const file = join(folder, 'refused.tif');
    const load = cube.saveGeoTiff(cube.grid.geobox, file, { pool, creationOptions: [option] });
    await expect(load).rejects.toThrow(words);
    await expect(load).rejects.toMatchObject({ name: 'InvalidInputError' });
    expect(readdirSync(folder).some((name) => name.includes('refused'))).toBe(false);
  });

  test('that put a COG on another grid are refused', async () => {
    const save = cube.saveGeoTiff(cube.grid.geobox, join(folder, 'refused.tif'), {
      ...{ pool, format: 'cog' as const },
      creationOptions: ['TILING_SCHEME=GoogleMapsCompatible'],
    });
    await expect(save).rejects.toThrow('--like does that');
  });
});

describe('a file that is not whole', () => {
  test.each([
    ['writing is stopped', 'AbortedError'],
    ['a part cannot be written', 'Error'],
  ])('does not appear where %s, and leaves the one that was there', async (_, name) => {
    const file = join(folder, 'stopped.tif');
    writeFileSync(file, 'before');
    const controller = new AbortController();
    let seen: string[] = [];
    const failing: Pool = {
      ...pool,
      async createGeoTiff(job) {
        const open = await pool.createGeoTiff(job);
        const write = async () => {
          seen = readdirSync(folder).filter((each) => each.startsWith('.stopped'));
          if (name === 'Error') throw new Error('no more');
          controller.abort();
          // At once: the process may end right after.
          expect(readdirSync(folder).filter((each) => each.startsWith('.stopped'))).toEqual([]);
        };
        return { ...open, write };
      },
    };
    const save = cube.saveGeoTiff(cube.grid.geobox, file, {
      ...{ pool: failing, pixelBytes: FEW_BYTES, signal: controller.signal },
    });
    await expect(save).rejects.toMatchObject({ name });
    expect(seen).toHaveLength(1);
    expect(statSync(file).size).toBe(6);
    expect(readdirSync(folder).filter((each) => each.startsWith('.stopped'))).toEqual([]);
  });

  test('is written by a thread that starts while the load is planned, where there are several parts', async () => {
    const asked: string[] = [];
    const told: Pool = {
      ...pool,
      ready(uses) {
        asked.push(`ready ${uses}`);
        return pool.ready(uses);
      },
      createGeoTiff(file) {
        asked.push('create');
        return pool.createGeoTiff(file);
      },
    };
    const file = join(folder, 'ahead.tif');
    await cube.saveGeoTiff(cube.grid.geobox, file, { pool: told });
    expect(asked).toEqual([]);
    await cube.saveGeoTiff(cube.grid.geobox, file, { pool: told, pixelBytes: FEW_BYTES });
    expect(asked).toEqual(['ready files', 'create']);
  });

  test('of a process that was killed goes with the next one of that name; others stay', async () => {
    const file = join(folder, 'killed.tif');
    const [dead, unknown] = ['dead', 'unknown'].map((each) =>
      join(folder, `.killed.tif.geocubes-${each}`),
    ) as [string, string];
    for (const each of [dead, unknown]) mkdirSync(each);
    const here = { pid: 2 ** 22 + 1, host: 'x' };
    const { thisProcess } = await import('../../../../src/store/sharing/process-identity.js');
    writeFileSync(join(dead, 'owner.json'), JSON.stringify({ ...thisProcess(), ...here }));
    writeFileSync(join(unknown, 'owner.json'), JSON.stringify({ ...here, boot: 'another' }));
    await cube.saveGeoTiff(cube.grid.geobox, file, { pool });
    const left = readdirSync(folder).filter((each) => each.startsWith('.killed'));
    expect(left).toEqual(['.killed.tif.geocubes-unknown']);
  });
});

test('parts cover each pixel of each band once, and begin at blocks of the file', () => {
  const layouts = [
    { blockHeight: 512, blockWidth: 512, isInterleavedByPixel: false },
    { blockHeight: 512, blockWidth: 512, isInterleavedByPixel: true },
    { blockHeight: 7, blockWidth: 1300, isInterleavedByPixel: false },
  ];
  for (const layout of layouts)
    for (const pixels of [1, 300_000, 1e9]) {
      const counts = new Uint8Array(3 * HEIGHT * WIDTH);
      const shape = { height: HEIGHT, width: WIDTH };
      const cut = { layout, chunk: { height: 700, width: 700 }, pixels };
      for (const { window, firstBand, bands } of partsOf(shape, 3, cut)) {
        expect([window.row % layout.blockHeight, window.col % layout.blockWidth]).toEqual([0, 0]);
        for (let band = firstBand; band < firstBand + bands; band++)
          for (let y = window.row; y < window.row + window.height; y++) {
            const start = (band * HEIGHT + y) * WIDTH + window.col;
            for (let i = start; i < start + window.width; i++) counts[i] = (counts[i] ?? 0) + 1;
          }
      }
      expect(counts.every((count) => count === 1)).toBe(true);
    }
});
