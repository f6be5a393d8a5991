import type { SpatialReference } from 'gdal-async';
import { expected } from '../errors.js';
import { type Crs, EPSG_4326, parseCrs, transformer } from '../grid/crs.js';

/**
 * The CRS of a file in the terms of this library, which computes with proj4: by its EPSG code where it has
 * one, else by its WKT or PROJ string. Where a datum shift needs a grid file, which proj4 has none of, the
 * datum is taken for WGS 84: some 200 m beside the true place at the most.
 *
 * @throws {InvalidInputError} when there is no way to say it.
 */
export function crsNear(srs: SpatialReference, path: string): Crs {
  for (const text of definitions(srs)) {
    const crs = understood(text);
    if (crs !== undefined) return crs;
  }
  throw expected(
    'a CRS that can be computed with',
    `the file ${path}`,
    srs.toWKT().slice(0, 80),
    'Warp it to another CRS with gdalwarp.',
  );
}

function* definitions(srs: SpatialReference): Generator<string> {
  if (srs.getAuthorityName() === 'EPSG') yield `EPSG:${srs.getAuthorityCode()}`;
  yield srs.toWKT();
  const proj = srs.toProj4();
  yield proj;
  yield proj.replace(/\+(?:nadgrids|datum)=\S+/, '+datum=WGS84');
}

function understood(text: string): Crs | undefined {
  try {
    const crs = parseCrs(text);
    transformer(crs, parseCrs(EPSG_4326));
    return crs;
  } catch {
    return undefined;
  }
}
