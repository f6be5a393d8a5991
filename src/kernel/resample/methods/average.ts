import { footprintOf } from './footprint.js';
import { byPixels, type RowsOf } from './resampler.js';

/** The mean of the source pixels that a target pixel covers, each weighted by how much of it is covered. */
export const averageOf: RowsOf = (view, next) => {
  let sum = 0;
  let weights = 0;
  const visit = footprintOf(view, (value, weight) => {
    weights += weight;
    sum += weight * value;
  });
  return byPixels((x, y, x2, y2) => {
    sum = 0;
    weights = 0;
    visit(x, y, x2, y2);
    return weights > 0 ? sum / weights : Number.NaN;
  }, next);
};
