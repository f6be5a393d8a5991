import type { XY } from '../../grid/affine.js';

/** Points nearer than this to the last one drawn, in picture units, are left out: nobody sees them. */
const NEAREST = 0.4;

/**
 * SVG path data of several lines or rings, to a tenth of a unit, in relative coordinates because
 * they are shorter. Lines that shrink to a point vanish.
 *
 * @param closed rings are closed, and those of fewer than three points left out.
 */
export function pathData(pieces: Iterable<readonly XY[]>, closed: boolean): string {
  const parts: string[] = [];
  for (const piece of pieces) {
    const thinned = thin(piece);
    if (thinned.length >= (closed ? 3 : 2)) parts.push(pieceData(thinned, closed));
  }
  return parts.join('');
}

/** Leaves out points too near to see, but never the first and the last, where pieces meet. */
function thin(points: readonly XY[]): XY[] {
  const kept: XY[] = [];
  let [x, y] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  points.forEach((point, index) => {
    const isFar = Math.abs(point[0] - x) >= NEAREST || Math.abs(point[1] - y) >= NEAREST;
    if (!isFar && index !== points.length - 1) return;
    kept.push(point);
    [x, y] = point;
  });
  return kept;
}

function pieceData(points: readonly XY[], closed: boolean): string {
  let text = '';
  // Whole tenths, so that rounding does not add up along the line.
  let [penX, penY] = [0, 0];
  points.forEach(([px, py], index) => {
    const [x, y] = [Math.round(px * 10), Math.round(py * 10)];
    if (index === 0) text += `M${tenths(x)}${separated(y)}`;
    else text += (index === 1 ? `l${tenths(x - penX)}` : separated(x - penX)) + separated(y - penY);
    [penX, penY] = [x, y];
  });
  return closed ? `${text}z` : text;
}

/** 12 -> `1.2`, -4 -> `-.4` */
function tenths(value: number): string {
  return String(value / 10).replace(/^(-?)0\./, '$1.');
}

function separated(value: number): string {
  return value < 0 ? tenths(value) : ` ${tenths(value)}`;
}
