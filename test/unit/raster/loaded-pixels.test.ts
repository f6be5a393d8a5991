import { expect, test } from 'vitest';
import { CONSTRUCTORS, type DType } from '../../../src/raster/dtype.js';
import { fillPixels, pixelsOver } from '../../../src/raster/loaded-pixels.js';
import { seedOfRun } from '../../seed.js';
import { random } from '../warp/rasters.js';

const VALUES: Readonly<Record<string, number>> = {
  int8: -7,
  int16: -32_768,
  float32: Number.NaN,
  float64: -0.1,
};

test.each(Object.keys(CONSTRUCTORS) as DType[])(
  '%s pixels are filled as the array itself would, wherever they begin, and nothing beside them',
  (dtype) => {
    const seed = seedOfRun();
    const next = random(seed);
    const size = CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
    for (let round = 0; round < 100; round++) {
      const [start, length] = [Math.floor(next() * 9) * size, Math.floor(next() * 40)];
      const value = round % 2 === 0 ? (VALUES[dtype] ?? 201) : 0;
      const [found, wanted] = [0, 1].map(() => {
        const buffer = new SharedArrayBuffer(start + length * size + 9);
        new Uint8Array(buffer).fill(0xab);
        return { bytes: new Uint8Array(buffer), pixels: pixelsOver(dtype, buffer, start, length) };
      });
      wanted?.pixels.fill(value);
      if (found === undefined) throw new Error('Expected two arrays.');
      expect(fillPixels(found.pixels, value)).toBe(found.pixels);
      expect({ seed, round, bytes: [...found.bytes] }).toEqual({
        ...{ seed, round },
        bytes: [...(wanted?.bytes ?? [])],
      });
    }
  },
);
