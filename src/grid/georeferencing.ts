import type { Affine } from './affine.js';

/** The tags and keys of a GeoTIFF that place its pixels, as they stand in the file. */
export interface GeoreferencingTags {
  /** Tag 33550: x, y and z scale. */
  readonly scale?: ArrayLike<number> | undefined;
  /** Tag 33922: six numbers a point, `i, j, k, x, y, z`. */
  readonly tiepoints?: ArrayLike<number> | undefined;
  /** Tag 34264: 4 x 4, row-major. */
  readonly matrix?: ArrayLike<number> | undefined;
  /** GTRasterTypeGeoKey is RasterPixelIsPoint: coordinates are of a pixel's centre. */
  readonly pixelIsPoint: boolean;
}

/**
 * The transform from pixels to the world, of outer corners whatever the tags speak of; `undefined` where
 * they hold none. As GDAL reads them: a scale that is not zero wins over a matrix, and its y term points
 * down whatever its sign; of several tie points the first counts.
 */
export function affineOfTags(tags: GeoreferencingTags): Affine | undefined {
  const affine = ofScale(tags) ?? ofMatrix(tags.matrix);
  if (affine === undefined || !affine.every(Number.isFinite)) return undefined;
  if (!tags.pixelIsPoint) return affine;
  const [a, b, c, d, e, f] = affine;
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2];
}

function ofScale({ scale, tiepoints }: GeoreferencingTags): Affine | undefined {
  const [width = 0, height = 0] = Array.from(scale ?? []);
  if (width === 0 || height === 0 || tiepoints === undefined || tiepoints.length < 6)
    return undefined;
  const [i, j, , x, y] = Array.from(tiepoints) as [number, number, number, number, number];
  const down = -Math.abs(height);
  return [width, 0, x - i * width, 0, down, y - j * down];
}

function ofMatrix(matrix: ArrayLike<number> | undefined): Affine | undefined {
  if (matrix?.length !== 16) return undefined;
  const [a, b, , c, d, e, , f] = Array.from(matrix) as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  return [a, b, c, d, e, f];
}
