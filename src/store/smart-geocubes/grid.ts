import { StoreError } from '../../errors.js';
import { type Affine, fromGeoTransform, type GeoTransform } from '../../grid/affine.js';
import { type Crs, parseCrs } from '../../grid/crs/crs.js';
import { GeoBox, type Shape } from '../../grid/geobox.js';
import { attributesOf } from '../metadata/array-document.js';
import { registerCoordinateCodecs } from '../metadata/coordinate-codecs.js';
import { readArray1d, readMetadata } from '../read.js';
import type { Session } from '../session.js';

/**
 * Where a cube lies whose grid is told by CF metadata alone: the CRS by `spatial_ref`, the transform by
 * its `GeoTransform`, which has every digit, or else by the centres in x and y.
 *
 * @throws {StoreError} of kind `not-a-cube` when it is not told.
 */
export async function deriveGeoBox(session: Session, shape: Shape): Promise<GeoBox> {
  const spatialRef = attributesOf(await readMetadata(session, 'spatial_ref'));
  const [x, y] = await Promise.all(
    ['x', 'y'].map(async (axis) => attributesOf(await readMetadata(session, axis))),
  );
  const crs = deriveCrs([x?.crs, spatialRef.crs_wkt, spatialRef.spatial_ref]);
  const affine =
    parseGeoTransform(spatialRef.GeoTransform) ??
    (await affineOfCentres(session, x?.resolution, y?.resolution));
  return new GeoBox(crs, shape, affine);
}

/** The first that can be read. Cubes of smart-geocubes have an EPSG code at x, and the WKT at `spatial_ref`. */
function deriveCrs(names: readonly unknown[]): Crs {
  for (const name of names) {
    if (typeof name !== 'string') continue;
    try {
      return parseCrs(name);
    } catch {
      // The next one may do.
    }
  }
  throw new StoreError(
    'not-a-cube',
    'Expected the CRS of the cube in "spatial_ref" but found none that can be read. Read the cube with smart-geocubes.',
  );
}

/** GDAL's order, `c a b f d e`. */
function parseGeoTransform(text: unknown): Affine | undefined {
  if (typeof text !== 'string') return undefined;
  const numbers = text.trim().split(/\s+/).map(Number);
  if (numbers.length !== 6 || !numbers.every(Number.isFinite)) return undefined;
  const affine = fromGeoTransform(numbers as unknown as GeoTransform);
  return affine[0] === 0 || affine[4] === 0 ? undefined : affine;
}

async function affineOfCentres(session: Session, dx: unknown, dy: unknown): Promise<Affine> {
  await registerCoordinateCodecs();
  const [xs, ys] = await Promise.all([readArray1d(session, 'x'), readArray1d(session, 'y')]);
  const a = stepOf(xs, dx);
  const e = stepOf(ys, dy);
  return [a, 0, Number(xs[0]) - a / 2, 0, e, Number(ys[0]) - e / 2];
}

/** The stated step has all digits; the mean of the centres' distances nearly. */
function stepOf(centres: ArrayLike<number>, stated: unknown): number {
  const step =
    typeof stated === 'number'
      ? stated
      : (Number(centres[centres.length - 1]) - Number(centres[0])) / (centres.length - 1);
  if (Number.isFinite(step) && step !== 0 && Number.isFinite(centres[0])) return step;
  throw new StoreError(
    'not-a-cube',
    'Expected evenly spaced coordinates x and y but they cannot be read. Read the cube with smart-geocubes.',
  );
}
