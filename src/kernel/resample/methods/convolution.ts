import { EDGE, type RowResampler, type SourceView } from './resampler.js';

/** Below this much weight nothing is left of a pixel, as for GDAL. */
const LEAST_WEIGHT = 1e-6;

/** A sum of weights this near to 1 is taken for it, as by GDAL. */
const NEARLY_ONE = 1e-5;

/**
 * A separable kernel that is as much wider as target pixels are larger than source pixels, so that no source
 * pixel is passed over: GDAL's GWKResample. Pixels without a value, and those outside, have no weight.
 *
 * @param radius of the kernel, in the larger of source and target pixels
 * @param weigh turns distances in those pixels into weights, in place
 */
export function convolutionOf(
  view: SourceView,
  radius: number,
  weigh: (distances: Float64Array) => void,
): RowResampler {
  const reachX = Math.ceil(radius / view.scale[0]);
  const reachY = Math.ceil(radius / view.scale[1]);
  const memory = { across: new Float64Array(2 * reachX), down: new Float64Array(2 * reachY) };
  // The innermost loop of all resampling: all that it uses is its own, indices are small integers.
  return (xs, ys, from, into) => {
    const { pixels, isGap, window, extent } = view;
    const [scaleX, scaleY] = view.scale;
    const { row, col, height, width } = window;
    const [firstCol, firstRow] = [Math.max(extent.col, col), Math.max(extent.row, row)];
    const lastCol = Math.min(extent.col + extent.width, col + width);
    const lastRow = Math.min(extent.row + extent.height, row + height);
    const { across, down } = memory;
    const [lowX, lowY] = [1 - reachX, 1 - reachY];
    for (let n = 0; n < into.length; n++) {
      const x = xs[from + n] as number;
      const y = ys[from + n] as number;
      into[n] = Number.NaN;
      const holderX = Math.floor(x + EDGE);
      const holderY = Math.floor(y + EDGE);
      if (!(holderX >= firstCol && holderY >= firstRow)) continue;
      if (!(holderX < lastCol && holderY < lastRow)) continue;
      if (isGap !== undefined && isGap[(holderY - row) * width + holderX - col] !== 0) continue;
      const beforeX = Math.floor(x - 0.5);
      const beforeY = Math.floor(y - 0.5);
      const fractionX = x - 0.5 - beforeX;
      const fractionY = y - 0.5 - beforeY;
      for (let k = 0; k < across.length; k++) across[k] = (k + lowX - fractionX) * scaleX;
      weigh(across);
      for (let m = 0; m < down.length; m++) down[m] = (m + lowY - fractionY) * scaleY;
      weigh(down);

      const left = (beforeX - col + lowX) | 0;
      const top = (beforeY - row + lowY) | 0;
      let first = Math.max(-left, 0) | 0;
      let end = Math.min(across.length, width - left) | 0;
      // What has no weight need not be read.
      while (first < end && across[first] === 0) first++;
      while (end > first && across[end - 1] === 0) end--;
      let all = 0;
      for (let k = first; k < end; k++) all += across[k] as number;
      let sum = 0;
      let weights = 0;
      for (let m = Math.max(-top, 0) | 0; m < down.length && top + m < height; m++) {
        const weight = down[m] as number;
        if (weight === 0) continue;
        const start = ((top + m) * width + left) | 0;
        let rowSum = 0;
        if (isGap === undefined) {
          for (let k = first; k < end; k++)
            rowSum += (pixels[start + k] as number) * (across[k] as number);
          weights += all * weight;
        } else {
          let rowWeights = 0;
          for (let k = first; k < end; k++) {
            if (isGap[start + k] === 1) continue;
            rowSum += (pixels[start + k] as number) * (across[k] as number);
            rowWeights += across[k] as number;
          }
          weights += rowWeights * weight;
        }
        sum += rowSum * weight;
      }
      if (weights >= LEAST_WEIGHT)
        into[n] = Math.abs(weights - 1) > NEARLY_ONE ? sum / weights : sum;
    }
  };
}
