import type { SpatialReference } from 'gdal-async';
import { parseCrs } from '../../grid/crs.js';
import { loadGdal } from './load.js';

/** A CRS of ours as GDAL's object, with x before y as everywhere here. */
export function spatialReference(name: string): SpatialReference {
  const gdal = loadGdal();
  const crs = parseCrs(name);
  if (crs.epsg !== undefined) return gdal.SpatialReference.fromEPSG(crs.epsg);
  return crs.wkt === ''
    ? gdal.SpatialReference.fromProj4(crs.definition)
    : gdal.SpatialReference.fromWKT(crs.wkt);
}

/** By EPSG code. */
const geographic = new Map<string, boolean>();

/**
 * Whether the code that a file gives to the geographic part of its CRS is that of a geographic system.
 * Where it is another's, PROJ before 9.4 follows a null pointer as soon as coordinates are to be transformed
 * (OSGeo/PROJ pull request 3945), and with it goes the process.
 */
export function isCodedSoundly(srs: SpatialReference): boolean {
  const code = srs.getAuthorityCode('GEOGCS') as string | null;
  if (code === null || srs.getAuthorityName('GEOGCS') !== 'EPSG') return true;
  const known = geographic.get(code) ?? isGeographicCode(Number(code));
  geographic.set(code, known);
  return known;
}

function isGeographicCode(code: number): boolean {
  try {
    return loadGdal().SpatialReference.fromEPSG(code).isGeographic();
  } catch {
    return false;
  }
}
