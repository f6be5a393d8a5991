import { type Affine, invert, isAxisAligned } from '../../grid/affine.js';
import { sameCrs, transformer } from '../../grid/crs.js';
import type { GeoBox } from '../../grid/geobox.js';

/** Where points of one grid lie in the pixels of another, row by row. */
export interface SourceCoordinates {
  /**
   * Positions of the points (col + `offset`, `row`) of the target, for `col` from 0 on, one for each
   * element of `xs`: in pixels of the source, from its outer corner. NaN or infinite where there is none.
   */
  fill(row: number, offset: number, xs: Float64Array, ys: Float64Array): void;
}

/** Each point is transformed exactly: an approximation would depend on how a raster is cut into tiles. */
export function sourceCoordinates(source: GeoBox, target: GeoBox): SourceCoordinates {
  const [a, b, c, d, e, f] = target.affine;
  const toPixel = pixelTransform(source.affine);
  if (sameCrs(source.crs, target.crs)) {
    return {
      fill(row, offset, xs, ys) {
        for (let i = 0; i < xs.length; i++) {
          const col = i + offset;
          toPixel(a * col + b * row + c, d * col + e * row + f, xs, ys, i);
        }
      },
    };
  }
  const project = transformer(target.crs, source.crs);
  const turn = source.crs.isGeographic ? longitudeInto(source) : (x: number) => x;
  return {
    fill(row, offset, xs, ys) {
      for (let i = 0; i < xs.length; i++) {
        const col = i + offset;
        const [x, y] = project(a * col + b * row + c, d * col + e * row + f);
        toPixel(turn(x), y, xs, ys, i);
      }
    },
  };
}

type ToPixel = (x: number, y: number, xs: Float64Array, ys: Float64Array, i: number) => void;

function pixelTransform(affine: Affine): ToPixel {
  const [a, , c, , e, f] = affine;
  // Divided, not multiplied by an inverse: what lies on a pixel's edge stays there.
  if (isAxisAligned(affine))
    return (x, y, xs, ys, i) => {
      xs[i] = (x - c) / a;
      ys[i] = (y - f) / e;
    };
  const [ia, ib, ic, id, ie, jf] = invert(affine);
  return (x, y, xs, ys, i) => {
    xs[i] = ia * x + ib * y + ic;
    ys[i] = id * x + ie * y + jf;
  };
}

/** A longitude turned by a full circle where that brings it into the source. */
function longitudeInto(source: GeoBox): (x: number) => number {
  const { west, east } = source.bounds;
  return (x) => {
    if (x < west && x + 360 <= east) return x + 360;
    return x > east && x - 360 >= west ? x - 360 : x;
  };
}
