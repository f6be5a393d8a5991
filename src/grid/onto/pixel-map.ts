import { type Affine, apply, compose, invert, scalesOf, type XY } from '../affine.js';
import { sameCrs, transformer } from '../crs/crs.js';
import { fullTurnOf } from '../crs/full-turn.js';
import type { Frame } from '../frame.js';
import { nearestLongitude } from '../shapes/longitude.js';

/** The transform from pixels of `from` to pixels of `to`, both of one CRS; moved by `turns` around the earth. */
export function pixelTransform(from: Frame, to: Frame, turns = 0): Affine {
  const turned: Affine = [
    1,
    0,
    turns === 0 ? 0 : turns * (fullTurnOf(from.crs)?.length ?? 0),
    0,
    1,
    0,
  ];
  return compose(invert(to.affine), compose(turned, from.affine));
}

/**
 * How many pixels of `to` one pixel of `from` measures at (col, row), along x and y: the scales of the
 * linear map fitted to the point's four neighbours, as odc-geo's `get_scale_at_point`.
 */
export function scaleAt(from: Frame, to: Frame, [col, row]: XY): XY {
  if (sameCrs(from.crs, to.crs)) return scalesOf(pixelTransform(from, to));
  const convert = transformer(from.crs, to.crs);
  const inverse = invert(to.affine);
  const [centre] = convert(...apply(from.affine, col, row));
  const at = (x: number, y: number): XY => {
    const [px, py] = convert(...apply(from.affine, x, y));
    return apply(inverse, to.crs.isGeographic ? nearestLongitude(px, centre) : px, py);
  };
  const [left, right] = [at(col - 1, row), at(col + 1, row)];
  const [above, below] = [at(col, row - 1), at(col, row + 1)];
  return scalesOf([
    (right[0] - left[0]) / 2,
    (below[0] - above[0]) / 2,
    0,
    (right[1] - left[1]) / 2,
    (below[1] - above[1]) / 2,
    0,
  ]);
}
