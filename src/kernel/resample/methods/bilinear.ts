import { convolutionOf } from './convolution.js';
import { holderOf, type RowsOf, type SourceView } from './resampler.js';

/** Below this much weight nothing is left of a pixel, as for GDAL. */
const LEAST_WEIGHT = 1e-5;

/**
 * Linear between pixel centres: the four around the target pixel's centre, or more where target pixels are
 * larger than source pixels.
 */
export const bilinearOf: RowsOf = (view) => {
  const [scaleX, scaleY] = view.scale;
  if (scaleX < 1 || scaleY < 1) return convolutionOf(view, 1, weigh);
  const holder = holderOf(view);
  const between = betweenFour(view);
  return (xs, ys, from, into) => {
    const { pixels, isGap, window } = view;
    const { row, col, height, width } = window;
    const [lastCol, lastRow] = [col + width - 1, row + height - 1];
    for (let i = 0, p = from; i < into.length; i++, p++) {
      const x = xs[p] as number;
      const y = ys[p] as number;
      const left = Math.floor(x - 0.5);
      const top = Math.floor(y - 0.5);
      const c = (left - col) | 0;
      const r = (top - row) | 0;
      const at = (r * width + c) | 0;
      // All four are there: so is the one that holds the position.
      const isWhole =
        left >= col &&
        top >= row &&
        left < lastCol &&
        top < lastRow &&
        (isGap === undefined ||
          (isGap[at] as number) +
            (isGap[at + 1] as number) +
            (isGap[at + width] as number) +
            (isGap[at + width + 1] as number) ===
            0);
      if (!isWhole) {
        into[i] = holder(x, y) === -1 ? Number.NaN : between(x, y);
        continue;
      }
      const ratioX = 1.5 - (x - left);
      const ratioY = 1.5 - (y - top);
      const otherX = 1 - ratioX;
      const otherY = 1 - ratioY;
      const w0 = ratioX * ratioY;
      const w1 = otherX * ratioY;
      const w2 = ratioX * otherY;
      const w3 = otherX * otherY;
      const sum =
        (pixels[at] as number) * w0 +
        (pixels[at + 1] as number) * w1 +
        (pixels[at + width] as number) * w2 +
        (pixels[at + width + 1] as number) * w3;
      const weights = w0 + w1 + w2 + w3;
      into[i] = weights === 1 ? sum : sum / weights;
    }
  };
};

function weigh(distances: Float64Array): void {
  for (let k = 0; k < distances.length; k++)
    distances[k] = Math.max(1 - Math.abs(distances[k] as number), 0);
}

/** Between the four pixel centres around a position, as far as they have values. */
export function betweenFour({
  pixels,
  isGap,
  window,
}: SourceView): (x: number, y: number) => number {
  const { row, col, height, width } = window;
  return (x, y) => {
    const left = Math.floor(x - 0.5);
    const top = Math.floor(y - 0.5);
    const ratioX = 1.5 - (x - left);
    const ratioY = 1.5 - (y - top);
    let sum = 0;
    let weights = 0;
    for (let j = 0; j < 2; j++) {
      const r = top + j - row;
      if (r < 0 || r >= height) continue;
      const weightY = j === 0 ? ratioY : 1 - ratioY;
      for (let i = 0; i < 2; i++) {
        const c = left + i - col;
        if (c < 0 || c >= width) continue;
        const at = r * width + c;
        if (isGap !== undefined && isGap[at] === 1) continue;
        const weight = (i === 0 ? ratioX : 1 - ratioX) * weightY;
        weights += weight;
        sum += (pixels[at] as number) * weight;
      }
    }
    if (weights === 1) return sum;
    return weights < LEAST_WEIGHT ? Number.NaN : sum / weights;
  };
}
