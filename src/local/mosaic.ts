import { type Affine, alignsWith, isAxisAligned, pixelOffset, shift } from '../grid/affine.js';
import type { Shape } from '../grid/geobox.js';
import { around, intersect, relativeTo, united, type Window } from '../grid/window.js';
import type { FilePlace } from './pixel-map.js';

/** A file that may be a part of a raster. */
export interface Piece {
  readonly place: FilePlace;
  /** The bands of the cube that it fills. */
  readonly cube: readonly number[];
  /** In pixels of the cube's grid: all that it may have a value for; none where it lies outside. */
  readonly window: Window | undefined;
  /** Whether nothing on the cube's grid depends on it: it then says where the raster lies, and is not read. */
  readonly isFar: boolean;
}

/** Files that are pieces of one raster: a resampling looks from one into the next. */
export interface Mosaic<P extends Piece> {
  /** From the lowest up. */
  readonly pieces: readonly P[];
  readonly affine: Affine;
  readonly shape: Shape;
}

/** Whether two pieces hold the same in what they have in common: a window of each. */
type Agree<P> = (one: P, inOne: Window, other: P, inOther: Window) => boolean;

interface Group<P extends Piece> {
  readonly pieces: P[];
  /** Of each piece, in pixels from the first one's corner. */
  readonly windows: Window[];
  window: Window | undefined;
  /** False once another raster lies over it: what comes later lies over that one. */
  isOpen: boolean;
}

/**
 * Puts files of one CRS, one pixel size and one alignment together, as gdalbuildvrt does, so that it shows
 * nowhere how a raster was cut into files. Files that overlap and do not hold the same there are rasters of
 * their own, as for gdalwarp: each lies over those before it. Where one of these comes between two files and
 * lies over a part of the first, these two are not one raster either.
 *
 * @param pieces from the lowest up
 * @returns rasters from the lowest up
 */
export function mosaicsOf<P extends Piece>(pieces: readonly P[], agree: Agree<P>): Mosaic<P>[] {
  let groups: Group<P>[] = [];
  for (const piece of pieces) {
    const known = groups.find((group) => group.isOpen && isPieceOf(group, piece, agree));
    const own = known ?? { pieces: [], windows: [], window: undefined, isOpen: true };
    own.pieces.push(piece);
    own.windows.push(windowFrom(own.pieces[0] as P, piece));
    own.window = united(own.window, piece.window);
    // At the height of its topmost file: nothing that it passes by has a pixel in common with it.
    groups = [...groups.filter((group) => group !== own), own];
    for (const group of groups) if (group !== own && isUnder(group, piece)) group.isOpen = false;
  }
  return groups.map((group) => ({ pieces: group.pieces, ...frameOf(group.pieces) }));
}

function isPieceOf<P extends Piece>(
  { pieces, windows }: Group<P>,
  piece: P,
  agree: Agree<P>,
): boolean {
  const [first] = pieces as [P];
  if (piece.place.wkt !== first.place.wkt || piece.cube.join() !== first.cube.join()) return false;
  const base = first.place.affine;
  const { affine, shape } = piece.place;
  const own = windowFrom(first, piece);
  if (!alignsWith(shift(base, own.col, own.row), affine, shape.width, shape.height)) return false;
  const [right, bottom] = [own.col + own.width, own.row + own.height];
  if (piece.isFar) return true;
  return windows.every((theirs, i) => {
    if (pieces[i]?.isFar) return true;
    // Nearly all: among ten thousand pieces there are fifty million pairs.
    if (theirs.col >= right || theirs.row >= bottom) return true;
    if (theirs.col + theirs.width <= own.col || theirs.row + theirs.height <= own.row) return true;
    const common = intersect(own, theirs);
    if (common === undefined) return true;
    return agree(piece, relativeTo(common, own), pieces[i] as P, relativeTo(common, theirs));
  });
}

function windowFrom({ place: { affine } }: Piece, { place }: Piece): Window {
  return { ...pixelOffset(place.affine, affine), ...place.shape };
}

function isUnder<P extends Piece>({ pieces, window }: Group<P>, piece: Piece): boolean {
  if (!pieces[0]?.cube.some((band) => piece.cube.includes(band))) return false;
  return window !== undefined && piece.window !== undefined
    ? intersect(window, piece.window) !== undefined
    : false;
}

/** The raster's corner, with the very numbers of the files that lie there, and its shape. */
function frameOf(pieces: readonly Piece[]): { affine: Affine; shape: Shape } {
  const [first] = pieces as [Piece];
  const base = first.place.affine;
  const windows = pieces.map((piece) => windowFrom(first, piece));
  const { row, col, height, width } = around(windows) as Window;
  const shape = { height, width };
  const left = pieces[windows.findIndex((window) => window.col === col)] as Piece;
  const top = pieces[windows.findIndex((window) => window.row === row)] as Piece;
  if (!isAxisAligned(base)) return { affine: shift(base, col, row), shape };
  const [a, , c] = left.place.affine;
  const [, , , , e, f] = top.place.affine;
  return { affine: [a, 0, c, 0, e, f], shape };
}
