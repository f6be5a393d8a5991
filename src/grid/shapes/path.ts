import type { XY } from '../affine.js';

/** How a path is carried into another plane. */
export interface PathMap {
  /** The image of a point; not finite where it has none. */
  readonly image: (point: XY) => XY;
  /** True when the image of an edge's middle lies close enough to the straight line between its ends' images. */
  readonly isFlat: (start: XY, middle: XY, end: XY) => boolean;
  /** Into how many equal parts an edge is cut before flatness is judged, because a middle alone can mislead. */
  readonly pieces: (start: XY, end: XY) => number;
}

/** Halvings of one piece of an edge; 2^-16 of a piece is far below a pixel. */
const MAX_DEPTH = 16;

/**
 * The image of a path of straight edges, with as many points added as keep it flat between them: edges
 * are densified before they are projected. Points without an image are left out, and edges that run to
 * them are followed as far as they have one.
 *
 * @returns image points; of a closed path, the first is not repeated at the end
 */
export function mapPath(points: readonly XY[], isClosed: boolean, map: PathMap): XY[] {
  const first = points[0];
  if (first === undefined) return [];
  const images: XY[] = [];
  const emit = (image: XY) => {
    if (isFinitePoint(image)) images.push(image);
  };
  let [before, image] = [first, map.image(first)];
  emit(image);
  const rest = isClosed ? [...points.slice(1), first] : points.slice(1);
  for (const point of rest) {
    const pieces = Math.max(map.pieces(before, point), 1);
    let start = before;
    for (let i = 1; i <= pieces; i++) {
      const end = i === pieces ? point : between(before, point, i / pieces);
      const endImage = map.image(end);
      refine(map, start, image, end, endImage, MAX_DEPTH, emit);
      emit(endImage);
      [start, image] = [end, endImage];
    }
    before = point;
  }
  if (isClosed && isFinitePoint(image)) images.pop();
  return images;
}

/** Emits the images between those of `start` and `end`, both left out. */
function refine(
  map: PathMap,
  start: XY,
  startImage: XY,
  end: XY,
  endImage: XY,
  depth: number,
  emit: (image: XY) => void,
): void {
  if (depth === 0) return;
  const middle = between(start, end, 0.5);
  const image = map.image(middle);
  const known = [startImage, image, endImage].filter(isFinitePoint).length;
  if (known === 0 || (known === 3 && map.isFlat(startImage, image, endImage))) return;
  refine(map, start, startImage, middle, image, depth - 1, emit);
  emit(image);
  refine(map, middle, image, end, endImage, depth - 1, emit);
}

function between([x1, y1]: XY, [x2, y2]: XY, share: number): XY {
  return [x1 + share * (x2 - x1), y1 + share * (y2 - y1)];
}

export function isFinitePoint([x, y]: XY): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}
