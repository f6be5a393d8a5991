import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GeoBox } from '../../src/grid/geobox.js';
import { fillIdw } from '../../src/kernel/gdal/fill.js';
import { createKernel } from '../../src/kernel/pipeline.js';
import { asBytes, fromBytes } from '../../src/raster/dtype.js';
import type { FetchedTile, Recipe } from '../../src/tile.js';

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Discs and single pixels, valid or not, on a ground that is the other: gaps in land, islands in sea. */
function randomMask(height: number, width: number, seed: number): Uint8Array<ArrayBuffer> {
  const next = random(seed);
  const ground = next() < 0.5 ? 1 : 0;
  const mask = new Uint8Array(height * width).fill(ground);
  const count = 1 + Math.floor(next() * 12);
  for (let k = 0; k < count; k++) {
    const [y, x, radius] = [next() * height, next() * width, 1 + next() * next() * 120];
    for (let row = Math.max(0, Math.floor(y - radius)); row < Math.min(height, y + radius); row++)
      for (let col = Math.max(0, Math.floor(x - radius)); col < Math.min(width, x + radius); col++)
        if ((row - y) ** 2 + (col - x) ** 2 <= radius * radius)
          mask[row * width + col] = 1 - ground;
  }
  for (let k = 0; k < 40; k++) mask[Math.floor(next() * mask.length)] = 1 - ground;
  return mask;
}

/** What the pipeline makes of a raster, without a file: the fill is the real one, pixels are passed in. */
async function fillTile(
  pixels: Float32Array<ArrayBuffer>,
  mask: Uint8Array<ArrayBuffer>,
  [height, width]: readonly [number, number],
  distance: number,
): Promise<{ pixels: Float32Array; calls: number }> {
  let calls = 0;
  const kernel = createKernel({
    facts: { hasBlosc: false, encoder: 'none' },
    decode: () => [{ pixels: pixels.slice(), mask: mask.slice() }],
    fillIdw: (...args) => {
      calls++;
      return fillIdw(...args);
    },
    encode: ({ bytes }) => bytes.slice(),
  });
  const geobox: FetchedTile['geobox'] = {
    crs: 'EPSG:3413',
    shape: [height, width],
    affine: [1, 0, 0, 0, -1, 0],
  };
  const recipe: Recipe = {
    bands: 1,
    dtype: 'float32',
    fillValue: Number.NaN,
    mask: { kind: 'file' },
    processing: {
      fill: 'idw',
      maxFillDistance: distance,
      clipToObserved: false,
      resampling: 'near',
    },
    chunk: [height, width],
    codec: { name: 'uncompressed' },
  };
  const tile = await kernel.process(
    { state: 'fetched', id: '0-0', index: { row: 0, col: 0 }, geobox, parts: [] },
    recipe,
  );
  const bytes = tile.chunks[0]?.bytes;
  expect(GeoBox.fromRecord(geobox).shape).toEqual({ height, width });
  return {
    calls,
    pixels:
      bytes === undefined
        ? new Float32Array(height * width).fill(Number.NaN)
        : (fromBytes('float32', bytes) as Float32Array),
  };
}

async function expectSameAsWhole(
  shape: readonly [number, number],
  seed: number,
  distance: number,
): Promise<number> {
  const [height, width] = shape;
  const next = random(seed + 1);
  const mask = randomMask(height, width, seed);
  const pixels = Float32Array.from(mask, () => next() * 1000);
  const blockwise = await fillTile(pixels, mask, shape, distance);
  const whole = fillIdw(pixels, mask, { height, width }, distance);
  const wanted = whole.map((value, i) => (mask[i] === 1 ? (pixels[i] ?? Number.NaN) : value));
  if (mask.every((one) => one === 0)) wanted.fill(Number.NaN);
  // As bytes, where NaN equals NaN; a comparison of numbers one by one takes seconds.
  const same = Buffer.compare(
    asBytes(blockwise.pixels as Float32Array<ArrayBuffer>),
    asBytes(wanted as Float32Array<ArrayBuffer>),
  );
  if (same !== 0) {
    const at = wanted.findIndex((value, i) => !Object.is(value, blockwise.pixels[i]));
    throw new Error(
      `pixel ${at} (row ${Math.floor(at / width)}, col ${at % width}) is ${blockwise.pixels[at]} by blocks and ${wanted[at]} at once`,
    );
  }
  return blockwise.calls;
}

test('filling block by block gives bit for bit what one fillNodata of the whole tile gives', async () => {
  const cases = fc.record({
    height: fc.integer({ min: 1, max: 700 }),
    width: fc.integer({ min: 1, max: 1100 }),
    seed: fc.integer({ min: 0, max: 2 ** 30 }),
    distance: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 1, max: 40, noNaN: true }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ height, width, seed, distance }) => {
      await expectSameAsWhole([height, width], seed, distance);
    }),
    { numRuns: 12 },
  );
}, 60_000);

test.each([
  [1, 1],
  [2, 12],
  [3, 32],
  [4, 40],
])(
  'a tile of several blocks is cut into them, and seams do not show (seed %i, distance %i)',
  async (seed, distance) => {
    expect(await expectSameAsWhole([700, 1300], seed, distance)).toBeGreaterThan(1);
  },
);

test('gaps across the seams of all blocks are filled as in one piece', async () => {
  // A cross of gaps along row 512 and column 512, wider than the distance, so that its middle stays empty.
  const shape = [1100, 1100] as const;
  const mask = new Uint8Array(1100 * 1100).fill(1);
  for (let i = 0; i < 1100; i++)
    for (let k = -12; k < 12; k++) {
      mask[(512 + k) * 1100 + i] = 0;
      mask[i * 1100 + 512 + k] = 0;
    }
  const pixels = Float32Array.from(mask, (_, i) => (i * 31) % 1009);
  const blockwise = (await fillTile(pixels, mask, shape, 9)).pixels;
  const whole = fillIdw(pixels, mask, { height: 1100, width: 1100 }, 9);
  const different = blockwise.findIndex((value, i) => mask[i] === 0 && !Object.is(value, whole[i]));
  expect(different).toBe(-1);
  expect(Number.isNaN(blockwise[512 * 1100 + 512])).toBe(true);
  expect(Number.isNaN(blockwise[504 * 1100 + 100])).toBe(false);
});
