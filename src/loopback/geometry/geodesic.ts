/** Edges that follow the shortest way on the sphere. */
import type { XY } from '../../grid/affine.js';

const DEGREE = Math.PI / 180;

/** Degrees of arc between points, which keeps chords within a centimetre of the arc. */
const STEP = 0.01;
const MAX_PIECES = 4096;

/** Longitudes and latitudes between two points on their great circle, both ends left out. */
export function greatCircle(from: XY, to: XY): XY[] {
  const a = toVector(from);
  const b = toVector(to);
  const cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const pieces = Math.min(MAX_PIECES, Math.ceil(angle / DEGREE / STEP));
  // Along a meridian the great circle is the straight edge, exactly.
  if (pieces < 2 || from[0] === to[0]) return [];
  return Array.from({ length: pieces - 1 }, (_, i): XY => {
    const t = (i + 1) / pieces;
    const wa = Math.sin((1 - t) * angle);
    const wb = Math.sin(t * angle);
    const x = wa * a[0] + wb * b[0];
    const y = wa * a[1] + wb * b[1];
    const z = wa * a[2] + wb * b[2];
    const longitude = Math.atan2(y, x) / DEGREE;
    // On the same turn as the edge, which may go past 180 degrees.
    const middle = (from[0] + to[0]) / 2;
    return [
      longitude + 360 * Math.round((middle - longitude) / 360),
      Math.atan2(z, Math.hypot(x, y)) / DEGREE,
    ];
  });
}

function toVector([longitude, latitude]: XY): readonly [number, number, number] {
  const cosine = Math.cos(latitude * DEGREE);
  return [
    cosine * Math.cos(longitude * DEGREE),
    cosine * Math.sin(longitude * DEGREE),
    Math.sin(latitude * DEGREE),
  ];
}
