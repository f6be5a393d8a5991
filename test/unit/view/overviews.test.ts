/** Pictures of smaller scales, held to what `load` gives of the same grid from the cube's overviews. */
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetFile } from '../../../src/dataset/file/dataset-file.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { createPool } from '../../../src/pool/pool.js';
import { startViewer, type Viewer } from '../../../src/view/server.js';
import type * as told from '../../../src/view/told.js';
import { type FilledCube, filledCube } from '../cube/filled-cube.js';

/** 300 x 1100 pixels in tiles of 60, the last column cut short; scale 8 has no overview of its own. */
const [ROWS, COLS] = [300, 1100];
const DATASET: DatasetFile = {
  title: 'Levels',
  local: true,
  bands: [
    { name: 'height', dtype: 'float32' },
    { name: 'class', dtype: 'uint8', attributes: { flag_meanings: 'water ice land cloud' } },
  ],
  dtype: 'float32',
  grid: {
    crs: 'EPSG:3413',
    bounds: [-300000, -1200000, 800000, -900000],
    resolution: 1000,
    chunk: 60,
  },
};
const valueAt = (band: number, row: number, col: number) =>
  band === 1 ? (row * col + row) % 4 : (row * 5 + col * 3) % 89 === 0 ? Number.NaN : row + col / 3;

let filled: FilledCube;
let viewer: Viewer;
const pool = createPool({ size: 0 });
beforeAll(async () => {
  filled = await filledCube(DATASET, valueAt, {
    isLoaded: ({ row, col }) => row !== 1 || col !== 2,
  });
  await filled.cube.updateOverviews({ pool, factors: [2, 4, 12] });
  viewer = await startViewer({ storage: filled.path, pool, port: 0 });
});
afterAll(async () => {
  await viewer.close();
  await pool.close();
  filled.remove();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, viewer.url), { headers });

/** The whole cube at a level's resolution, by its overviews. */
function load(level: number, band: string) {
  const { geobox } = filled.cube.grid;
  const side = 2 ** level;
  const [a, b, c, d, e, f] = geobox.affine;
  const like = GeoBox.fromRecord({
    ...geobox.toRecord(),
    shape: [Math.ceil(ROWS / side), Math.ceil(COLS / side)],
    affine: [a * side, b, c, d, e * side, f],
  });
  return filled.cube.load(like, { like, bands: [band], overviews: 'auto', pool });
}

test.each([
  ['height', 1, 2, 'overview 2, average'],
  ['class', 2, 4, 'overview 4, mode'],
  ['height', 3, 4, 'overview 4, average'],
  ['class', 1, 2, 'overview 2, mode'],
] as const)(
  'pixels of %s at level %i are those that load reads of overview %i, and it is told ("%s")',
  async (band, level, factor, shows) => {
    const [low, high] = band === 'class' ? [0, 3] : [0, 670];
    const response = await get(`api/tile?level=${level}&x=0&y=0&band=${band}&range=${low},${high}`);
    expect([response.status, response.headers.get('geocubes-shows')]).toEqual([200, shows]);
    const shown = await sharp(Buffer.from(await response.arrayBuffer()))
      .ensureAlpha()
      .raw()
      .toBuffer();
    const region = await load(level, band);
    expect(region.overview).toBe(factor);
    const pixels = region.bands.get(band) as Float32Array;
    const { height, width } = region.geobox;
    let [drawn, clear] = [0, 0];
    for (let row = 0; row < Math.min(height, 256); row++)
      for (let col = 0; col < Math.min(width, 256); col++) {
        const at = row * width + col;
        const value = pixels[at] as number;
        const isThere = !Number.isNaN(value) && (region.mask?.[at] ?? 255) !== 0;
        const [red, , , alpha] = shown.subarray(4 * (row * 256 + col)) as unknown as number[];
        if (!isThere) {
          clear++;
          if (alpha !== 0) throw new Error(`alpha ${alpha} at ${row}, ${col}`);
          continue;
        }
        drawn++;
        const grey = Math.round(255 * ((value - low) / (high - low)));
        if (red !== grey || alpha !== 255)
          throw new Error(`${red} (alpha ${alpha}) is not ${grey} at ${row}, ${col}`);
      }
    expect(drawn).toBeGreaterThan(4_000);
    expect(clear).toBeGreaterThanOrEqual((60 / 2 ** level - 1) ** 2);
  },
);

test("at the cube's own resolution, and of a pixel that is asked for, values are the cube's own", async () => {
  const response = await get('api/tile?level=0&x=0&y=0&band=height&range=0,470');
  expect(response.headers.get('geocubes-shows')).toBe('pixels');
  const value = (await (await get('api/value?row=41&col=61&band=height')).json()) as told.Values;
  expect(value.values.height).toBe(Math.fround(valueAt(0, 41, 61)));
});

test('where a tile is no longer what the overviews hold, its picture is of pixels again, until they are brought up to date', async () => {
  const path = 'api/tile?level=1&x=0&y=0&band=height&range=0,470';
  const tag = (await get(path)).headers.get('etag') ?? '';
  await filled.cube.drop(['0-0']);
  await get('api/state');
  const stale = await get(path, { 'if-none-match': tag });
  expect([stale.status, stale.headers.get('geocubes-shows')]).toEqual([200, 'pixels']);
  await filled.cube.updateOverviews({ pool });
  await get('api/state');
  const current = await get(path, { 'if-none-match': stale.headers.get('etag') ?? '' });
  expect([current.status, current.headers.get('geocubes-shows')]).toEqual([
    200,
    'overview 2, average',
  ]);
});
