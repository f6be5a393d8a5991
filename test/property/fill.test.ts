import { test } from 'vitest';
import fc from '../fast-check.js';
import { gdalFill, idw } from '../unit/kernel/fill/fills.js';

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

test("inverse distance filling gives bit for bit what GDAL's fillNodata gives, over large gaps and islands", () => {
  const cases = fc.record({
    height: fc.integer({ min: 1, max: 500 }),
    width: fc.integer({ min: 1, max: 700 }),
    seed: fc.integer({ min: 0, max: 2 ** 30 }),
    distance: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 1, max: 40, noNaN: true }),
    ),
  });
  fc.assert(
    fc.property(cases, ({ height, width, seed, distance }) => {
      const next = random(seed + 1);
      const mask = randomMask(height, width, seed);
      const pixels = Float32Array.from(mask, () => next() * 1000);
      const ours = idw(pixels, mask, { height, width }, distance);
      const wanted = gdalFill(pixels, mask, { height, width }, distance);
      for (let i = 0; i < wanted.length; i++)
        if (mask[i] === 0 && !Object.is(wanted[i], ours[i]))
          throw new Error(
            `row ${Math.floor(i / width)}, col ${i % width} is ${ours[i]} here and ${wanted[i]} by GDAL`,
          );
    }),
    { numRuns: 25 },
  );
});
