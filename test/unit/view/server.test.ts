/** Everything the page asks for, held to what `load` gives and to sums made here. */
import { request } from 'node:http';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatasetFile } from '../../../src/dataset/file/dataset-file.js';
import { colourTable } from '../../../src/picture/colormaps.js';
import { createPool } from '../../../src/pool/pool.js';
import { startViewer, type Viewer } from '../../../src/view/server.js';
import type * as told from '../../../src/view/told.js';
import { type FilledCube, filledCube } from '../cube/filled-cube.js';

/** Polar, 300 x 1100 pixels in tiles of 64; the last row and column of tiles are cut short. */
const POLAR: DatasetFile = {
  title: 'Polar <b>ice</b>',
  local: true,
  bands: [
    { name: 'height', units: 'm', scale_factor: 0.5, add_offset: 10, long_name: 'Height' },
    { name: 'speed' },
    { name: 'age' },
  ],
  dtype: 'float32',
  grid: {
    crs: 'EPSG:3413',
    bounds: [-300000, -1200000, 800000, -900000],
    resolution: 1000,
    chunk: 64,
  },
};
const [ROWS, COLS] = [300, 1100];
const isHole = (row: number, col: number) => (row * 7 + col * 3) % 97 === 0;
const valueAt = (band: number, row: number, col: number) =>
  isHole(row, col) ? Number.NaN : band * 1000 + row + col / 7;
const isMissing = (row: number, col: number) => row === 1 && col === 2;

let filled: FilledCube;
let viewer: Viewer;
const pool = createPool({ size: 0 });
beforeAll(async () => {
  filled = await filledCube(POLAR, valueAt, {
    isLoaded: ({ row, col }) => !isMissing(row, col),
  });
  viewer = await startViewer({ storage: filled.path, pool, port: 0 });
});
afterAll(async () => {
  await viewer.close();
  await pool.close();
  filled.remove();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, viewer.url), { headers });

async function json<T>(path: string): Promise<T> {
  const response = await get(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** [y, x, red green blue alpha] */
async function picture(path: string): Promise<Uint8Array> {
  const response = await get(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
  const { data, info } = await sharp(Buffer.from(await response.arrayBuffer()))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([256, 256, 4]);
  return data;
}

/** All pixels by `Cube.load`, those of tiles that are not loaded as NaN. */
async function loaded(band: string): Promise<(row: number, col: number) => number> {
  const { bands } = await filled.cube.load(filled.cube.grid.geobox, { pool });
  const pixels = bands.get(band);
  return (row, col) =>
    isMissing(Math.floor(row / 64), Math.floor(col / 64))
      ? Number.NaN
      : (pixels?.[row * COLS + col] as number);
}

describe('a picture of pixels', () => {
  test.each([
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 0],
    [2, 0, 0],
    [3, 0, 0],
  ])(
    'at level %i, column %i, row %i has the colours that load, stretch and gamma give',
    async (level, x, y) => {
      const [low, high, gamma] = [20, 280, 1.7];
      const found = await picture(
        `api/tile?level=${level}&x=${x}&y=${y}&band=height&range=${low},${high}&gamma=${gamma}`,
      );
      const value = await loaded('height');
      const [step, half] = [2 ** level, level === 0 ? 0 : 2 ** (level - 1)];
      const [rows, cols] = [Math.ceil(ROWS / step), Math.ceil(COLS / step)];
      let [shown, clear] = [0, 0];
      for (let j = 0; j < 256; j++)
        for (let i = 0; i < 256; i++) {
          const [lrow, lcol] = [256 * y + j, 256 * x + i];
          const row = Math.min(lrow * step + half, ROWS - 1);
          const col = Math.min(lcol * step + half, COLS - 1);
          const is = lrow < rows && lcol < cols ? value(row, col) : Number.NaN;
          const [red, green, blue, alpha] = found.subarray(
            4 * (j * 256 + i),
          ) as unknown as number[];
          if (Number.isNaN(is)) {
            clear++;
            if (alpha !== 0) throw new Error(`alpha ${alpha} at ${lrow}, ${lcol}`);
            continue;
          }
          shown++;
          const part = Math.min(Math.max((is - low) / (high - low), 0), 1);
          const grey = Math.round(255 * part ** (1 / gamma));
          if (red !== grey || green !== grey || blue !== grey || alpha !== 255)
            throw new Error(`${[red, green, blue, alpha]} is not ${grey} at ${lrow}, ${lcol}`);
        }
      expect(shown).toBeGreaterThan(5000);
      expect(clear).toBeGreaterThan(100);
    },
  );

  test('in the colours of a map has the one of 256 that a value falls to', async () => {
    const found = await picture(
      'api/tile?level=0&x=0&y=0&band=speed&range=1000,1300&colormap=magma_r',
    );
    const value = await loaded('speed');
    const table = colourTable('magma_r');
    for (const [row, col] of [
      [0, 1],
      [200, 100],
      [255, 255],
    ] as const) {
      const part = Math.min(Math.max((value(row, col) - 1000) / 300, 0), 1);
      const at = 3 * Math.min(Math.floor(part * 256), 255);
      expect([...found.subarray(4 * (row * 256 + col), 4 * (row * 256 + col) + 4)]).toEqual([
        ...table.subarray(at, at + 3),
        255,
      ]);
    }
  });

  test('of three bands has each in its colour, with its own range', async () => {
    const ranges = [
      [0, 400],
      [1000, 1500],
      [2000, 2350],
    ] as const;
    const bands = ['height', 'speed', 'age'];
    const words = ranges.map((range) => `range=${range.join()}`).join('&');
    const found = await picture(
      `api/tile?level=0&x=0&y=0&${bands.map((band) => `band=${band}`).join('&')}&${words}`,
    );
    const [row, col] = [130, 77];
    const wanted = await Promise.all(
      bands.map(async (band, i) => {
        const [low, high] = ranges[i] as readonly [number, number];
        return Math.round((255 * ((await loaded(band))(row, col) - low)) / (high - low));
      }),
    );
    expect([...found.subarray(4 * (row * 256 + col), 4 * (row * 256 + col) + 4)]).toEqual([
      ...wanted,
      255,
    ]);
  });

  test('that the browser has is not sent again, until its tiles change', async () => {
    const path = 'api/tile?level=0&x=0&y=0&band=age&range=0,1';
    const tag = (await get(path)).headers.get('etag') ?? '';
    expect(tag).toMatch(/^".{20,}"$/);
    const again = await get(path, { 'if-none-match': tag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await get(path.replace('0,1', '0,2'), { 'if-none-match': tag })).status).toBe(200);
  });
});

test('a picture of states hatches what is not loaded, and leaves loaded tiles clear but for their edges', async () => {
  const found = await picture('api/states?level=0&x=0&y=0');
  const alphas = (row: number, col: number) => {
    const seen = new Set<number>();
    for (let y = 1; y < 63; y++)
      for (let x = 1; x < 63; x++)
        seen.add(found[4 * ((64 * row + y) * 256 + 64 * col + x) + 3] as number);
    return [...seen].sort();
  };
  expect(alphas(0, 0)).toEqual([0]);
  expect(alphas(1, 2)).toEqual([0, 110]);
  expect(found[4 * (64 * 256 + 10) + 3]).toBe(255);
});

describe('numbers:', () => {
  test('of a pixel, with its place by the CRS and its tile', async () => {
    const found = await json<told.Values>('api/value?row=100&col=51&band=height');
    expect(found).toMatchObject({
      ...{ row: 100, col: 51, tile: '1-0', state: 'loaded' },
      ...{ x: -300000 + 51500, y: -900000 - 100500 },
      values: { height: Math.fround(valueAt(0, 100, 51)) },
    });
    // pyproj 3.7.2 with PROJ 9.5.1: Transformer.from_crs(3413, 4326, always_xy=True).transform(-248500, -1000500)
    expect(found.lon).toBeCloseTo(-58.948625005033676, 8);
    expect(found.lat).toBeCloseTo(80.50439737115482, 8);
  });

  test('of a pixel without a value, and of a tile that is not loaded, are none', async () => {
    expect(isHole(0, 0)).toBe(true);
    expect((await json<told.Values>('api/value?row=0&col=0&band=height')).values.height).toBe(null);
    const missing = await json<told.Values>('api/value?row=70&col=140&band=height');
    expect(missing).toMatchObject({ state: 'not loaded', values: { height: null } });
  });

  test('of a box are those of its pixels, and its histogram counts each of them', async () => {
    const [col, row, width, height] = [30, 200, 50, 40];
    const { bands } = await json<told.BoxStats>(
      `api/stats?box=${[col, row, width, height]}&band=height`,
    );
    const values: number[] = [];
    for (let y = row; y < row + height; y++)
      for (let x = col; x < col + width; x++)
        if (!isHole(y, x)) values.push(Math.fround(valueAt(0, y, x)));
    const [stats] = bands;
    expect(stats).toMatchObject({ pixels: 2000, valid: values.length, missing: 0 });
    expect([stats?.min, stats?.max]).toEqual([Math.min(...values), Math.max(...values)]);
    expect(stats?.mean).toBeCloseTo(values.reduce((sum, v) => sum + v, 0) / values.length, 8);
    const { edges = [], counts = [] } = stats?.histogram ?? {};
    expect(counts).toHaveLength(64);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
    const inFifth = values.filter((v) => v >= (edges[5] ?? 0) && v < (edges[6] ?? 0)).length;
    expect(counts[5]).toBe(inFifth);
  });

  test('between percentiles are those of what is seen', async () => {
    const { ranges } = await json<{ ranges: [number, number][] }>(
      'api/range?box=10,10,40,30&band=height&low=10&high=90',
    );
    const values: number[] = [];
    for (let y = 10; y < 40; y++)
      for (let x = 10; x < 50; x++) if (!isHole(y, x)) values.push(Math.fround(valueAt(0, y, x)));
    values.sort((one, other) => one - other);
    const at = (q: number) => {
      const place = q * (values.length - 1);
      const [low, part] = [Math.floor(place), place % 1];
      return (values[low] ?? 0) * (1 - part) + (values[low + 1] ?? 0) * part;
    };
    expect(ranges[0]?.[0]).toBeCloseTo(at(0.1), 4);
    expect(ranges[0]?.[1]).toBeCloseTo(at(0.9), 4);
  });
});

test('the cube is told with its own CRS, bands and what their numbers stand for', async () => {
  const cube = await json<told.Cube>('api/cube');
  expect(cube).toMatchObject({
    ...{ title: 'Polar <b>ice</b>', height: ROWS, width: COLS, chunk: [64, 64], topLevel: 3 },
    crs: { name: 'EPSG:3413', unit: 'metre', isGeographic: false },
    map: [1000, 0, -300000, 0, -1000, -900000],
  });
  expect(cube.bands[0]).toEqual({
    ...{ name: 'height', dtype: 'float32', scale: 0.5, offset: 10, units: 'm', longName: 'Height' },
  });
});

describe('what is refused', () => {
  test.each([
    ['api/tile?level=9&x=0&y=0&band=height&range=0,1', /from 0 to 3/],
    ['api/tile?level=0&x=0&y=7&band=height&range=0,1', /from 0 to 1 for "y"/],
    ['api/tile?level=0&x=0&y=0&band=heigth&range=0,1', /Near it: height/],
    ['api/tile?level=0&x=0&y=0&band=height&range=1,0', /two numbers that rise/],
    ['api/tile?level=0&x=0&y=0&band=height&range=a,b', /2 numbers with commas/],
    ['api/tile?level=0&x=0&y=0&band=height', /one "range" for each of 1 bands/],
    ['api/tile?level=0&x=0&y=0&band=height&range=0,1&colormap=jet', /one of viridis/],
    ['api/tile?level=0&x=0&y=0&band=height&range=0,1&gamma=0', /"gamma"/],
    ['api/tile?level=0&x=0&y=0&band=height&band=age&range=0,1', /one "band" or three/],
    ['api/tile?level=1e0&x=0&y=0&band=height&range=0,1', /whole number/],
    ['api/value?row=300&col=0&band=height', /from 0 to 299/],
    ['api/value?row=0&row=1&col=0&band=height', /"row" once but received it 2 times/],
    ['api/stats?box=0,0,1101,1&band=height', /within 1100 x 300 pixels/],
    ['api/stats?box=0,0,0,1&band=height', /within 1100 x 300 pixels/],
    ['api/state?t=0', /no time axis/],
    ['api/cube?x=1%0a2', /no parameters/],
    ['api/cube?%1b[2J=1', /no parameters/],
  ])('%s: 400, and one line that says why', async (path, why) => {
    const response = await get(path);
    const text = await response.text();
    expect([response.status, text.trimEnd().split('\n').length]).toEqual([400, 1]);
    expect((JSON.parse(text) as { error: string }).error).toMatch(why);
  });

  test.each([
    [
      'another Host, as of a name that was pointed here',
      'GET',
      '/api/cube',
      { host: 'evil.example' },
      421,
    ],
    ['another port in Host', 'GET', '/api/cube', { host: '127.0.0.1:1' }, 421],
    ['what another page sends', 'GET', '/api/cube', { 'sec-fetch-site': 'cross-site' }, 403],
    ['POST', 'POST', '/api/cube', {}, 405],
    ['a path beside those that are known', 'GET', '/../package.json', {}, 404],
    ['the name of a method of objects', 'GET', '/constructor', {}, 404],
    ['an endless address', 'GET', `/api/cube?${'x'.repeat(9000)}`, {}, 414],
  ] as const)('%s', async (_, method, path, headers, status) => {
    const { hostname, port } = new URL(viewer.url);
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve) => {
      request(
        { hostname, port, method, path, headers: { host: `localhost:${port}`, ...headers } },
        async (reply) => {
          let text = '';
          for await (const part of reply) text += part;
          resolve({ status: reply.statusCode, text });
        },
      ).end();
    });
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual(['error']);
  });
});

test('the page is served with a policy by which it loads nothing of elsewhere', async () => {
  for (const path of ['', 'app.js', 'app.css', 'licenses.txt']) {
    const response = await get(path);
    expect(response.status).toBe(200);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
    const text = await response.text();
    expect(text.length).toBeGreaterThan(500);
    if (path === '') expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  }
});
