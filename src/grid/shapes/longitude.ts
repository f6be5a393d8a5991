/**
 * Longitudes in one piece. Coordinates 360 degrees apart are the same place, and at a pole all
 * longitudes are: a path in another CRS comes back with jumps, which are taken out here.
 */
import type { XY } from '../affine.js';
import type { Ring } from './ring.js';

/** The longitude nearest to `centre` of all that are the same place. */
export function nearestLongitude(longitude: number, centre: number): number {
  return longitude - 360 * Math.round((longitude - centre) / 360);
}

/** An open path of (longitude, latitude), each longitude counted on from the one before. */
export function unwrapLine(points: readonly XY[]): XY[] {
  let before: number | undefined;
  return points.map(([x, y]) => {
    before = before === undefined ? x : nearestLongitude(x, before);
    return [before, y];
  });
}

export interface UnwrappedRing {
  readonly ring: Ring;
  /** Turns around the earth from the first point back to it: 0, or 1 or -1 when the ring surrounds a pole. */
  readonly turns: number;
}

/** Steps this near to half a turn lead over a pole: which way round is not in the two points. */
const HALF_TURN = 179.9;
const POLE = 90 - 1e-9;

/**
 * A closed path of (longitude, latitude), each longitude counted on from the one before. A point at a
 * pole, whose longitude says nothing, becomes two: at the longitudes where the path arrives and leaves.
 */
export function unwrapRing(points: Ring): UnwrappedRing {
  const start = points.findIndex(([, y]) => Math.abs(y) < POLE);
  const origin = points[start];
  if (origin === undefined) return { ring: points, turns: 0 };
  const ring: XY[] = [origin];
  let longitude = origin[0];
  let pole: number | undefined;
  let lastJump: number | undefined;
  let end = longitude;
  for (let step = 1; step <= points.length; step++) {
    const [x, y] = points[(start + step) % points.length] as XY;
    if (Math.abs(y) >= POLE) {
      if (pole === undefined) ring.push([longitude, y]);
      pole = y;
      continue;
    }
    const next = nearestLongitude(x, longitude);
    if (Math.abs(next - longitude) > HALF_TURN) lastJump = ring.length;
    if (pole !== undefined) ring.push([next, pole]);
    pole = undefined;
    longitude = next;
    if (step < points.length) ring.push([next, y]);
    else end = next;
  }
  const turns = Math.round((end - origin[0]) / 360);
  if (turns === 0 || lastJump === undefined) return { ring, turns };
  // A path over a pole does not surround it: the half turn was taken the wrong way.
  const jump = lastJump;
  return { ring: ring.map(([x, y], i) => (i < jump ? [x, y] : [x - 360 * turns, y])), turns: 0 };
}

/** Turns to each side over which a ring around a pole is repeated: enough for any window of 360 degrees. */
const POLAR_TURNS = 2;

/** Wider than any ring that surrounds no pole. */
export const POLAR_WIDTH = 360 * (2 * POLAR_TURNS + 1);

/**
 * The cap inside a ring that surrounds a pole, as an outline in the plane of longitude and latitude:
 * the ring repeated over several turns, closed along the pole. Only its parts within some 360 degrees
 * are meant to be used.
 */
export function polarCap({ ring, turns }: UnwrappedRing, pole: 90 | -90): Ring {
  const [first] = ring;
  if (first === undefined) return ring;
  const shift = nearestLongitude(first[0], 0) - first[0];
  const path: XY[] = [];
  for (let turn = -POLAR_TURNS; turn <= POLAR_TURNS; turn++)
    for (const [x, y] of ring) path.push([x + shift + 360 * turns * turn, y]);
  const start = first[0] + shift - 360 * turns * POLAR_TURNS;
  const end = first[0] + shift + 360 * turns * (POLAR_TURNS + 1);
  return [...path, [end, first[1]], [end, pole], [start, pole]];
}
