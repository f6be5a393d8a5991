/** Shapes on the ground as Earth Engine's `Geometry` has them, and where they lie in another CRS. */
import { type Affine, apply, invert, type XY } from '../../grid/affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../../grid/crs/crs.js';
import { greatCircle } from './geodesic.js';

/** A CRS (code or WKT) and the affine from pixels to its coordinates, row-major as everywhere. */
export interface Projection {
  readonly kind: 'Projection';
  readonly crs: string;
  readonly transform: Affine;
}

export const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];

/** What Earth Engine gives whatever has no projection of its own: pixels of one degree. */
export const WGS84: Projection = { kind: 'Projection', crs: EPSG_4326, transform: IDENTITY };

export interface Geometry {
  readonly kind: 'Geometry';
  readonly type: GeometryType;
  /** As in GeoJSON, in pixels of the projection (which are its CRS' units unless it has a transform). */
  readonly coordinates: Nested;
  readonly projection: Projection;
  /** True when edges follow the shortest way on the sphere, false when they are straight in the CRS. */
  readonly geodesic: boolean;
}

export const GEOMETRY_TYPES = [
  'Point',
  'MultiPoint',
  'LineString',
  'LinearRing',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
] as const;

export type GeometryType = (typeof GEOMETRY_TYPES)[number];

/** A number, or lists of them nested as deep as the type wants. */
export type Nested = number | readonly Nested[];

export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** The outlines of all parts, each a list of points in the geometry's own pixels. */
export function outlinesOf({ coordinates }: Geometry): XY[][] {
  const found: XY[][] = [];
  collect(coordinates, found);
  return found;
}

function collect(nested: Nested, found: XY[][]): void {
  if (typeof nested === 'number') return;
  if (isPoint(nested)) {
    found.push([nested]);
  } else if (nested.every(isPoint)) {
    found.push(nested.map(([x, y]) => [x, y]));
  } else {
    for (const part of nested) collect(part, found);
  }
}

export function isPoint(nested: Nested): nested is readonly [number, number] {
  return Array.isArray(nested) && nested.length >= 2 && nested.every((x) => typeof x === 'number');
}

/** Pieces that a straight edge is cut into before it goes to another CRS. */
const PIECES = 64;

/** The outlines in another CRS, with edges cut so finely that they may be taken for straight ones there. */
export function outlinesIn(geometry: Geometry, crs: Crs): XY[][] {
  const { crs: name, transform } = geometry.projection;
  const own = parseCrs(name);
  const isOwn = sameCrs(own, crs);
  const isClosed = geometry.type.endsWith('Polygon') || geometry.type === 'LinearRing';
  return outlinesOf(geometry).map((outline) => {
    const points = outline.map(([x, y]) => apply(transform, x, y));
    if (geometry.geodesic) {
      const toDegrees = transformer(own, parseCrs(EPSG_4326));
      const toTarget = transformer(parseCrs(EPSG_4326), crs);
      const degrees = points.map(([x, y]) => toDegrees(x, y));
      return cut(degrees, isClosed, greatCircle).map(([x, y]) => toTarget(x, y));
    }
    if (isOwn) return points;
    const toTarget = transformer(own, crs);
    return cut(points, isClosed, straight).map(([x, y]) => toTarget(x, y));
  });
}

function cut(points: readonly XY[], isClosed: boolean, between: (from: XY, to: XY) => XY[]): XY[] {
  const last = points.length - (isClosed ? 0 : 1);
  const inner = points.slice(0, last).flatMap((from, at) => {
    const to = points[(at + 1) % points.length] as XY;
    return [from, ...between(from, to)];
  });
  return isClosed ? inner : [...inner, ...points.slice(-1)];
}

function straight([x0, y0]: XY, [x1, y1]: XY): XY[] {
  if (x0 === x1 && y0 === y1) return [];
  return Array.from({ length: PIECES - 1 }, (_, i): XY => {
    const t = (i + 1) / PIECES;
    return [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t];
  });
}

/** The box around the geometry, in pixels of `projection`; `undefined` when it has no points. */
export function boundsIn(geometry: Geometry, projection: Projection): Box | undefined {
  const toPixels = invert(projection.transform);
  const points = outlinesIn(geometry, parseCrs(projection.crs))
    .flat()
    .map(([x, y]) => apply(toPixels, x, y));
  if (points.length === 0) return undefined;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const box = { west: least(xs), south: least(ys), east: -least(xs, -1), north: -least(ys, -1) };
  return Object.values(box).every(Number.isFinite) ? box : undefined;
}

/** A spread into `Math.min` would run out of stack. */
function least(values: readonly number[], sign = 1): number {
  return values.reduce((low, value) => Math.min(low, sign * value), Number.POSITIVE_INFINITY);
}

export function boxGeometry({ west, south, east, north }: Box, projection: Projection): Geometry {
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { kind: 'Geometry', type: 'Polygon', coordinates: [ring], projection, geodesic: false };
}
