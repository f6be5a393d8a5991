import { betweenFour } from './bilinear.js';
import { convolutionOf } from './convolution.js';
import { byPixels, holderOf, type RowsOf } from './resampler.js';

/**
 * Cubic convolution (Keys, 1981, a = -0.5) over the 16 pixels around the target pixel's centre, or more where
 * target pixels are larger than source pixels. Where one of the 16 has no value, bilinear, as in GDAL.
 */
export const cubicOf: RowsOf = (view) => {
  const [scaleX, scaleY] = view.scale;
  if (scaleX < 1 || scaleY < 1) return convolutionOf(view, 2, weigh);
  const { pixels, isGap, window } = view;
  const { row, col, height, width } = window;
  const holder = holderOf(view);
  const between = betweenFour(view);
  const across = new Float64Array(4);
  const down = new Float64Array(4);
  return byPixels((x, y) => {
    if (holder(x, y) === -1) return Number.NaN;
    const left = Math.floor(x - 0.5);
    const top = Math.floor(y - 0.5);
    const c = left - 1 - col;
    const r = top - 1 - row;
    if (c < 0 || r < 0 || c + 3 >= width || r + 3 >= height) return between(x, y);
    if (isGap !== undefined)
      for (let j = 0; j < 4; j++)
        for (let i = 0, at = (r + j) * width + c; i < 4; i++, at++)
          if (isGap[at] === 1) return between(x, y);
    setWeights(x - 0.5 - left, across);
    setWeights(y - 0.5 - top, down);
    const [w0, w1, w2, w3] = across as unknown as [number, number, number, number];
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      const at = (r + j) * width + c;
      const value =
        w0 * (pixels[at] as number) +
        w1 * (pixels[at + 1] as number) +
        w2 * (pixels[at + 2] as number) +
        w3 * (pixels[at + 3] as number);
      sum += (down[j] as number) * value;
    }
    return sum;
  });
};

function setWeights(x: number, weights: Float64Array): void {
  const half = 0.5 * x;
  const three = 3 * x;
  const halfSquare = half * x;
  weights[0] = half * (-1 + x * (2 - x));
  weights[1] = 1 + halfSquare * (-5 + three);
  weights[2] = half * (1 + x * (4 - three));
  weights[3] = halfSquare * (-1 + x);
}

function weigh(distances: Float64Array): void {
  for (let k = 0; k < distances.length; k++) {
    const x = Math.abs(distances[k] as number);
    const square = x * x;
    if (x <= 1) distances[k] = square * (1.5 * x - 2.5) + 1;
    else distances[k] = x <= 2 ? square * (-0.5 * x + 2.5) - 4 * x + 2 : 0;
  }
}
