import type { Resampling } from '../../dataset/dataset.js';
import type { Affine } from '../../grid/affine.js';
import type { Crs } from '../../grid/crs/crs.js';
import type { GeoBox } from '../../grid/geobox.js';
import { relativeTo, type Window } from '../../grid/window.js';
import type { WorkType } from '../../raster/dtype.js';
import type { BandRaster } from '../band-raster.js';
import type { BandPlace } from './band-room.js';
import { type Lattice, placeOn, targetOn, type WholeGrid } from './lattice.js';
import { type Loops, TYPESCRIPT_LOOPS } from './loops.js';
import type { Positions } from './positions.js';
import { type HolderRoom, type SourceBand, Warp } from './warp.js';

/** The grids of which the rasters of a warp are parts, so that it shows nowhere how they were cut. */
export interface WarpGrids {
  readonly source?: Affine | undefined;
  readonly target?: WholeGrid;
}

export interface RasterWarp {
  readonly dtype: WorkType;
  readonly resampling: Resampling;
  readonly grids?: WarpGrids | undefined;
  readonly loops?: Loops;
  /** Of each band, where it goes. Default: fresh memory. */
  readonly places?: readonly BandPlace[] | undefined;
  readonly holderRoom?: HolderRoom | undefined;
  /** A band is read as one, whatever of it is needed. */
  readonly isInMemory?: boolean;
}

/** Puts bands on another raster, by positions that it knows how to find; as {@link warpRasters}. */
export type WarpedBands = (
  bands: readonly SourceBand[],
  from: GeoBox,
  to: GeoBox,
  how: Omit<RasterWarp, 'loops'>,
) => Generator<BandRaster>;

/** Finds positions between rasters in memory. */
export type PositionsOf = (
  source: { readonly crs: Crs; readonly lattice: Lattice; readonly window: Window },
  target: { readonly crs: Crs; readonly lattice: Lattice; readonly grid: Window },
) => Positions;

/**
 * Bands that lie on the raster `from`, on the raster `to`, with gaps of their own; each when it is asked for.
 *
 * @param bands read by windows of `from`
 */
export function* warpRasters(
  bands: readonly SourceBand[],
  from: GeoBox,
  to: GeoBox,
  how: RasterWarp,
  positionsOf: PositionsOf,
): Generator<BandRaster> {
  const { dtype, resampling, grids = {}, loops = TYPESCRIPT_LOOPS, places, holderRoom } = how;
  const source = placeOn(from, grids.source);
  const { lattice, window, grid } = targetOn(to, grids.target);
  const warp = new Warp({
    source: { lattice: source.lattice, extent: source.window },
    target: { window, grid },
    positions: positionsOf(
      { crs: from.crs, ...source },
      { crs: to.crs, lattice, grid: { row: 0, col: 0, ...grid } },
    ),
    resampling,
    loops,
    isInMemory: how.isInMemory ?? false,
    ...(holderRoom === undefined ? {} : { holderRoom }),
  });
  for (const [i, band] of bands.entries()) {
    const own = inRaster(band, source.window);
    const place = places?.[i];
    if (place === undefined) yield warp.band(dtype, own);
    else {
      const hasGaps = warp.bandInto(dtype, own, place);
      yield { pixels: place.room.pixels, isGap: hasGaps ? place.room.isGap : undefined };
    }
  }
}

/** Windows are counted from the raster's corner. */
function inRaster(band: SourceBand, raster: Window): SourceBand {
  return {
    read: (window) => band.read(relativeTo(window, raster)),
    readRaw: (window) =>
      band.readRaw?.(relativeTo(window, raster)) ?? band.read(relativeTo(window, raster)),
  };
}

/** Bands that lie in memory, on another raster. */
export function warpWhole(
  bands: readonly BandRaster[],
  from: GeoBox,
  to: GeoBox,
  how: Pick<RasterWarp, 'dtype' | 'resampling' | 'grids'>,
  warped: WarpedBands,
): BandRaster[] {
  const sources = bands.map((band) => ({ read: () => band }));
  return [...warped(sources, from, to, { ...how, isInMemory: true })];
}
