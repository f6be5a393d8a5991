/** Which pixels have their centres inside of a shape. */
import { apply, invert, type XY } from '../../grid/affine.js';
import type { Frame, Mask } from '../image/image.js';

/** By the even-odd rule; a centre on an edge belongs to the pixels right of it and below. */
export function insideMask(rings: readonly (readonly XY[])[], frame: Frame): Mask {
  const { width, height, geobox } = frame;
  const toPixels = invert(geobox.affine);
  const crossings: number[][] = Array.from({ length: height }, () => []);
  for (const ring of rings) {
    const points = ring.map(([x, y]) => apply(toPixels, x, y));
    for (const [index, from] of points.entries()) {
      cross(from, points[(index + 1) % points.length] as XY, crossings);
    }
  }
  const mask = new Uint8Array(width * height);
  for (const [row, columns] of crossings.entries()) {
    columns.sort((a, b) => a - b);
    for (let at = 0; at + 1 < columns.length; at += 2) {
      const first = clamp(Math.ceil((columns[at] as number) - 0.5), width);
      const end = clamp(Math.ceil((columns[at + 1] as number) - 0.5), width);
      mask.fill(1, row * width + first, row * width + end);
    }
  }
  return mask;
}

/** Where the edge crosses the middles of rows; its upper end belongs to it, its lower end does not. */
function cross([x0, y0]: XY, [x1, y1]: XY, crossings: number[][]): void {
  if (!(Number.isFinite(x0 + y0) && Number.isFinite(x1 + y1)) || y0 === y1) return;
  const first = Math.max(0, Math.ceil(Math.min(y0, y1) - 0.5));
  const end = Math.min(crossings.length, Math.ceil(Math.max(y0, y1) - 0.5));
  for (let row = first; row < end; row++) {
    crossings[row]?.push(x0 + ((row + 0.5 - y0) / (y1 - y0)) * (x1 - x0));
  }
}

function clamp(column: number, width: number): number {
  return Math.min(Math.max(column, 0), width);
}
