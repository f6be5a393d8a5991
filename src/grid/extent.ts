import type { MultiPolygon, Polygon, Position } from 'geojson';
import { expected } from '../errors.js';
import { EPSG_4326, parseCrs, sameCrs } from './crs.js';
import { boundsOfPoints, cornersOf, type Frame } from './frame.js';
import { geographicOutline, isPolarCap } from './geographic.js';
import { clipRings, doubleArea, type Ring } from './ring.js';

/** Parts of the outline's extent, in degrees, by which straight edges may miss the true ones. */
const FINENESS = 1 / 5000;

/** See `GeoBox.geographicExtent`. */
export function geographicExtent(frame: Frame): Polygon | MultiPolygon {
  const geographic = parseCrs(EPSG_4326);
  const outline = sameCrs(frame.crs, geographic)
    ? cornersOf(frame)
    : projectedOutline(frame, () => geographicOutline(frame, geographic, 0.01));
  const bounds = boundsOfPoints(outline);
  const first = isPolarCap(bounds) ? 0 : Math.floor((bounds.west + 180) / 360);
  const last = isPolarCap(bounds) ? 0 : Math.ceil((bounds.east - 180) / 360);
  const parts: Ring[] = [];
  for (let turn = first; turn <= Math.max(first, last); turn++) {
    const turned = outline.map(([x, y]) => [x - 360 * turn, y] as const);
    parts.push(...clipRings(clipRings([turned], 0, -180, 180), 1, -90, 90));
  }
  const polygons = parts.filter((ring) => Math.abs(doubleArea(ring)) > 0).map(toCoordinates);
  const [polygon] = polygons;
  return polygons.length === 1 && polygon !== undefined
    ? { type: 'Polygon', coordinates: polygon }
    : { type: 'MultiPolygon', coordinates: polygons };
}

function projectedOutline(frame: Frame, rough: () => Ring | undefined): Ring {
  const outline = rough();
  if (outline !== undefined) {
    const { west, south, east, north } = boundsOfPoints(outline);
    const tolerance = FINENESS * Math.max(Math.min(east - west, 360), north - south);
    const fine = geographicOutline(frame, parseCrs(EPSG_4326), tolerance);
    if (fine !== undefined) return fine;
  }
  throw expected(
    'a geobox whose whole outline has a place on earth',
    'its geographic extent',
    frame.crs.name,
  );
}

/** One closed ring, counterclockwise in (longitude, latitude). */
function toCoordinates(ring: Ring): Position[][] {
  const points = ring.map(([x, y]) => [x, y]);
  if (doubleArea(ring) < 0) points.reverse();
  return [[...points, ...points.slice(0, 1)]];
}
