/**
 * Shapes in any CRS, put onto a frame: projected with their edges densified, moved by whole turns to
 * where the frame has them, in pixel coordinates.
 */
import type { XY } from '../affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../crs/crs.js';
import { type FullTurn, fullTurnOf } from '../crs/full-turn.js';
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
    if (target.isGeographic) return turnInto(shapes, domainOfGeographic(frame), boundsOf(frame));
    const turn = fullTurnOf(target);
    if (turn === undefined) return shapes;
    const [south, north] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const domain = { ...turnAround(boundsOf(frame), turn), south, north };
    return turnInto(shapes, domain, boundsOf(frame), turn.length);
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
  return { ...turnAround(boundsOf(frame), DEGREES), south: -90, north: 90 };
}

const DEGREES: FullTurn = { length: 360, middle: 0 };

/** A full turn around the middle of an extent, or that of the map of the world where the extent has all of it. */
function turnAround(
  { west, east }: Pick<Bounds, 'west' | 'east'>,
  { length, middle }: FullTurn,
): Pick<Bounds, 'west' | 'east'> {
  const half = length / 2;
  const rounding = 1e-11 * half;
  const isWorld = west <= middle - half + rounding && east >= middle + half - rounding;
  const centre = isWorld ? middle : (west + east) / 2;
  return { west: centre - half, east: centre + half };
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
 * Moves shapes by whole turns, of 360 degrees or of that length, to where the domain has them, and cuts off what lies outside it. Shapes
 * within `whole` are left alone.
 */
function turnInto(
  { points, lines, polygons }: Shapes,
  domain: Bounds,
  whole?: Bounds,
  length = 360,
): Shapes {
  const { west, east, south, north } = domain;
  const isWhole = (bounds: Bounds) =>
    whole !== undefined &&
    bounds.west >= whole.west &&
    bounds.east <= whole.east &&
    bounds.east - bounds.west <= length;
  const turned = (point: XY, turn: number): XY => [point[0] + length * turn, point[1]];
  return {
    points: points.map((point) => {
      if (isWhole(boundsOfPoints([point]))) return point;
      return turned(point, -Math.floor((point[0] - west) / length));
    }),
    lines: lines.flatMap((line) => {
      const bounds = boundsOfPoints(line);
      if (isWhole(bounds)) return [line];
      return turnsOf(bounds, domain, length).flatMap((turn) =>
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
      if (
        isWhole(bounds) &&
        bounds.south >= Math.min(south, -90) &&
        bounds.north <= Math.max(north, 90)
      )
        return [rings];
      const turns = length === 360 && isPolarCap(bounds) ? [0] : turnsOf(bounds, domain, length);
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
function turnsOf(bounds: Bounds, domain: Bounds, length: number): number[] {
  const first = Math.ceil((domain.west - bounds.east) / length);
  const last = Math.floor((domain.east - bounds.west) / length);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
}

/**
 * Shapes in degrees, onto a frame of a cylindrical projection: that is a geographic one with another scale,
 * which goes on beyond either edge of its map of the world.
 */
function roll(
  shapes: Shapes,
  from: Crs,
  frame: Frame,
  { length, middle }: FullTurn,
  reach: 'frame' | 'world',
): Shapes {
  const back = transformer(frame.crs, from);
  const [meridian] = back(middle, 0);
  const bounds = boundsOf(frame);
  const longitude = (x: number) => meridian + ((x - middle) / length) * 360;
  const latitude = (y: number, pole: number) => {
    const at = back(middle, y)[1];
    return Number.isFinite(at) ? at : pole;
  };
  const [south, north] = [latitude(bounds.south, -90), latitude(bounds.north, 90)];
  const whole = { west: longitude(bounds.west), east: longitude(bounds.east), south, north };
  const margin = 0.02 * (north - south) + 1e-6;
  const limits =
    reach === 'frame'
      ? { south: Math.max(south - margin, -90), north: Math.min(north + margin, 90) }
      : { south: -90, north: 90 };
  const cut = turnInto(
    shapes,
    { ...turnAround(whole, { length: 360, middle: meridian }), ...limits },
    whole,
  );
  const convert = transformer(from, frame.crs);
  const image = ([x, y]: XY): XY => {
    const [px, py] = convert(x - 360 * Math.round((x - meridian) / 360), y);
    // Half a turn away either edge of the map may have come out.
    const wanted = middle + ((x - meridian) / 360) * length;
    return [px + length * Math.round((wanted - px) / length), py];
  };
  return mapped(cut, from, frame, image, limits);
}

/** Shapes in degrees, onto a projected frame. */
function project(shapes: Shapes, from: Crs, frame: Frame, reach: 'frame' | 'world'): Shapes {
  const turn = fullTurnOf(frame.crs);
  if (turn !== undefined) return roll(shapes, from, frame, turn, reach);
  const near = domainOfProjected(frame, from);
  const domain = reach === 'frame' ? near : worldAround(near);
  // Around a pole any longitude will do: cutting would only add edges.
  const whole = domain.isPolar ? { ...domain, west: -540, east: 540 } : undefined;
  const cut = turnInto(shapes, domain, whole);
  const convert = transformer(from, frame.crs);
  const image = ([x, y]: XY) => convert(x, y);
  const { points, ...others } = cut;
  const inside = domain.isPolar ? points : points.filter(([x]) => x <= domain.east);
  return mapped({ points: inside, ...others }, from, frame, image, domain);
}

/** The images of shapes between two latitudes, edges densified. */
function mapped(
  { points, lines, polygons }: Shapes,
  from: Crs,
  frame: Frame,
  image: (point: XY) => XY,
  { south, north }: Pick<Bounds, 'south' | 'north'>,
): Shapes {
  const [width, height] = pixelSize(frame);
  const isFlat: PathMap['isFlat'] = ([x1, y1], [x, y], [x2, y2]) =>
    Math.abs(x - (x1 + x2) / 2) <= FLATNESS * width &&
    Math.abs(y - (y1 + y2) / 2) <= FLATNESS * height;
  const map = (path: readonly XY[], isClosed: boolean) =>
    mapPath(path, isClosed, { image, isFlat, pieces: piecesOf(path, from) });
  return {
    points: points.filter(([, y]) => y >= south && y <= north).map(image),
    lines: lines.flatMap((line) => clipLine(line, 1, south, north)).map((line) => map(line, false)),
    polygons: polygons.map((rings) =>
      clipRings(rings, 1, south, north).map((ring) => map(ring, true)),
    ),
  };
}
