import { footprintOf } from './footprint.js';
import { byPixels, type RowsOf } from './resampler.js';

/**
 * The most frequent value of the source pixels that a target pixel touches, however little of them; of those
 * that are equally frequent the one that first comes to be so, row by row. As GDAL had it up to 3.10; later
 * versions weight pixels by how much of them is covered.
 */
export const modeOf: RowsOf = (view, next) => {
  const counts = new Map<number, number>();
  let mode = Number.NaN;
  let most = 0;
  const visit = footprintOf(view, (value) => {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > most) {
      most = count;
      mode = value;
    }
  });
  return byPixels((x, y, x2, y2) => {
    counts.clear();
    mode = Number.NaN;
    most = 0;
    visit(x, y, x2, y2);
    return mode;
  }, next);
};
