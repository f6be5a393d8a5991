import { parseCrs } from '../grid/crs/crs.js';
import { GeoBox } from '../grid/geobox.js';
import { Grid } from '../grid/tiling.js';
import { type Dataset, DEFAULT_PROCESSING } from './dataset.js';

/** The pixel size the smart-geocubes cubes have, in degrees: about 10 m at the equator. */
const RESOLUTION = 8.98315284e-5;

const WORLD = { west: -180, south: -90, east: 180, north: 90 };

const COLLECTION = 'GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL';

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A00 to A63, as the compiler knows them. */
export type AlphaEarthBands = Readonly<
  Record<`A${0 | 1 | 2 | 3 | 4 | 5}${Digit}` | `A6${0 | 1 | 2 | 3}`, 'float32'>
>;

/**
 * Annual embeddings of AlphaEarth Foundations: 64 numbers from -1 to 1 for each pixel and year, which
 * together are a vector of length 1. Averaged vectors need to be brought back to that length.
 *
 * A year more may be published each year; what lies behind the last step of an existing cube needs a
 * new cube.
 */
export const ALPHA_EARTH: Dataset = {
  title: 'AlphaEarthEmbeddings',
  source: { kind: 'collection', id: COLLECTION },
  bands: Array.from({ length: 64 }, (_, band) => ({
    name: `A${String(band).padStart(2, '0')}`,
    attributes: {
      long_name: `AlphaEarth Embedding Band ${band}`,
      data_source: `ee:${COLLECTION}`,
    },
  })),
  dtype: 'float32',
  grid: new Grid(GeoBox.fromBounds(WORLD, parseCrs('EPSG:4326'), RESOLUTION), {
    height: 3600,
    width: 3600,
  }).toRecord(),
  time: { kind: 'regular', start: '2017-01-01', step: '1 year', count: 9 },
  processing: DEFAULT_PROCESSING,
  codec: 'default',
};
