import type { MultiPolygon, Polygon, Position } from 'geojson';
import { expected } from '../errors.js';
import type { XY } from './affine.js';
import { EPSG_4326, parseCrs, sameCrs } from './crs/crs.js';
import { boundsOf, boundsOfPoints, cornersOf, type Frame } from './frame.js';
import { geographicOutline, isPolarCap } from './shapes/geographic.js';
import { clipRings, doubleArea, type Ring } from './shapes/ring.js';

/** The part of the outline's extent by which straight edges may miss the true ones: about a hundred points a side. */
const FINENESS = 1e-5;
/** Degrees, for a first look at how large the outline is. */
const ROUGH = 0.01;

/** See `GeoBox.geographicExtent`. */
export function geographicExtent(frame: Frame): Polygon | MultiPolygon {
  const outline = outlineOf(frame);
  const { west, east } = boundsOfPoints(outline);
  const isCap = isPolarCap({ west, east });
  const first = isCap ? 0 : Math.floor((west + 180) / 360);
  const last = isCap ? 0 : Math.max(Math.ceil((east - 180) / 360), first);
  const parts: Ring[] = [];
  for (let turn = first; turn <= last; turn++) {
    const turned = outline.map(([x, y]): XY => [x - 360 * turn, y]);
    parts.push(...clipRings(clipRings([turned], 0, -180, 180), 1, -90, 90));
  }
  const polygons = parts.filter((ring) => doubleArea(ring) !== 0).map(toCoordinates);
  const [polygon] = polygons;
  return polygons.length === 1 && polygon !== undefined
    ? { type: 'Polygon', coordinates: polygon }
    : { type: 'MultiPolygon', coordinates: polygons };
}

function outlineOf(frame: Frame): Ring {
  const geographic = parseCrs(EPSG_4326);
  if (sameCrs(frame.crs, geographic)) {
    const { west, south, east, north } = boundsOf(frame);
    // A grid of the world may reach a part of a pixel past it, which is no place of its own.
    return east - west >= 360 ? cornersOf(boxFrame(-180, south, 180, north)) : cornersOf(frame);
  }
  const rough = geographicOutline(frame, geographic, ROUGH);
  if (rough === undefined) {
    throw expected(
      'a geobox whose whole outline has a place on earth',
      'its geographic extent',
      frame.crs.name,
    );
  }
  const { west, south, east, north } = boundsOfPoints(rough);
  const tolerance = FINENESS * Math.max(Math.min(east - west, 360), north - south);
  return geographicOutline(frame, geographic, tolerance) ?? rough;
}

function boxFrame(west: number, south: number, east: number, north: number) {
  return {
    shape: { height: 1, width: 1 },
    affine: [east - west, 0, west, 0, south - north, north] as const,
  };
}

/** One closed ring, counterclockwise in (longitude, latitude). */
function toCoordinates(ring: Ring): Position[][] {
  const points = ring.map(([x, y]) => [x, y]);
  if (doubleArea(ring) < 0) points.reverse();
  return [[...points, ...points.slice(0, 1)]];
}
