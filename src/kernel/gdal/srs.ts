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
