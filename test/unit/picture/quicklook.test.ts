import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { renderQuicklook } from '../../../src/picture/quicklook.js';

async function decode(png: Buffer) {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(4 * (y * info.width + x)).subarray(0, 4)];
  return { width: info.width, height: info.height, at };
}

describe('renderQuicklook', () => {
  test('shows a uint8 band as it is, transparent where the mask has no data', async () => {
    const png = await renderQuicklook({
      width: 3,
      height: 2,
      bands: [Uint8Array.of(0, 50, 100, 150, 200, 255)],
      mask: Uint8Array.of(1, 1, 0, 1, 1, 1),
    });
    const image = await decode(png);
    expect([image.width, image.height]).toEqual([3, 2]);
    expect(image.at(1, 0)).toEqual([50, 50, 50, 255]);
    expect(image.at(2, 0)[3]).toBe(0);
    expect(image.at(2, 1)).toEqual([255, 255, 255, 255]);
  });

  test('keeps red, green and blue in order', async () => {
    const bands = [Uint8Array.of(10), Uint8Array.of(20), Uint8Array.of(30)];
    const image = await decode(await renderQuicklook({ width: 1, height: 1, bands }));
    expect(image.at(0, 0)).toEqual([10, 20, 30, 255]);
  });

  test('is transparent where any band has no data', async () => {
    const bands = [Uint8Array.of(10, 255), Uint8Array.of(255, 20), Uint8Array.of(30, 30)];
    const image = await decode(await renderQuicklook({ width: 2, height: 1, bands, nodata: 255 }));
    expect([image.at(0, 0)[3], image.at(1, 0)[3]]).toEqual([0, 0]);
  });

  test('stretches floats from their 2nd to their 98th percentile, NaN left out', async () => {
    const pixels = Float32Array.from({ length: 101 }, (_, i) => (i === 50 ? Number.NaN : i / 100));
    const image = await decode(await renderQuicklook({ width: 101, height: 1, bands: [pixels] }));
    expect(image.at(0, 0)).toEqual([0, 0, 0, 255]);
    expect(image.at(2, 0)[0]).toBe(0);
    expect(image.at(98, 0)[0]).toBe(255);
    expect(image.at(25, 0)[0]).toBeCloseTo((255 * 23) / 96, -0.5);
    expect(image.at(50, 0)[3]).toBe(0);
  });

  test('knows a nodata value that single precision rounds', async () => {
    const nodata = -3.4e38;
    const bands = [Float32Array.of(nodata, 1)];
    const image = await decode(await renderQuicklook({ width: 2, height: 1, bands, nodata }));
    expect([image.at(0, 0)[3], image.at(1, 0)[3]]).toEqual([0, 255]);
  });

  test('shows a band of one value in middle grey', async () => {
    const bands = [new Int16Array(4).fill(-7)];
    const image = await decode(await renderQuicklook({ width: 2, height: 2, bands }));
    expect(image.at(1, 1)).toEqual([128, 128, 128, 255]);
  });

  test('is wholly transparent where there is no data at all', async () => {
    const bands = [new Float64Array(4).fill(Number.NaN)];
    const image = await decode(await renderQuicklook({ width: 2, height: 2, bands }));
    expect(image.at(0, 0)[3]).toBe(0);
  });

  test('reduces to the longest side, keeps the shape, and does not darken edges of gaps', async () => {
    const mask = Uint8Array.from({ length: 400 * 100 }, (_, i) => (i % 400 < 201 ? 1 : 0));
    const bands = [new Uint8Array(400 * 100).fill(200)];
    const png = await renderQuicklook({ width: 400, height: 100, bands, mask, maxSide: 80 });
    const image = await decode(png);
    expect([image.width, image.height]).toEqual([80, 20]);
    const [grey, , , alpha] = image.at(40, 10);
    expect(alpha).toBeGreaterThan(0);
    expect(alpha).toBeLessThan(255);
    expect(grey).toBeGreaterThan(190);
  });

  test('refuses two bands, and bands of another size', async () => {
    const band = new Uint8Array(4);
    await expect(renderQuicklook({ width: 2, height: 2, bands: [band, band] })).rejects.toThrow(
      'Expected one band or three',
    );
    await expect(renderQuicklook({ width: 3, height: 2, bands: [band] })).rejects.toThrow(
      'Expected 3 x 2 pixels',
    );
  });
});
