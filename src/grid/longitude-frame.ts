/**
 * Geographic and cylindrical rasters that lie across the antimeridian, so that a warper finds their pixels:
 * projections answer with places on one map of the world, which such a raster leaves on one side.
 */
import { parseCrs } from './crs.js';
import { fullTurnOf } from './full-turn.js';
import { GeoBox } from './geobox.js';

/** The part of a turn by which a grid may reach past its map of the world to be a whole number of pixels. */
const TOLERANCE = 1 / 360;

/**
 * The same raster in a CRS whose map of the world is cut half a turn away, where the raster reaches across
 * the cut; else the raster itself.
 */
export function centredOn180(geobox: GeoBox): GeoBox {
  const { crs, affine, shape, bounds } = geobox;
  const turn = fullTurnOf(crs);
  if (turn === undefined) return geobox;
  const { length, middle } = turn;
  const { west, east } = bounds;
  const slack = Math.min(TOLERANCE * length, 2 * Math.abs(affine[0]));
  if (west >= middle - length / 2 - slack && east <= middle + length / 2 + slack) return geobox;
  const turned = crs.isGeographic ? meridian180(crs.definition) : oppositeMeridian(crs.definition);
  if (turned === undefined) return geobox;
  const [a, b, c, d, e, f] = affine;
  const turns = Math.round(((west + east) / 2 - middle) / length - 0.5);
  return new GeoBox(parseCrs(turned), shape, [a, b, c - (turns + 0.5) * length, d, e, f]);
}

/** A PROJ string of a cylindrical projection whose middle lies half a turn further; `undefined` of WKT. */
function oppositeMeridian(definition: string): string | undefined {
  if (!definition.startsWith('+proj=')) return undefined;
  const meridian = Number(/\+lon_0=(\S+)/.exec(definition)?.[1] ?? 0);
  const opposite = meridian > 0 ? meridian - 180 : meridian + 180;
  return `${definition.replace(/\s*\+lon_0=\S+/, '')} +lon_0=${opposite}`;
}

function meridian180(definition: string): string {
  if (definition.startsWith('+')) return `${definition.replace(/\s*\+pm=\S+/, '')} +pm=180`;
  // Its code would no longer be true.
  return definition
    .replace(/(PRIMEM\["[^"]*"\s*,\s*)[-\d.]+/i, '$1180')
    .replace(/,\s*(?:AUTHORITY|ID)\["EPSG",\s*"?\d+"?\]\s*(?=\]\s*$)/i, '');
}

/** The same raster by full turns nearest to `other`, which is of its CRS. */
export function turnedTowards(geobox: GeoBox, other: GeoBox): GeoBox {
  const { crs, affine, shape } = geobox;
  const length = fullTurnOf(crs)?.length;
  if (length === undefined) return geobox;
  const centre = ({ bounds }: GeoBox) => (bounds.west + bounds.east) / 2;
  const turn = length * Math.round((centre(other) - centre(geobox)) / length);
  if (turn === 0) return geobox;
  const [a, b, c, d, e, f] = affine;
  return new GeoBox(crs, shape, [a, b, c + turn, d, e, f]);
}
