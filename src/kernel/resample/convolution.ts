import { holderOf, type Resampler, type SourceView } from './resampler.js';

/** Below this much weight nothing is left of a pixel, as for GDAL. */
const LEAST_WEIGHT = 1e-6;

/** A sum of weights this near to 1 is taken for it, as by GDAL. */
const NEARLY_ONE = 1e-5;

/**
 * A separable kernel that is as much wider as target pixels are larger than source pixels, so that no source
 * pixel is passed over: GDAL's GWKResample. Pixels without a value, and those outside, have no weight.
 *
 * @param radius of the kernel, in the larger of source and target pixels
 * @param weightAt of a distance in those pixels
 */
export function convolutionOf(
  view: SourceView,
  radius: number,
  weightAt: (distance: number) => number,
): Resampler {
  const { pixels, isGap, window, scale } = view;
  const holder = holderOf(view);
  const across = new Reach(window.col, window.width, scale[0], radius, weightAt);
  const down = new Reach(window.row, window.height, scale[1], radius, weightAt);
  return (x, y) => {
    if (holder(x, y) === -1) return Number.NaN;
    across.moveTo(x);
    down.moveTo(y);
    let sum = 0;
    let weights = 0;
    for (let j = 0; j < down.count; j++) {
      let rowSum = 0;
      let rowWeights = 0;
      let at = (down.first + j - window.row) * window.width + across.first - window.col;
      for (let i = 0; i < across.count; i++, at++) {
        if (isGap !== undefined && isGap[at] === 1) continue;
        const weight = across.weights[i] as number;
        rowSum += (pixels[at] as number) * weight;
        rowWeights += weight;
      }
      const weight = down.weights[j] as number;
      sum += rowSum * weight;
      weights += rowWeights * weight;
    }
    if (weights < LEAST_WEIGHT) return Number.NaN;
    return Math.abs(weights - 1) > NEARLY_ONE ? sum / weights : sum;
  };
}

/** Weights along one axis around a position. */
class Reach {
  first = 0;
  count = 0;
  readonly weights: Float64Array;
  private readonly reach: number;
  private readonly end: number;

  constructor(
    private readonly start: number,
    length: number,
    private readonly scale: number,
    radius: number,
    private readonly weightAt: (distance: number) => number,
  ) {
    this.reach = Math.ceil(radius / scale);
    this.weights = new Float64Array(2 * this.reach);
    this.end = start + length;
  }

  moveTo(position: number): void {
    const before = Math.floor(position - 0.5);
    const fraction = position - 0.5 - before;
    this.first = Math.max(before + 1 - this.reach, this.start);
    this.count = Math.max(Math.min(before + this.reach + 1, this.end) - this.first, 0);
    for (let k = 0; k < this.count; k++)
      this.weights[k] = this.weightAt((this.first + k - before - fraction) * this.scale);
  }
}
