import type { XY } from './affine.js';

/** From coordinates in one CRS to those in another, x before y; NaN where there is none. */
export type PointTransform = (x: number, y: number) => XY;

/** As parseCrs names it. */
interface NamedCrs {
  readonly name: string;
}

/** The points that another library computes; `undefined` where it is absent or has no way from one to the other. */
export type PointTransforms = (from: NamedCrs, to: NamedCrs) => PointTransform | undefined;

let transforms: PointTransforms | undefined;

/**
 * Says who computes what proj4 cannot: PROJ, by GDAL, which this room may not load. Called once in each
 * thread, while modules are loaded, so that what is computed never depends on what was done before.
 */
export function computePointsBy(library: PointTransforms): void {
  transforms = library;
}

export function pointTransform(from: NamedCrs, to: NamedCrs): PointTransform | undefined {
  return transforms?.(from, to);
}
