import type { CoordinateTransformation, SpatialReference } from 'gdal-async';
import { RasterError } from '../../../errors.js';
import type { XY } from '../../../grid/affine.js';
import { parseCrs } from '../../../grid/crs/crs.js';
import { fullTurnOf } from '../../../grid/crs/full-turn.js';
import { loadGdal } from '../load.js';

/**
 * A CRS of ours as GDAL's object, with x before y as everywhere here. Codes of ESRI's, and those that the
 * register of this PROJ does not have, by their definition.
 */
export function spatialReference(name: string): SpatialReference {
  const { SpatialReference: Srs } = loadGdal();
  const crs = parseCrs(name);
  const code = crs.epsg === undefined ? /^ESRI:\d+$/.exec(name)?.[0] : `EPSG:${crs.epsg}`;
  const ways = [
    ...(code === undefined ? [] : [() => Srs.fromUserInput(code)]),
    ...(crs.wkt === '' ? [] : [() => Srs.fromWKT(crs.wkt)]),
    () => Srs.fromProj4(crs.definition),
  ];
  let failure: unknown;
  for (const way of ways) {
    try {
      return way();
    } catch (cause) {
      failure ??= cause;
    }
  }
  throw failure;
}

/** Units of x in a full turn around the earth, where x goes around it. */
export function turnLengthOf(srs: SpatialReference): number | undefined {
  if (srs.isGeographic()) return (2 * Math.PI) / (srs.getAngularUnits().value ?? Math.PI / 180);
  try {
    return fullTurnOf(parseCrs(srs.toProj4()))?.length;
  } catch {
    return undefined;
  }
}

/** One point by PROJ; NaN where it has no image. */
export function pointsBy(transformation: CoordinateTransformation): (x: number, y: number) => XY {
  return (x, y) => {
    if (!Number.isFinite(x + y)) return [Number.NaN, Number.NaN];
    try {
      const point = transformation.transformPoint(x, y);
      return [point.x, point.y];
    } catch {
      return [Number.NaN, Number.NaN];
    }
  };
}

/**
 * Looks whether the code that a file gives to the geographic part of its CRS is that of a geographic system.
 * Where it is another's, PROJ before 9.4 follows a null pointer as soon as coordinates are to be transformed
 * (OSGeo/PROJ pull request 3945), and with it goes the process.
 *
 * @throws {RasterError} where it is another's.
 */
export function checkCode(srs: SpatialReference): void {
  if (!isCodedSoundly(srs))
    throw new RasterError(
      'warp',
      `Expected the code of a geographic system in the CRS of the GeoTIFF but received EPSG:${srs.getAuthorityCode('GEOGCS')}.`,
    );
}

function isCodedSoundly(srs: SpatialReference): boolean {
  const code = srs.getAuthorityCode('GEOGCS') as string | null;
  if (code === null || srs.getAuthorityName('GEOGCS') !== 'EPSG') return true;
  try {
    return loadGdal().SpatialReference.fromEPSG(Number(code)).isGeographic();
  } catch {
    return false;
  }
}
