import { convolutionOf } from './convolution.js';
import { holderOf, type ResamplerOf, type SourceView } from './resampler.js';

/** Below this much weight nothing is left of a pixel, as for GDAL. */
const LEAST_WEIGHT = 1e-5;

/**
 * Linear between pixel centres: the four around the target pixel's centre, or more where target pixels are
 * larger than source pixels.
 */
export const bilinearOf: ResamplerOf = (view) => {
  const [scaleX, scaleY] = view.scale;
  if (scaleX < 1 || scaleY < 1)
    return convolutionOf(view, 1, (distance) => Math.max(1 - Math.abs(distance), 0));
  const holder = holderOf(view);
  const between = betweenFour(view);
  return (x, y) => (holder(x, y) === -1 ? Number.NaN : between(x, y));
};

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
