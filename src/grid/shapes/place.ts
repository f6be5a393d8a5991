/**
 * Shapes in any CRS, put onto a frame: projected with their edges densified, moved by whole turns to
 * where the frame has them, in pixel coordinates.
 */
import type { XY } from '../affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../crs.js';
import {
  type Bounds,
  boundsOf,
  boundsOfPoints,
  type Frame,
  pixelSize,
  toPixels,
} from '../frame.js';
import {
  geographicOutline,
  isPolarCap,
  piecesOf,
  pixelDegrees,
  toGeographic,
} from './geographic.js';
import { isFinitePoint, mapPath, type PathMap } from './path.js';
import { clipLine, clipRings, type RingSet } from './ring.js';

/** Points, open paths and polygons (outline and holes) of one plane. Each is [x, y]. */
export interface Shapes {
  readonly points: readonly XY[];
  readonly lines: readonly (readonly XY[])[];
  readonly polygons: readonly RingSet[];
}

/** By how much of a pixel of the frame a projected edge may miss the true one. */
const FLATNESS = 0.01;

/**
 * The shapes in pixel coordinates (col, row) of `frame`. A shape that a geographic frame has in two
 * places, on either side of the antimeridian, becomes two.
 *
 * @param reach `frame` leaves out what lies far outside it, where its projection may have no numbers, or
 * wrong ones; `world` leaves out nothing.
 */
export function placeOn(
  frame: Frame,
  shapes: Shapes,
  crs: Crs,
  reach: 'frame' | 'world' = 'frame',
): Shapes {
  const placed = inCrsOf(frame, shapes, crs, reach);
  const pixel = toPixels(frame);
  return {
    points: placed.points.filter(isFinitePoint).map(pixel),
    lines: placed.lines.map((line) => line.map(pixel)),
    polygons: placed.polygons.map((rings) => rings.map((ring) => ring.map(pixel))),
  };
}

function inCrsOf(frame: Frame, shapes: Shapes, crs: Crs, reach: 'frame' | 'world'): Shapes {
  const target = frame.crs;
  if (sameCrs(crs, target)) {
    return target.isGeographic
      ? turnInto(shapes, domainOfGeographic(frame), boundsOf(frame))
      : shapes;
  }
  if (target.isGeographic) {
    const [width, height] = pixelSize(frame);
    const degrees = geographically(
      shapes,
      crs,
      target,
      [FLATNESS * width, FLATNESS * height],
      true,
    );
    return turnInto(degrees, domainOfGeographic(frame), boundsOf(frame));
  }
  if (crs.isGeographic) return project(shapes, crs, frame, reach);
  // From one projection to another by way of degrees, where what lies across an edge of either map is known.
  const geographic = parseCrs(EPSG_4326);
  const tolerance = FLATNESS * (pixelDegrees(frame, geographic) ?? 1e-5);
  return project(
    geographically(shapes, crs, geographic, [tolerance, tolerance], false),
    geographic,
    frame,
    reach,
  );
}

function geographically(
  { points, lines, polygons }: Shapes,
  from: Crs,
  to: Crs,
  tolerance: readonly [number, number],
  isPlane: boolean,
): Shapes {
  const map = toGeographic(from, to, tolerance, isPlane);
  return {
    points: points.map(map.point).filter(isFinitePoint),
    lines: lines.map(map.line).filter(({ length }) => length > 1),
    polygons: polygons.map(map.polygon).filter(({ length }) => length > 0),
  };
}

/**
 * The 360 degrees of longitude in which a geographic frame has each place once: around its middle, or
 * -180..180 where it spans the world (and perhaps a part of a pixel more, so that its pixels are whole).
 */
function domainOfGeographic(frame: Frame): Bounds {
  const { west, east } = boundsOf(frame);
  const isWorld = west <= -180 + 1e-9 && east >= 180 - 1e-9;
  const middle = isWorld ? 0 : (west + east) / 2;
  return { west: middle - 180, east: middle + 180, south: -90, north: 90 };
}

/** The degrees that a projected frame shows, and a margin; at most 360 of longitude. */
function domainOfProjected(frame: Frame, geographic: Crs): Bounds & { readonly isPolar: boolean } {
  const pixel = pixelDegrees(frame, geographic) ?? 1e-3;
  const outline = geographicOutline(frame, geographic, Math.max(pixel, 1e-4));
  if (outline === undefined || outline.length < 3)
    return { west: -180, east: 180, south: -90, north: 90, isPolar: false };
  const bounds = boundsOfPoints(outline);
  const margin = 0.02 * (bounds.north - bounds.south) + 2 * pixel + 1e-6;
  const [south, north] = [
    Math.max(bounds.south - margin, -90),
    Math.min(bounds.north + margin, 90),
  ];
  if (isPolarCap(bounds)) return { west: -180, east: 180, south, north, isPolar: true };
  // Meridians converge: a margin of latitude is more degrees of longitude.
  const more = margin / Math.max(Math.cos((Math.max(-south, north) * Math.PI) / 180), 1e-3);
  const middle = (bounds.west + bounds.east) / 2;
  // Just under a whole turn: where a map of the world is cut, its own edge is the place meant.
  const half = Math.min((bounds.east - bounds.west) / 2 + more, 180 - 1e-9);
  return { west: middle - half, east: middle + half, south, north, isPolar: false };
}

/** All degrees, the longitudes around the middle of the domain. */
function worldAround({ west, east, isPolar }: Bounds & { readonly isPolar: boolean }) {
  const middle = (west + east) / 2;
  return { west: middle - 180, east: middle + 180, south: -90, north: 90, isPolar };
}

/**
 * Moves shapes by whole turns to where the domain has them, and cuts off what lies outside it. Shapes
 * within `whole` are left alone.
 */
function turnInto({ points, lines, polygons }: Shapes, domain: Bounds, whole?: Bounds): Shapes {
  const { west, east, south, north } = domain;
  const isWhole = (bounds: Bounds) =>
    whole !== undefined &&
    bounds.west >= whole.west &&
    bounds.east <= whole.east &&
    bounds.east - bounds.west <= 360;
  const turned = (point: XY, turn: number): XY => [point[0] + 360 * turn, point[1]];
  return {
    points: points.map((point) => {
      if (isWhole(boundsOfPoints([point]))) return point;
      return turned(point, -Math.floor((point[0] - west) / 360));
    }),
    lines: lines.flatMap((line) => {
      const bounds = boundsOfPoints(line);
      if (isWhole(bounds)) return [line];
      return turnsOf(bounds, domain).flatMap((turn) =>
        clipLine(
          line.map((point) => turned(point, turn)),
          0,
          west,
          east,
        ),
      );
    }),
    polygons: polygons.flatMap((rings) => {
      const bounds = boundsOfPoints(rings.flat());
      if (isWhole(bounds) && bounds.south >= -90 && bounds.north <= 90) return [rings];
      const turns = isPolarCap(bounds) ? [0] : turnsOf(bounds, domain);
      return turns.map((turn) =>
        clipRings(
          clipRings(
            rings.map((ring) => ring.map((point) => turned(point, turn))),
            0,
            west,
            east,
          ),
          1,
          south,
          north,
        ),
      );
    }),
  };
}

/** The whole turns that bring some part of `west..east` into the domain. */
function turnsOf(bounds: Bounds, domain: Bounds): number[] {
  const first = Math.ceil((domain.west - bounds.east) / 360);
  const last = Math.floor((domain.east - bounds.west) / 360);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
}

/** Shapes in degrees, onto a projected frame. */
function project(shapes: Shapes, from: Crs, frame: Frame, reach: 'frame' | 'world'): Shapes {
  const near = domainOfProjected(frame, from);
  const domain = reach === 'frame' ? near : worldAround(near);
  // Around a pole any longitude will do: cutting would only add edges.
  const whole = domain.isPolar ? { ...domain, west: -540, east: 540 } : undefined;
  const cut = turnInto(shapes, domain, whole);
  const [width, height] = pixelSize(frame);
  const convert = transformer(from, frame.crs);
  const isFlat: PathMap['isFlat'] = ([x1, y1], [x, y], [x2, y2]) =>
    Math.abs(x - (x1 + x2) / 2) <= FLATNESS * width &&
    Math.abs(y - (y1 + y2) / 2) <= FLATNESS * height;
  const map = (points: readonly XY[], isClosed: boolean) =>
    mapPath(points, isClosed, {
      image: ([x, y]) => convert(x, y),
      isFlat,
      pieces: piecesOf(points, from),
    });
  return {
    points: cut.points
      .filter(
        ([x, y]) => y >= domain.south && y <= domain.north && (domain.isPolar || x <= domain.east),
      )
      .map(([x, y]) => convert(x, y)),
    lines: cut.lines
      .flatMap((line) => clipLine(line, 1, domain.south, domain.north))
      .map((line) => map(line, false)),
    polygons: cut.polygons.map((rings) =>
      (whole === undefined ? rings : clipRings(rings, 1, domain.south, domain.north)).map((ring) =>
        map(ring, true),
      ),
    ),
  };
}
