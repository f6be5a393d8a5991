/**
 * Affine transforms between pixel and world coordinates.
 *
 * The order is rasterio's `Affine`, row-major: `x = a*col + b*row + c`, `y = d*col + e*row + f`,
 * where (col, row) = (0, 0) is the outer corner of the first pixel and (0.5, 0.5) its centre.
 * GDAL's geotransform holds the same six numbers as (c, a, b, f, d, e): {@link toGeoTransform}.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** GDAL's order: origin x, pixel width, row shear, origin y, column shear, pixel height (negative when north is up). */
export type GeoTransform = readonly [
  c: number,
  a: number,
  b: number,
  f: number,
  d: number,
  e: number,
];

export type XY = readonly [x: number, y: number];

/** Pixel (col, row) to world (x, y). */
export function apply(affine: Affine, col: number, row: number): XY {
  const [a, b, c, d, e, f] = affine;
  return [a * col + b * row + c, d * col + e * row + f];
}

/** False when the transform is degenerate, or holds numbers that cannot be computed with. */
export function isInvertible([a, b, c, d, e, f]: Affine): boolean {
  const determinant = a * e - b * d;
  return determinant !== 0 && [determinant, c, f].every(Number.isFinite);
}

/** The transform that applies `second` first, then `first`: their matrix product. */
export function compose(first: Affine, second: Affine): Affine {
  const [a, b, c, d, e, f] = first;
  const [a2, b2, c2, d2, e2, f2] = second;
  return [
    a * a2 + b * d2,
    a * b2 + b * e2,
    a * c2 + b * f2 + c,
    d * a2 + e * d2,
    d * b2 + e * e2,
    d * c2 + e * f2 + f,
  ];
}

/**
 * How much longer vectors along each axis become: the scales S of the decomposition into rotation,
 * shear and scale, A = R W S; both positive.
 */
export function scalesOf([a, b, , d, e]: Affine): XY {
  const x = Math.hypot(a, d);
  return [x, Math.abs(a * e - b * d) / x];
}

/** @throws {RangeError} when {@link isInvertible} is false. */
export function invert(affine: Affine): Affine {
  const [a, b, c, d, e, f] = affine;
  const determinant = a * e - b * d;
  if (!isInvertible(affine)) {
    throw new RangeError(
      `Expected an invertible affine transform but received [${affine.join(', ')}].`,
    );
  }
  const ia = e / determinant;
  const ib = -b / determinant;
  const id = -d / determinant;
  const ie = a / determinant;
  return [ia, ib, -(ia * c + ib * f), id, ie, -(id * c + ie * f)];
}

/** The transform of a window that starts at pixel (col, row): the same pixel size, a moved origin. */
export function shift(affine: Affine, col: number, row: number): Affine {
  const [a, b, , d, e] = affine;
  const [c, f] = apply(affine, col, row);
  return [a, b, c, d, e, f];
}

/** The whole number of pixels of `base` from its corner to the corner of `affine`: what {@link shift} takes, where both align. */
export function pixelOffset(affine: Affine, base: Affine): { row: number; col: number } {
  const [col, row] = apply(invert(base), ...apply(affine, 0, 0)).map(Math.round) as [
    number,
    number,
  ];
  return { row, col };
}

/** True when north is up and rows are parallel to x: no rotation, no shear. */
export function isAxisAligned(affine: Affine): boolean {
  return affine[1] === 0 && affine[3] === 0;
}

/**
 * True when both transforms put every pixel of a `width` x `height` raster at the same place,
 * to within `tolerance` of a pixel. A GeoTIFF stores its transform as origin and scale, so the
 * corners can differ by rounding and the far corner shows the largest difference.
 */
export function alignsWith(
  one: Affine,
  other: Affine,
  width: number,
  height: number,
  tolerance = 1e-3,
): boolean {
  const allowed =
    tolerance * Math.max(Math.abs(one[0]) + Math.abs(one[1]), Math.abs(one[3]) + Math.abs(one[4]));
  for (const [col, row] of [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const) {
    const [x1, y1] = apply(one, col, row);
    const [x2, y2] = apply(other, col, row);
    if (!(Math.abs(x1 - x2) <= allowed && Math.abs(y1 - y2) <= allowed)) return false;
  }
  return true;
}

/** The same transform in the order of GDAL's. */
export function toGeoTransform([a, b, c, d, e, f]: Affine): GeoTransform {
  return [c, a, b, f, d, e];
}

export function fromGeoTransform([c, a, b, f, d, e]: GeoTransform): Affine {
  return [a, b, c, d, e, f];
}
