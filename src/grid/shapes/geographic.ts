import type { XY } from '../affine.js';
import { type Crs, transformer } from '../crs/crs.js';
import { fullTurnOf } from '../crs/full-turn.js';
import { type Bounds, boundsOfPoints, cornersOf, type Frame } from '../frame.js';
import { nearestLongitude, POLAR_WIDTH, polarCap, unwrapLine, unwrapRing } from './longitude.js';
import { isFinitePoint, mapPath, type PathMap } from './path.js';
import { holds, type Ring, type RingSet } from './ring.js';

/** Paths in some CRS as paths of longitude and latitude in one piece. */
export interface ToGeographic {
  readonly point: (point: XY) => XY;
  readonly line: (points: readonly XY[]) => XY[];
  /** The outline of the same place; of a ring around a pole, the outline of its cap (see {@link polarCap}). */
  readonly ring: (ring: Ring) => Ring;
  /** Rings of one polygon, the holes at longitudes within those of the outline. */
  readonly polygon: (rings: RingSet) => RingSet;
}

/** Edges are cut into parts of at most this many degrees before flatness is judged. */
const DEGREES_A_PIECE = 10;
/** Edges of a projected path: into that many parts for the extent of the whole path. */
const PIECES_A_SPAN = 8;

/** How many parts an edge is cut into at first. */
export function piecesOf(points: readonly XY[], crs: Crs): (start: XY, end: XY) => number {
  const { west, south, east, north } = boundsOfPoints(points);
  const span = Math.max(east - west, north - south);
  const unit = crs.isGeographic ? DEGREES_A_PIECE : span / PIECES_A_SPAN;
  return ([x1, y1], [x2, y2]) =>
    unit > 0 ? Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) / unit) : 1;
}

/**
 * @param tolerance degrees by which a straight edge between two points may miss the true one. Degrees
 * of longitude count as long as they are on the ground, or as degrees of latitude when `isPlane`.
 */
export function toGeographic(
  from: Crs,
  to: Crs,
  tolerance: readonly [longitude: number, latitude: number],
  isPlane: boolean,
): ToGeographic {
  const convert = transformer(from, to);
  const image = ([x, y]: XY) => convert(x, y);
  const isFlat: PathMap['isFlat'] = ([x1, y1], [x, y], [x2, y2]) => {
    const shrink = isPlane ? 1 : Math.cos((y * Math.PI) / 180);
    const off = nearestLongitude(x, x1) - (x1 + nearestLongitude(x2, x1)) / 2;
    return Math.abs(off) * shrink <= tolerance[0] && Math.abs(y - (y1 + y2) / 2) <= tolerance[1];
  };
  const map = (points: readonly XY[], isClosed: boolean) =>
    mapPath(points, isClosed, { image, isFlat, pieces: piecesOf(points, from) });
  const back = transformer(to, from);
  const ring = (points: Ring) => {
    const images = map(points, true);
    // Edges along a pole of a geographic CRS are edges; those of a projection cross it in a point.
    if (from.isGeographic) return unwrapLine(images);
    const unwrapped = unwrapRing(images);
    if (unwrapped.turns === 0) return unwrapped.ring;
    const [north, south] = [back(0, 90), back(0, -90)];
    if (isFinitePoint(north) && holds([points], north)) return polarCap(unwrapped, 90);
    if (isFinitePoint(south) && holds([points], south)) return polarCap(unwrapped, -90);
    return polarCap(unwrapped, images.reduce((sum, [, y]) => sum + y, 0) > 0 ? 90 : -90);
  };
  return {
    point: image,
    line: (points) => unwrapLine(map(points, false)),
    ring,
    polygon: (rings) => alignHoles(rings.map(ring).filter(({ length }) => length > 2)),
  };
}

/** Moves holes by whole turns to where the outline has them; into a polar cap, to every turn of it. */
function alignHoles([outline, ...holes]: RingSet): RingSet {
  if (outline === undefined) return [];
  const around = boundsOfPoints(outline);
  const isCap = isPolarCap(around);
  return [
    outline,
    ...holes.flatMap((hole) => {
      const { west, east } = boundsOfPoints(hole);
      if (isPolarCap({ west, east })) return [hole];
      const shift = nearestLongitude((west + east) / 2, (around.west + around.east) / 2);
      const turn = shift - (west + east) / 2;
      const turns = isCap ? [-2, -1, 0, 1, 2] : [0];
      return turns.map((more) => hole.map(([x, y]): XY => [x + turn + 360 * more, y]));
    }),
  ];
}

/** True for the bounds of a polar cap, which are the only ones that wide. */
export function isPolarCap({ west, east }: Pick<Bounds, 'west' | 'east'>): boolean {
  return east - west > POLAR_WIDTH - 1;
}

/** Degrees that a frame's middle pixel measures, by the shorter side; `undefined` where it has no place on earth. */
export function pixelDegrees({ crs, affine, shape }: Frame, geographic: Crs): number | undefined {
  const convert = transformer(crs, geographic);
  const at = (col: number, row: number): XY => {
    const [a, b, c, d, e, f] = affine;
    return convert(a * col + b * row + c, d * col + e * row + f);
  };
  const [col, row] = [shape.width / 2, shape.height / 2];
  const [lon, lat] = at(col, row);
  const sides = (
    [
      [col + 1, row],
      [col, row + 1],
    ] as const
  ).map(([c, r]) => {
    const [x, y] = at(c, r);
    const east = (nearestLongitude(x, lon) - lon) * Math.cos((lat * Math.PI) / 180);
    return Math.hypot(east, y - lat);
  });
  const size = Math.min(...sides);
  return Number.isFinite(size) && size > 0 ? size : undefined;
}

/** Parts of each edge at whose ends an outline is tried. */
const TRIED = 8;
/** Past any coordinate on earth, in whatever unit. */
const FAR = 1e10;

/**
 * True when points all along a closed outline have a place in another CRS and come back from there:
 * projections give numbers, not errors, for much that is no place of theirs.
 */
export function hasImage(ring: Ring, from: Crs, to: Crs): boolean {
  const [there, back] = [transformer(from, to), transformer(to, from)];
  const { west, south, east, north } = boundsOfPoints(ring);
  const turn = fullTurnOf(from)?.length;
  const allowed = 1e-4 * Math.max(east - west, north - south);
  const returns = ([x, y]: XY) => {
    const [tx, ty] = there(x, y);
    if (!(Math.abs(tx) < FAR && Math.abs(ty) < FAR)) return false;
    const [px, py] = back(tx, ty);
    // At a pole any longitude comes back.
    const isPole = from.isGeographic && Math.abs(y) > 90 - 1e-6;
    const off = px - x - (turn === undefined ? 0 : turn * Math.round((px - x) / turn));
    return Math.hypot(isPole ? 0 : off, py - y) <= allowed;
  };
  return ring.every(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length] ?? [x1, y1];
    return Array.from({ length: TRIED }, (_, k) => k / TRIED).every((share) =>
      returns([x1 + share * (x2 - x1), y1 + share * (y2 - y1)]),
    );
  });
}

/** True when the whole outline of a frame has a place on earth, which the corners of a map of the world need not. */
export function isOnEarth(frame: Frame, geographic: Crs): boolean {
  return frame.crs.isGeographic || hasImage(cornersOf(frame), frame.crs, geographic);
}

/**
 * The frame's outline in longitude and latitude, in one piece; around a pole, that of the polar cap.
 * `undefined` when some of it is no place on earth.
 */
export function geographicOutline(
  frame: Frame,
  geographic: Crs,
  tolerance: number,
): Ring | undefined {
  if (!isOnEarth(frame, geographic)) return undefined;
  const map = toGeographic(frame.crs, geographic, [tolerance, tolerance], false);
  return map.ring(cornersOf(frame));
}
