/** The made-up picture that all built-in assets are made of: three bands 0 to 255 on the TCVIS grid. */
import { isAxisAligned } from '../../grid/affine.js';
import { EPSG_4326 } from '../../grid/crs/crs.js';
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { BandSource, Frame } from '../image/image.js';
import { HEIGHT, NORTH, RESOLUTION, WEST, WIDTH } from './grid.js';
import { computePoints } from './points.js';
import { computeRows } from './rows.js';

export const PICTURE_GRID: GeoBoxRecord = {
  crs: EPSG_4326,
  shape: [HEIGHT, WIDTH],
  affine: [RESOLUTION, 0, WEST, 0, -RESOLUTION, NORTH],
};

const BANDS = 3;

/** Shared by all assets, so that a frame computes each band once. */
const SOURCES: readonly BandSource[] = Array.from({ length: BANDS }, (_, band) => ({
  compute: (frame) => (isByRows(frame) ? computeRows(frame, band) : computePoints(frame, band)),
}));

/** One band of the picture; after the third they come again. */
export function pictureBand(band: number): BandSource {
  return SOURCES[band % BANDS] as BandSource;
}

function isByRows({ geobox: { crs, affine } }: Frame): boolean {
  return crs.epsg === 4326 && isAxisAligned(affine) && affine[0] > 0;
}
