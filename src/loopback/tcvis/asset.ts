/**
 * The built-in asset: a stand-in for the TCVIS collection with its real ids, bands, type and grid.
 * The values are made up; sea is masked by real coastlines.
 */
import { isAxisAligned } from '../../grid/affine.js';
import { EPSG_4326 } from '../../grid/crs.js';
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { Asset } from '../assets/catalogue.js';
import type { BandSource, Frame, Image } from '../image/image.js';
import { typeOfDtype } from '../image/pixel-type.js';
import { HEIGHT, NORTH, RESOLUTION, WEST, WIDTH } from './grid.js';
import { computePoints } from './points.js';
import { computeRows } from './rows.js';

const BANDS = ['TCB_slope', 'TCG_slope', 'TCW_slope'];

const GRID: GeoBoxRecord = {
  crs: EPSG_4326,
  shape: [HEIGHT, WIDTH],
  affine: [RESOLUTION, 0, WEST, 0, -RESOLUTION, NORTH],
};

/** Ids, each with the first and the last year of the trend. */
const IDS: readonly (readonly [id: string, first: number, last: number])[] = [
  ['projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS', 2005, 2024],
  ['users/ingmarnitze/TCTrend_SR_2003-2022_TCVIS', 2003, 2022],
  ['users/ingmarnitze/TCTrend_SR_2001-2020_TCVIS', 2001, 2020],
  ['users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS', 2000, 2019],
  ['projects/geocubes/assets/demo', 2005, 2024],
];

/** Shared by all ids, so that a frame computes each band once. */
const SOURCES: readonly BandSource[] = BANDS.map((_, band) => ({
  compute: (frame) => (isByRows(frame) ? computeRows(frame, band) : computePoints(frame, band)),
}));

function isByRows({ geobox: { crs, affine } }: Frame): boolean {
  return crs.epsg === 4326 && isAxisAligned(affine) && affine[0] > 0;
}

export function builtInAssets(): Asset[] {
  return IDS.map(([id, first, last]): Asset => {
    const image: Image = {
      kind: 'Image',
      id: `${id}/world`,
      properties: {
        'system:index': 'world',
        'system:time_start': Date.UTC(first, 0, 1),
        'system:time_end': Date.UTC(last + 1, 0, 1),
      },
      bands: BANDS.map((name, band) => ({
        name,
        type: typeOfDtype('uint8'),
        source: SOURCES[band] as BandSource,
        grid: GRID,
      })),
    };
    return { type: 'IMAGE_COLLECTION', id, images: [image] };
  });
}
