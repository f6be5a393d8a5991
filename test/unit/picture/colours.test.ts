import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Colormap } from '../../../src/picture/colormaps.js';
import { drawQuicklook, renderQuicklook } from '../../../src/picture/quicklook.js';

/** What matplotlib and numpy make of these numbers: make-colormaps.py. */
const REFERENCE: {
  readonly range: [number, number];
  readonly values: number[];
  readonly colours: Record<string, number[][]>;
  readonly percentiles: [number, number];
} = JSON.parse(readFileSync(new URL('colormaps.json', import.meta.url), 'utf8'));

const { values, range, colours, percentiles } = REFERENCE;
const band = Float64Array.from(values);
const row = { width: values.length, height: 1 };

async function pixelsOf(picture: Buffer): Promise<number[][]> {
  const raw = await sharp(picture).ensureAlpha().raw().toBuffer();
  return Array.from({ length: raw.length / 4 }, (_, i) => [...raw.subarray(4 * i, 4 * i + 4)]);
}

describe('pictures', () => {
  test.each(Object.keys(colours))('in %s have the colours that matplotlib gives', async (name) => {
    const colormap = name as Colormap;
    const how = { ...row, bands: [band], stretch: range, colormap };
    const pixels = await pixelsOf(await renderQuicklook(how));
    expect(pixels.map((pixel) => pixel.slice(0, 3))).toEqual(colours[name]);
  });

  test('stretch from percentile to percentile as numpy finds them', async () => {
    const stretch = { percentiles: [2, 98] } as const;
    const { ranges } = await drawQuicklook({ ...row, bands: [band], stretch });
    expect(ranges[0]?.[0]).toBeCloseTo(percentiles[0], 9);
    expect(ranges[0]?.[1]).toBeCloseTo(percentiles[1], 9);
  });

  test('stretch each band by its own numbers, and lighten by gamma', async () => {
    const bands = [Int16Array.of(50, -100), Int16Array.of(50, 25), Int16Array.of(50, 999)];
    const stretch = [[0, 100] as const, [0, 50] as const, [-50, 150] as const];
    const size = { width: 2, height: 1, bands, stretch };
    expect(await pixelsOf(await renderQuicklook(size))).toEqual([
      [128, 255, 128, 255],
      [0, 128, 255, 255],
    ]);
    // 0.25 to the power 1/2 is a half.
    const dark = { width: 1, height: 1, bands: [Int16Array.of(25)], stretch: [0, 100] as const };
    const [light] = await pixelsOf(await renderQuicklook({ ...dark, gamma: 2 }));
    expect(light).toEqual([128, 128, 128, 255]);
  });

  test('are transparent without a value, in JPEG white', async () => {
    const gaps = { width: 2, height: 1, bands: [Float32Array.of(Number.NaN, 5)] };
    const how = { ...gaps, colormap: 'viridis', stretch: [0, 10] } as const;
    for (const format of ['png', 'webp'] as const) {
      const [gap, pixel] = await pixelsOf(await renderQuicklook({ ...how, format }));
      expect([gap?.[3], pixel?.[3]]).toEqual([0, 255]);
    }
    const jpeg = await renderQuicklook({
      ...how,
      width: 16,
      height: 16,
      format: 'jpeg',
      bands: [new Float32Array(256).fill(Number.NaN)],
    });
    expect((await sharp(jpeg).metadata()).format).toBe('jpeg');
    expect((await pixelsOf(jpeg))[0]).toEqual([255, 255, 255, 255]);
  });

  test.each([
    ['a map for three bands', { bands: [band, band, band], colormap: 'viridis' }, 'one band'],
    ['a map that is none', { bands: [band], colormap: 'jett' }, 'viridis'],
    ['a stretch that falls', { bands: [band], stretch: [5, 5] }, 'two numbers that rise'],
    ['percentiles past 100', { bands: [band], stretch: { percentiles: [2, 101] } }, '0 to 100'],
    [
      'two stretches for one band',
      {
        bands: [band],
        stretch: [
          [0, 1],
          [0, 1],
        ],
      },
      'one stretch',
    ],
    ['no gamma', { bands: [band], gamma: 0 }, 'above 0'],
    ['another format', { bands: [band], format: 'gif' }, 'png, jpeg, webp'],
  ])('are refused with %s', async (_, how, words) => {
    await expect(renderQuicklook({ ...row, ...how } as never)).rejects.toThrow(words);
  });

  test('are refused where the format has no room for them', async () => {
    const wide = { width: 16_384, height: 1, bands: [new Uint8Array(16_384)], maxSide: 20_000 };
    await expect(renderQuicklook({ ...wide, format: 'webp' })).rejects.toThrow('16383');
  });
});
