/** What is to come of each wish, as others read it: GDAL, sharp, HDF5, JSON, magic bytes. */
import { readFile } from 'node:fs/promises';
import { File, ready } from 'h5wasm/node';
import sharp from 'sharp';
import { expect } from 'vitest';
import { loadGdal } from '../../../src/kernel/gdal/load.js';

type Check = (at: (name: string) => string, stdout: string) => unknown;

export interface Outcome {
  /** Of the last line; those before it end with 0. */
  readonly code?: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
  /** Looks at files; `at` gives the path of one. */
  readonly check?: Check;
  /** Is a server, stopped once this is true of its address. */
  readonly serves?: (url: string) => Promise<void>;
}

interface Read {
  readonly size: readonly [number, number];
  readonly names: readonly string[];
  readonly crs: string;
  readonly pixel: readonly number[];
  /** Parts of the pixels of the first band that its mask has as valid. */
  readonly valid: number;
}

function gdal(file: string): Read {
  const raster = loadGdal().open(file);
  const { x, y } = raster.rasterSize;
  const [band] = [...raster.bands];
  const mask = band?.getMaskBand()?.pixels.read(0, 0, x, y) as Uint8Array;
  const [, width = 0, , , , height = 0] = raster.geoTransform ?? [];
  const read = {
    size: [x, y] as const,
    names: raster.bands.map(({ description }) => description),
    crs: raster.srs?.getAuthorityCode() ?? '',
    pixel: [width, height],
    valid: mask.filter((value) => value !== 0).length / mask.length,
  };
  raster.close();
  return read;
}

const picture = (name: string, format: string, size: readonly [number, number]) => ({
  check: async (at: (name: string) => string) => {
    const { width, height, ...read } = await sharp(at(name)).metadata();
    expect([read.format, width, height]).toEqual([format, ...size]);
    const { entropy } = await sharp(at(name)).stats();
    // One colour has none.
    expect(entropy).toBeGreaterThan(3);
  },
});

const refused = (stderr: RegExp, code = 2): Outcome => ({ code, stdout: /^$/, stderr });

async function netcdf(file: string): Promise<string[]> {
  await ready;
  const open = new File(file, 'r');
  const names = open.keys();
  open.close();
  return names;
}

const region: [number, number] = [700, 300];

/** By the titles of the page. */
export const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'A cube: An empty cube of an asset: a box of four words, the store as the word after the command':
    {
      stdout: /^Made an empty cube at cubes\/delta: .* 6 x 10 tiles, 1000 x 600 px of EPSG:4326/,
    },
  'A cube: What an ingest will fetch': { stdout: /^21 tiles: 0 loaded already, 21 to fetch$/m },
  'A cube: Fill a region': { stdout: /^21 tiles committed [\s\S]* 0 failed$/m },
  'A cube: The same in a polar projection': { stdout: /^10 tiles committed /, stderr: /^$/ },
  'A cube: A cube with time steps': { stdout: /^8 tiles committed /, stderr: /^$/ },
  'A cube: Small chunks within chunks, for readers of small windows': {
    stdout: /^Made an empty cube at cubes\/windows: .* 1 x 2 tiles, /,
  },

  'Seen: On a map, in a browser': {
    serves: async (url) => {
      const page = await fetch(url);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      expect(await page.text()).toMatch(/<script[^>]+app\.js/);
    },
  },
  'Seen: A run, while it goes on': {
    stdout: /^2 tiles committed [\s\S]* 0 failed$/m,
    stderr: /http:\/\/127\.0\.0\.1:\d+/,
  },
  'Seen: Reduced levels, for large regions': { stdout: /levels of 1\/2.*: 21 tiles were brought/ },
  'Seen: Read at a coarse resolution from them': {
    stdout: /, from overviews of 1\/2\n$/,
    check: (at) =>
      expect(gdal(at('coarse.tif'))).toMatchObject({ size: [125, 50], pixel: [0.04, -0.04] }),
  },

  'Pictures: One band in colours, with a legend': {
    check: async (at) => {
      await picture('brightness.png', 'png', [500, 200]).check(at);
      expect(await readFile(at('legend.svg'), 'utf8')).toMatch(/^<svg[\s\S]*TCB_slope/);
    },
  },
  'Pictures: Three bands as red, green and blue, stretched by percentiles': picture(
    'rgb.jpg',
    'jpeg',
    region,
  ),
  'Pictures: Each band by its own numbers, a little lighter': picture('rgb.webp', 'webp', region),
  'Pictures: What lies in a shape alone': {
    check: async (at) => {
      const { data, info } = await sharp(at('shape.png'))
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([550, 270]);
      const seen = data.filter((value, i) => i % 4 === 3 && value !== 0).length;
      expect(seen / (550 * 270)).toBeCloseTo(BASIN_PART, 1);
    },
  },
  'Pictures: A polar cube, as it lies in its own projection': {
    check: async (at) => expect((await sharp(at('polar.png')).metadata()).format).toBe('png'),
  },
  'Pictures: A picture of so many pixels': {
    stdout: /^Wrote small\.png: 350 x 150 px of EPSG:4326 at 122,71,129,74\n$/,
    ...picture('small.png', 'png', [350, 150]),
  },
  'Pictures: A GeoTIFF and its picture at once': {
    check: async (at) => {
      expect(gdal(at('region.tif')).size).toEqual([200, 100]);
      await picture('region.png', 'png', [200, 100]).check(at);
    },
  },
  'Pictures: A name that no file can have is refused': refused(
    /ends in \.tif.*SVG is for --legend/,
  ),
  'Pictures: So is a colour map that is none': refused(/one of viridis, .* received "rainbow"/),

  'Files: In another CRS, at another resolution': {
    stdout: /px of EPSG:3413 at 226000,1831500,307500,1951000\n$/,
    check: (at) => expect(gdal(at('polar.tif'))).toMatchObject({ crs: '3413', pixel: [500, -500] }),
  },
  'Files: A Cloud Optimized GeoTIFF with creation options of GDAL': {
    check: (at) => {
      const raster = loadGdal().open(at('cog.tif'));
      expect(raster.getMetadata('IMAGE_STRUCTURE')).toMatchObject({
        LAYOUT: 'COG',
        COMPRESSION: 'DEFLATE',
      });
      raster.close();
    },
  },
  'Files: An option that GDAL does not have is refused': refused(
    /Expected a creation option of GDAL's GTiff .*COMPRESS/,
  ),
  'Files: NetCDF, with coordinates and time': {
    check: async (at) =>
      expect(await netcdf(at('years.nc'))).toEqual(
        expect.arrayContaining(['time', 'TCB_slope', 'TCG_slope', 'spatial_ref']),
      ),
  },
  'Files: Plain Zarr': {
    check: async (at) => {
      const array = JSON.parse(await readFile(at('years.zarr/TCB_slope/zarr.json'), 'utf8'));
      expect(array).toMatchObject({ zarr_format: 3, shape: [4, 50, 100], data_type: 'uint8' });
    },
  },
  'Files: All steps in one GeoTIFF, band by band': {
    check: (at) => {
      const { names } = gdal(at('years.tif'));
      expect(names).toHaveLength(12);
      expect(names[0]).toBe('2018: TCB_slope');
    },
  },
  'Files: A file for each step': {
    stdout: /^(?:Wrote year-20(?:19|20|21)\.tif: .*\n){3}$/,
    check: (at) => expect(gdal(at('year-2020.tif')).names).toEqual(['TCB_slope']),
  },
  'Files: A picture for each step': {
    stdout: /^(?:Wrote year-20(?:18|19|20|21)\.png: .*\n){4}$/,
    check: picture('year-2018.png', 'png', [100, 50]).check,
  },
  'Files: Into a pipe': {
    stderr: /^Wrote to standard output: 200 x 100 px/,
    check: (at) => expect(gdal(at('piped.tif')).size).toEqual([200, 100]),
  },
  'Files: Into a pipe, of another kind': {
    stderr: /^Wrote to standard output: 200 x 100 px/,
    check: async (at) => expect(await netcdf(at('piped.nc'))).toContain('TCW_slope'),
  },
  'Files: Only what lies in a shape': {
    check: (at) => {
      const { size, valid } = gdal(at('basin.tif'));
      expect(size).toEqual([550, 270]);
      // By the shoelace formula: 9.7525 of 5.5 x 2.7 square degrees.
      expect(valid).toBeCloseTo(BASIN_PART, 2);
    },
  },
  'Files: The box around a shape': {
    check: (at) => expect(gdal(at('box.tif'))).toMatchObject({ size: [550, 270], valid: 1 }),
  },
  'Files: Tiles that are not loaded are no zeros': {
    stdout: /; 1 tile of it is not loaded$/m,
    check: (at) => expect(gdal(at('edge.tif')).valid).toBeCloseTo(2 / 3, 6),
  },
  'Files: A file that is there is kept': refused(
    /^geocubes: Expected a file that is not there.*--overwrite/,
  ),
  'Files: Unless it may be replaced': {
    check: (at) => expect(gdal(at('edge.tif')).size).toEqual([200, 100]),
  },

  'Numbers: Of a region, as a table': {
    stdout: /^band +pixels +valid +.*\nTCB_slope +20000 +20000 +0 +0 +/m,
  },
  'Numbers: Of a shape, by step, as CSV': {
    stdout:
      /^band,time,pixels,.*q0\.1,q0\.5,q0\.9.*\n(?:TCB_slope,20(?:18|19|20|21)-01-01,5000,.*\n){4}$/,
  },
  'Numbers: As JSON': {
    check: (_at, stdout) => {
      const { stats } = JSON.parse(stdout);
      expect(stats).toHaveLength(3);
      expect(stats[0].pixels / (550 * 270)).toBeCloseTo(BASIN_PART, 2);
    },
  },
  'Numbers: At a point': {
    stdout: /^lon,lat,TCB_slope,TCG_slope,TCW_slope\n126\.5,72\.5(?:,\d+){3}\n$/,
  },
  'Numbers: At the points of a CSV file, whose columns stay': {
    stdout:
      /^site,lat,lon,TCB.*\nnorth,72\.5,126\.5(?:,\d+){3}\nsouth,71\.5,125\.5(?:,\d+){3}\nfar,10,10,,,\n$/,
    stderr: /^1 of 3 points lie outside the cube: no value\n$/,
  },
  'Numbers: As time series': {
    check: (_at, stdout) => {
      const rows = JSON.parse(stdout);
      expect(rows).toHaveLength(8);
      expect(rows[3]).toMatchObject({ lon: '126.5', time: '2021-01-01' });
    },
  },
  'Numbers: With latitude and longitude swapped, a hint': {
    stderr:
      /^1 of 1 points lie outside .*\nWith latitude and longitude swapped they would lie in it/,
  },

  'Tiles: What is loaded': { stdout: /: 21 tiles loaded, 0 loaded and empty, 39 of 60 not loaded/ },
  'Tiles: On a map': { check: drawn('state.png') },
  'Tiles: The tiles of a shape, with its outline': {
    stdout: /: 16 tiles loaded, .* 0 of 16 not loaded/,
    check: drawn('basin-state.png'),
  },
  'Tiles: All tiles with their states': {
    stdout: /^tile,state,row,col\n(?:\d-\d,(?:loaded|missing),\d,\d\n){60}$/,
  },
  'Tiles: As GeoJSON, for a GIS': {
    check: async (at) => {
      const { type, features } = JSON.parse(await readFile(at('tiles.geojson'), 'utf8'));
      expect([type, features.length]).toEqual(['FeatureCollection', 60]);
    },
  },
  'Tiles: Those that are missing': {
    check: async (at) => expect(await readFile(at('missing.txt'), 'utf8')).toBe('4-0\n4-1\n'),
  },
  'Tiles: Fetch a list of tiles': { stdout: /^2 tiles committed / },
  'Tiles: Fetch what another command lists': { stdout: /^2 tiles committed / },
  'Tiles: A tile that the cube does not have is refused': refused(/ received "0-99"\.\n$/),
  'Tiles: With latitude and longitude swapped, a hint': refused(
    /With latitude and longitude swapped it would touch it: longitudes come first\.\n$/,
  ),

  'At the terminal: Completion in bash': holds('geocubes.bash', /^complete .*geocubes$/m),
  'At the terminal: In zsh': holds('_geocubes', /^#compdef geocubes\n/),
  'At the terminal: In fish': holds('geocubes.fish', /^complete -c geocubes /m),
  'At the terminal: No colours, where they are not wanted': { stdout: /^[ -~\n]+$/ },
  'At the terminal: A word that is mistyped': refused(/Did you mean one of stats, status\?/),

  'Credentials: From a command that prints a token': { stdout: /^1 tile: .* 1 to fetch$/m },
  'Credentials: When that command fails, its name and no token': {
    code: 4,
    stdout: /^$/,
    stderr:
      /^geocubes: Expected the token command given to print a token but it ended with code 3\./,
  },
  'Credentials: What this machine has': {
    stdout: /^Node +ok .*\n[\s\S]*^Earth Engine credentials +ok/m,
  },
};

/** Half of the sum of cross products of its corners, of the box around it. */
const BASIN_PART = 9.7 / (5.5 * 2.7);

function drawn(name: string): Check {
  return async (at) => {
    const { format, width = 0 } = await sharp(at(name)).metadata();
    expect([format, width > 500]).toEqual(['png', true]);
  };
}

function holds(name: string, part: RegExp): Outcome {
  return { check: async (at) => expect(await readFile(at(name), 'utf8')).toMatch(part) };
}
