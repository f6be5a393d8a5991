/**
 * Geographic rasters that lie across the antimeridian, so that a warper finds their pixels: projections
 * answer with longitudes from -180 to 180, which such a raster leaves on one side.
 */
import { parseCrs } from './crs.js';
import { GeoBox } from './geobox.js';

/** Degrees by which a grid may reach past 180 to be a whole number of pixels. */
const TOLERANCE = 1;

/**
 * The same raster in a CRS whose longitudes count from the antimeridian, where the raster crosses it;
 * else the raster itself.
 */
export function centredOn180(geobox: GeoBox): GeoBox {
  const { crs, affine, shape, bounds } = geobox;
  if (!crs.isGeographic) return geobox;
  const { west, east } = bounds;
  const pixel = Math.abs(affine[0]);
  const slack = Math.min(TOLERANCE, 2 * pixel);
  if (west >= -180 - slack && east <= 180 + slack) return geobox;
  const [a, b, c, d, e, f] = affine;
  const turn = 360 * Math.round(((west + east) / 2 - 180) / 360);
  return new GeoBox(parseCrs(meridian180(crs.definition)), shape, [a, b, c - 180 - turn, d, e, f]);
}

function meridian180(definition: string): string {
  if (definition.startsWith('+')) return `${definition.replace(/\s*\+pm=\S+/, '')} +pm=180`;
  // Its code would no longer be true.
  return definition
    .replace(/(PRIMEM\["[^"]*"\s*,\s*)[-\d.]+/i, '$1180')
    .replace(/,\s*(?:AUTHORITY|ID)\["EPSG",\s*"?\d+"?\]\s*(?=\]\s*$)/i, '');
}

/** The same raster of a geographic CRS by full turns nearest to `other`, which is of that CRS. */
export function turnedTowards(geobox: GeoBox, other: GeoBox): GeoBox {
  const { crs, affine, shape } = geobox;
  if (!crs.isGeographic) return geobox;
  const centre = ({ bounds }: GeoBox) => (bounds.west + bounds.east) / 2;
  const turn = 360 * Math.round((centre(other) - centre(geobox)) / 360);
  if (turn === 0) return geobox;
  const [a, b, c, d, e, f] = affine;
  return new GeoBox(crs, shape, [a, b, c + turn, d, e, f]);
}
