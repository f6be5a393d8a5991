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
 * they hold none. By the rules of GDAL (`GTiffDataset::LoadGeoreferencingAndPamIfNeeded` in
 * frmts/gtiff/gtiffdataset_read.cpp, in GDAL 3.6 and since), of which the standard leaves some open:
 * - a scale of which neither term is zero goes before a matrix, and where it has no tie point there is no
 *   transform, whatever the matrix says;
 * - the y term of a scale points down whatever its sign; that of a matrix is taken as it is;
 * - with a scale the first tie point counts, and the others are not looked at; without one, several are
 *   ground control points, which are no transform;
 * - RasterPixelIsPoint moves all of these by half a pixel.
 */
export function affineOfTags(tags: GeoreferencingTags): Affine | undefined {
  const affine = hasScale(tags) ? ofScale(tags) : ofMatrix(tags.matrix);
  if (affine === undefined || !affine.every(Number.isFinite)) return undefined;
  if (!tags.pixelIsPoint) return affine;
  const [a, b, c, d, e, f] = affine;
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2];
}

function hasScale({ scale }: GeoreferencingTags): boolean {
  const [width = 0, height = 0] = Array.from(scale ?? []);
  return width !== 0 && height !== 0;
}

function ofScale({ scale, tiepoints }: GeoreferencingTags): Affine | undefined {
  const [width = 0, height = 0] = Array.from(scale ?? []);
  if (tiepoints === undefined || tiepoints.length < 6) return undefined;
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

/** The GeoKeys that name a coordinate reference system, under their names in the standard. */
export interface CrsKeys {
  readonly GTModelTypeGeoKey?: unknown;
  readonly GeographicTypeGeoKey?: unknown;
  readonly ProjectedCSTypeGeoKey?: unknown;
}

/** Values of GTModelTypeGeoKey. */
const [GEOGRAPHIC, GEOCENTRIC] = [2, 3];

/** What a key says where the file itself defines what it stands for. */
const USER_DEFINED = 32_767;

/**
 * The EPSG code of a GeoTIFF's horizontal system, `own` where the file spells it out in other keys, and
 * `undefined` where it has none. The model decides which key is meant, as in GDAL: a projected system names
 * its geographic one beside it, and one that no code projects has that alone.
 */
export function crsOfKeys(keys: CrsKeys | null | undefined): number | 'own' | undefined {
  const model = keys?.GTModelTypeGeoKey;
  if (model === GEOCENTRIC) return undefined;
  const code = model === GEOGRAPHIC ? keys?.GeographicTypeGeoKey : keys?.ProjectedCSTypeGeoKey;
  if (typeof code === 'number' && code > 0 && code !== USER_DEFINED) return code;
  return code === USER_DEFINED || model === USER_DEFINED ? 'own' : undefined;
}
