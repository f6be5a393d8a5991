import type { GeoBox } from '../../grid/geobox.js';
import type { BandRaster } from '../band-raster.js';
import type { SourceCoordinates } from './source-coordinates.js';

/** One way to make target pixels from source pixels, row by row; positions serve all bands. */
export interface Resampler {
  /** Finds where the pixels of a target row lie in the source. */
  moveTo(row: number): void;
  /** The value of pixel `col` of that row, unrounded; NaN where no valid source pixel contributes. */
  valueAt(col: number, band: BandRaster): number;
}

export type ResamplerOf = (
  source: GeoBox,
  target: GeoBox,
  coordinates: SourceCoordinates,
) => Resampler;
