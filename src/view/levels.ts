/**
 * The levels at which a cube is shown: level 0 has its own pixels, each further one every second pixel of the level
 * before along both sides. Pixel i of level k is the cube's pixel i * 2^k + 2^(k-1), the last one at most. Where the cube
 * has overviews that are up to date, it is what a load of this level's grid makes of them (pixels/overview.ts).
 */
import { apply } from '../grid/affine.js';
import { GeoBox, type Shape } from '../grid/geobox.js';

/** Pixels on a side of the pictures that the page asks for. */
export const TILE_PX = 256;

/** The level at which all of the cube is in one picture. */
export function topLevel({ height, width }: Shape): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(height, width) / TILE_PX)));
}

/** Pixels along a side of a level. */
export function lengthAt(level: number, length: number): number {
  return Math.ceil(length / 2 ** level);
}

/** The cube's pixel that a level's pixel shows. */
export function sourceOf(index: number, level: number, length: number): number {
  return Math.min(index * 2 ** level + offsetOf(level), length - 1);
}

/** The first of a level's pixels that show one of the cube's pixels from `start` on, or one beyond all. */
export function firstFrom(start: number, level: number, length: number): number {
  if (start >= length) return lengthAt(level, length);
  return Math.max(0, Math.ceil((start - offsetOf(level)) / 2 ** level));
}

function offsetOf(level: number): number {
  return level === 0 ? 0 : 2 ** (level - 1);
}

/** Pixels of a level as a raster of its own: as {@link Shape} and place say, each 2^level pixels of the cube wide. */
export function levelBox(
  geobox: GeoBox,
  { level, row, col, height, width }: Shape & Record<'level' | 'row' | 'col', number>,
): GeoBox {
  const side = 2 ** level;
  const [a, b, , d, e] = geobox.affine;
  const [x, y] = apply(geobox.affine, col * side, row * side);
  return GeoBox.fromRecord({
    ...geobox.toRecord(),
    shape: [height, width],
    affine: [a * side, b * side, x, d * side, e * side, y],
  });
}
