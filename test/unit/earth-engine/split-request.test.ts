import { describe, expect, test } from 'vitest';
import { splitRequest } from '../../../src/earth-engine/split-request.js';
import type { PixelRequest } from '../../../src/tile.js';

const SHAPE = { bands: 3, dtype: 'uint8', mask: { kind: 'bits' } } as const;

/** A request for a window of a tile whose corner lies at (3000, 9000), in pixels of 30 m. */
function request(
  [row, col, height, width]: readonly [number, number, number, number],
  bands: readonly number[] = [0, 1, 2],
): PixelRequest {
  return {
    window: { row, col, height, width },
    geobox: {
      crs: 'EPSG:3413',
      shape: [height, width],
      affine: [30, 0, 3000 + 30 * col, 0, -30, 9000 - 30 * row],
    },
    bands,
    bytes: height * width * (bands.length + Math.ceil(bands.length / 8)) * 2,
  };
}

describe('splitRequest', () => {
  test('cuts rows first: upper and lower half, each where it lies in the tile', () => {
    expect(splitRequest(request([100, 50, 301, 200]), SHAPE)).toEqual([
      request([100, 50, 151, 200]),
      request([251, 50, 150, 200]),
    ]);
  });

  test('cuts columns where rows run out', () => {
    expect(splitRequest(request([0, 10, 64, 301]), SHAPE)).toEqual([
      request([0, 10, 64, 151]),
      request([0, 161, 64, 150]),
    ]);
  });

  test('cuts bands at last, counting the mask bands of each part', () => {
    expect(splitRequest(request([0, 0, 64, 64]), SHAPE)).toEqual([
      request([0, 0, 64, 64], [0, 1]),
      request([0, 0, 64, 64], [2]),
    ]);
  });

  test('one band of a small block cannot be cut', () => {
    expect(splitRequest(request([0, 0, 64, 64], [1]), SHAPE)).toBeUndefined();
  });

  test('split again and again, the parts still cover each pixel of each band once', () => {
    const whole = request([7, 3, 600, 500]);
    const parts: PixelRequest[] = [];
    const cut = (one: PixelRequest): void => {
      const halves = splitRequest(one, SHAPE);
      if (halves === undefined) parts.push(one);
      else halves.forEach(cut);
    };
    cut(whole);
    const times = new Map<number, number>();
    for (const { window, bands } of parts)
      for (const band of bands)
        for (let y = window.row - 7; y < window.row - 7 + window.height; y++)
          for (let x = window.col - 3; x < window.col - 3 + window.width; x++) {
            const key = (band * 600 + y) * 500 + x;
            times.set(key, (times.get(key) ?? 0) + 1);
          }
    expect(times.size).toBe(3 * 600 * 500);
    expect(Math.max(...new Set(times.values()))).toBe(1);
    for (const part of parts) {
      const { row, col, height, width } = part.window;
      expect(part).toEqual(request([row, col, height, width], part.bands));
    }
  });
});
