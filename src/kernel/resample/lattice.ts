import { type Affine, alignsWith, apply, invert, isAxisAligned, shift } from '../../grid/affine.js';
import { fullTurnOf } from '../../grid/full-turn.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';

/**
 * Pixels of one size, counted from one corner, without an end. Whatever is computed for a pixel is computed
 * from its place on the lattice, so that it has the same bits in whichever tile or file the pixel comes.
 */
export interface Lattice {
  readonly affine: Affine;
  /** Units of x in a full turn around the earth, where x goes around it. */
  readonly turn?: number | undefined;
}

/** A part of a lattice; rows and columns may lie before its corner. */
export interface LatticeWindow {
  readonly lattice: Lattice;
  readonly window: Window;
}

/** The lattice of a raster's own pixels. */
export function latticeOf({ crs, affine }: Pick<GeoBox, 'crs' | 'affine'>): Lattice {
  return { affine, turn: fullTurnOf(crs)?.length };
}

/** Where a raster lies on the lattice of a larger one; on its own where its pixels are not that one's. */
export function placeOn(raster: GeoBox, affine: Affine | undefined): LatticeWindow {
  const { shape } = raster;
  if (affine !== undefined) {
    const [x, y] = apply(raster.affine, 0, 0);
    const [col, row] = apply(invert(affine), x, y).map(Math.round) as [number, number];
    if (alignsWith(shift(affine, col, row), raster.affine, shape.width, shape.height))
      return { lattice: { ...latticeOf(raster), affine }, window: { row, col, ...shape } };
  }
  return { lattice: latticeOf(raster), window: { row: 0, col: 0, ...shape } };
}

/** Columns in a full turn around the earth, where x goes around it. */
export function columnsIn({ affine, turn }: Lattice): number | undefined {
  return turn === undefined || !isAxisAligned(affine) ? undefined : Math.abs(turn / affine[0]);
}
