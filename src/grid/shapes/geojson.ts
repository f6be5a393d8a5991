/**
 * GeoJSON as shapes. Positions are x before y; heights are left out. EPSG:4326 unless the `crs` member
 * of older files (GeoJSON 2008) names another system.
 */
import type { Feature, FeatureCollection, Geometry } from 'geojson';
import { expected } from '../../errors.js';
import type { XY } from '../affine.js';
import { type Crs, EPSG_4326, parseCrs } from '../crs/crs.js';
import type { Shapes } from './place.js';
import type { RingSet } from './ring.js';

/** What a region may be given as in GeoJSON; `crs` is the member that RFC 7946 dropped. */
export type GeoJsonRegion = (Geometry | Feature | FeatureCollection) & {
  readonly crs?: unknown;
};

/**
 * Checks GeoJSON and takes out its shapes and its CRS.
 *
 * An edge is a straight line between two positions as written (RFC 7946, 3.1.1). An edge of a geographic
 * system that spans more than half of all longitudes, but not all, is refused, because it is nearly
 * always meant to cross the antimeridian the short way: longitudes counted on past 180, or a geometry cut
 * there, say so.
 *
 * @throws {InvalidInputError} for what is no GeoJSON, has no coordinates, or has such an edge.
 */
export function readGeoJson(input: unknown): { readonly shapes: Shapes; readonly crs: Crs } {
  const found: Found = { points: [], lines: [], polygons: [] };
  const crs = crsOf(input);
  collect(input, 0, found);
  if (found.points.length + found.lines.length + found.polygons.length === 0)
    throw expected('at least one position', 'the GeoJSON', typeOf(input));
  if (crs.isGeographic) {
    for (const line of found.lines) checkEdges(line);
    for (const rings of found.polygons)
      for (const ring of rings) checkEdges([...ring, ...ring.slice(0, 1)]);
  }
  return { shapes: found, crs };
}

interface Found {
  points: XY[];
  lines: XY[][];
  polygons: RingSet[];
}

/** Collections within collections: deeper than any real file, shallow enough for the stack. */
const MAX_DEPTH = 32;

function collect(input: unknown, depth: number, found: Found): void {
  if (depth > MAX_DEPTH)
    throw expected(`at most ${MAX_DEPTH} nested collections`, 'the GeoJSON', 'more');
  const { type, coordinates, geometry, geometries, features } = record(input);
  switch (type) {
    case 'FeatureCollection':
      for (const feature of list(features, 'features')) collect(feature, depth + 1, found);
      return;
    case 'Feature':
      // Null is a feature without a place (RFC 7946, 3.2).
      if (geometry !== null) collect(geometry, depth + 1, found);
      return;
    case 'GeometryCollection':
      for (const one of list(geometries, 'geometries')) collect(one, depth + 1, found);
      return;
    case 'Point':
      // No coordinates at all is how some programs write an empty point.
      if (list(coordinates, 'coordinates').length > 0) found.points.push(position(coordinates));
      return;
    case 'MultiPoint':
      for (const one of list(coordinates, 'coordinates')) found.points.push(position(one));
      return;
    case 'LineString':
      addLine(coordinates, found);
      return;
    case 'MultiLineString':
      for (const one of list(coordinates, 'coordinates')) addLine(one, found);
      return;
    case 'Polygon':
      addPolygon(coordinates, found);
      return;
    case 'MultiPolygon':
      for (const one of list(coordinates, 'coordinates')) addPolygon(one, found);
      return;
    default:
      throw expected(
        'a GeoJSON geometry, Feature or FeatureCollection',
        'the region of interest',
        typeOf(input),
      );
  }
}

function addLine(input: unknown, found: Found): void {
  const line = list(input, 'coordinates').map(position);
  if (line.length === 0) return;
  if (line.length < 2) throw expected('two positions or more', 'a LineString', line.length);
  found.lines.push(line);
}

function addPolygon(input: unknown, found: Found): void {
  const rings = list(input, 'coordinates').map((ring) => {
    const points = list(ring, 'coordinates').map(position);
    const [first, last] = [points[0], points.at(-1)];
    if (points.length < 4 || first?.[0] !== last?.[0] || first?.[1] !== last?.[1]) {
      throw expected(
        'four positions or more, the last the same as the first',
        'a ring of a Polygon',
        `${points.length} positions from [${first}] to [${last}]`,
      );
    }
    return points.slice(0, -1);
  });
  if (rings.length > 0) found.polygons.push(rings);
}

function position(input: unknown): XY {
  const [x, y] = Array.isArray(input) ? (input as unknown[]) : [];
  if (!(typeof x === 'number' && typeof y === 'number' && Number.isFinite(x + y)))
    throw expected('a position [x, y]', 'the GeoJSON', JSON.stringify(input)?.slice(0, 60));
  return [x, y];
}

function checkEdges(points: readonly XY[]): void {
  for (const [i, [x, y]] of points.entries()) {
    if (Math.abs(y) > 90)
      throw expected(
        'latitudes from -90 to 90',
        'the GeoJSON',
        `[${x}, ${y}]`,
        'Longitude goes first.',
      );
    const before = points[i - 1];
    if (before === undefined) continue;
    const span = Math.abs(x - before[0]);
    if (span > 180 && span < 360) {
      throw expected(
        'edges that span at most 180 degrees of longitude',
        'the GeoJSON',
        `an edge from longitude ${before[0]} to ${x}`,
        'To cross the antimeridian, count longitudes on past 180 or cut the geometry there; else add a position in between.',
      );
    }
  }
}

function crsOf(input: unknown): Crs {
  const { crs } = record(input);
  if (crs === undefined || crs === null) return parseCrs(EPSG_4326);
  const { type, properties } = record(crs);
  const name = type === 'name' ? record(properties).name : undefined;
  if (typeof name !== 'string') {
    throw expected(
      'a crs member { "type": "name", "properties": { "name": ... } }',
      'the GeoJSON',
      JSON.stringify(crs).slice(0, 60),
    );
  }
  return parseCrs(name);
}

function record(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
}

function list(input: unknown, member: string): readonly unknown[] {
  if (!Array.isArray(input))
    throw expected('an array', `"${member}" of the GeoJSON`, typeOf(input));
  return input;
}

function typeOf(input: unknown): string {
  const { type } = record(input);
  return typeof type === 'string'
    ? type.slice(0, 60)
    : Array.isArray(input)
      ? 'an array'
      : typeof input;
}
