import { type Affine, alignsWith, isAxisAligned, pixelOffset, shift } from '../../grid/affine.js';
import { fullTurnOf } from '../../grid/crs/full-turn.js';
import type { GeoBox, Shape } from '../../grid/geobox.js';
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
    const { col, row } = pixelOffset(raster.affine, affine);
    if (alignsWith(shift(affine, col, row), raster.affine, shape.width, shape.height))
      return { lattice: { ...latticeOf(raster), affine }, window: { row, col, ...shape } };
  }
  return { lattice: latticeOf(raster), window: { row: 0, col: 0, ...shape } };
}

/** A grid of which a raster may be a part. */
export interface WholeGrid {
  readonly affine: Affine;
  readonly shape: readonly [height: number, width: number];
}

/** As {@link placeOn}, and how far the grid reaches: the raster's own where it is no part of a larger one. */
export function targetOn(
  raster: GeoBox,
  whole: WholeGrid | undefined,
): LatticeWindow & { readonly grid: Shape } {
  const place = placeOn(raster, whole?.affine);
  if (whole === undefined || place.lattice.affine !== whole.affine)
    return { ...place, grid: raster.shape };
  const [height, width] = whole.shape;
  return { ...place, grid: { height, width } };
}

/** Columns in a full turn around the earth, where x goes around it. */
export function columnsIn({ affine, turn }: Lattice): number | undefined {
  return turn === undefined || !isAxisAligned(affine) ? undefined : Math.abs(turn / affine[0]);
}
