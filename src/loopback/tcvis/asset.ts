/**
 * The built-in asset: a stand-in for the TCVIS collection with its real ids, bands, type and grid.
 * The values are made up; sea is masked by real coastlines.
 */
import type { Asset } from '../assets/catalogue.js';
import type { Image } from '../image/image.js';
import { typeOfDtype } from '../image/pixel-type.js';
import { annualAssets } from './annual.js';
import { PICTURE_GRID, pictureBand } from './picture.js';

const BANDS = ['TCB_slope', 'TCG_slope', 'TCW_slope'];

/** Ids, each with the first and the last year of the trend. */
const IDS: readonly (readonly [id: string, first: number, last: number])[] = [
  ['projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS', 2005, 2024],
  ['users/ingmarnitze/TCTrend_SR_2003-2022_TCVIS', 2003, 2022],
  ['users/ingmarnitze/TCTrend_SR_2001-2020_TCVIS', 2001, 2020],
  ['users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS', 2000, 2019],
  ['projects/geocubes/assets/demo', 2005, 2024],
];

/** Everything that is served without a folder of rasters. */
export function builtInAssets(): Asset[] {
  return [...trendAssets(), ...annualAssets()];
}

function trendAssets(): Asset[] {
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
        source: pictureBand(band),
        grid: PICTURE_GRID,
      })),
    };
    return { type: 'IMAGE_COLLECTION', id, images: [image] };
  });
}
