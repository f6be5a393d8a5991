/**
 * Synthetic pixels of a stated character: a smooth field (seven waves, from an eighth of the tile to
 * some twenty pixels long) plus even noise. The noise decides how well they compress; the page says
 * how well they did.
 */
import { random } from './random.mjs';

const WAVES = 7;
/** Grey levels of the noise, from the lowest to the highest, of 255. */
const NOISE = 6;

/**
 * One band `[y, x]`. Bytes lie in 1..254, so that 0 is free for "masked"; floats are the same field
 * in single precision with a noise of the same share.
 *
 * @param {number} height
 * @param {number} width
 * @param {'uint8' | 'float32'} dtype
 * @param {number} seed
 */
export function drawBand(height, width, dtype, seed) {
  const next = random(seed);
  const waves = Array.from({ length: WAVES }, (_, i) => {
    const length = (Math.max(height, width) / 8) * 0.55 ** i + 20;
    const direction = 2 * Math.PI * next();
    const [kx, ky] = [Math.cos(direction), Math.sin(direction)].map(
      (k) => (2 * Math.PI * k) / length,
    );
    const phase = 2 * Math.PI * next();
    // sin(a + b) from the sines of rows and columns: two products for each pixel and wave.
    const axis = (n, k, shift) => Array.from({ length: n }, (_, at) => k * at + shift);
    const across = axis(width, kx, 0);
    const down = axis(height, ky, phase);
    return {
      weight: 0.7 ** i,
      sinX: Float64Array.from(across, Math.sin),
      cosX: Float64Array.from(across, Math.cos),
      sinY: Float64Array.from(down, Math.sin),
      cosY: Float64Array.from(down, Math.cos),
    };
  });
  const scale = 110 / waves.reduce((sum, { weight }) => sum + weight, 0);
  const pixels =
    dtype === 'uint8' ? new Uint8Array(height * width) : new Float32Array(height * width);
  const row = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    row.fill(127.5);
    for (const { weight, sinX, cosX, sinY, cosY } of waves) {
      const [s, c] = [sinY[y] * weight * scale, cosY[y] * weight * scale];
      for (let x = 0; x < width; x++) row[x] += s * cosX[x] + c * sinX[x];
    }
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const value = row[x] + NOISE * (next() - 0.5);
      pixels[i] = dtype === 'uint8' ? Math.min(Math.max(Math.round(value), 1), 254) : value / 255;
    }
  }
  return pixels;
}

/**
 * Which pixels are valid (1) and which are gaps (0), `[y, x]`: discs strewn about until `share` of
 * the pixels are gaps. Small shares are specks up to five pixels wide, as clouds' edges leave them;
 * from a twentieth on, discs of up to `MAX_RADIUS` pixels join them, as lakes and sea do.
 *
 * @param {number} height
 * @param {number} width
 * @param {number} share 0 to 1
 * @param {number} seed
 */
export function drawMask(height, width, share, seed) {
  const next = random(seed);
  const mask = new Uint8Array(height * width).fill(1);
  const wanted = Math.round(share * height * width);
  for (let gaps = 0; gaps < wanted; ) {
    const isLake = share >= 0.05 && next() < 0.02;
    const radius = isLake ? MAX_RADIUS * next() : Math.floor(next() * 3);
    const [row, col] = [Math.floor(next() * height), Math.floor(next() * width)];
    const reach = Math.floor(radius);
    for (let y = Math.max(row - reach, 0); y <= Math.min(row + reach, height - 1); y++) {
      const half = Math.floor(Math.sqrt(radius * radius - (y - row) ** 2));
      for (let x = Math.max(col - half, 0); x <= Math.min(col + half, width - 1); x++) {
        if (gaps === wanted || mask[y * width + x] === 0) continue;
        mask[y * width + x] = 0;
        gaps++;
      }
    }
  }
  return mask;
}

/** Of the widest gaps, in pixels. */
const MAX_RADIUS = 40;
