import { parseCrs } from '../grid/crs/crs.js';
import { GeoBox } from '../grid/geobox.js';
import { Grid } from '../grid/tiling.js';
import { type Dataset, DEFAULT_PROCESSING } from './dataset.js';

/** The pixel size the smart-geocubes TCTrend cubes have, in degrees: about 30 m. */
const RESOLUTION = 0.00026949458523585647;

const WORLD = { west: -180, south: -90, east: 180, north: 90 };

const BANDS = [
  { name: 'TCB_slope', long_name: 'Tasseled Cap Brightness Trend' },
  { name: 'TCG_slope', long_name: 'Tasseled Cap Greenness Trend' },
  { name: 'TCW_slope', long_name: 'Tasseled Cap Wetness Trend' },
];

/** As the compiler knows them. */
export type TasseledCapBands = Readonly<Record<'TCB_slope' | 'TCG_slope' | 'TCW_slope', 'uint8'>>;

/**
 * Gaps on land are a few pixels wide and are filled whole; the sea stays empty but for a narrow rim.
 * 32 pixels are about one kilometre.
 */
const MAX_FILL_DISTANCE = 32;

/** A Tasseled Cap trend cube of the whole world: three uint8 bands that use all of 0..255. */
function tasseledCapTrend(
  title: string,
  collection: string,
  dataSource: string,
  /** Pixels of the original along one side of a pixel of this dataset. */
  coarsening = 1,
): Dataset {
  const chunk = 3600 / coarsening;
  const geobox = GeoBox.fromBounds(WORLD, parseCrs('EPSG:4326'), RESOLUTION * coarsening);
  return {
    title,
    source: { kind: 'collection', id: collection },
    bands: BANDS.map(({ name, long_name }) => ({
      name,
      attributes: { long_name, data_source: dataSource },
    })),
    dtype: 'uint8',
    grid: new Grid(geobox, { height: chunk, width: chunk }).toRecord(),
    processing: {
      ...DEFAULT_PROCESSING,
      fill: 'idw',
      maxFillDistance: Math.round(MAX_FILL_DISTANCE / coarsening),
      clipToObserved: true,
    },
    codec: 'default',
  };
}

/**
 * The trends of the years `first` to `last` by Ingmar Nitze. Title and attributes are those of
 * smart-geocubes, but that the source named is the collection that is read.
 */
function tctrend(first: number, last: number, owner = 'users/ingmarnitze'): Dataset {
  const collection = `${owner}/TCTrend_SR_${first}-${last}_TCVIS`;
  return tasseledCapTrend(`TCTrend${last}`, collection, `ee:${collection.replace(/^users\//, '')}`);
}

export const TCTREND_2019 = tctrend(2000, 2019);
export const TCTREND_2020 = tctrend(2001, 2020);
export const TCTREND_2022 = tctrend(2003, 2022);
/** The default of smart-geocubes. */
export const TCTREND_2024 = tctrend(2005, 2024, 'projects/ee-ingmarnitze/assets');

/**
 * The same shape at a third of the resolution, served by the loopback server only: small enough to
 * watch a cube being filled. One tile covers what a TCTrend tile covers, about one degree.
 */
export const DEMO = tasseledCapTrend(
  'Demo',
  'projects/geocubes/assets/demo',
  'computed by geocubes loopback',
  3,
);

/** The same with a time axis: a picture for each year, from the loopback server only. */
export const DEMO_ANNUAL: Dataset = {
  ...tasseledCapTrend(
    'DemoAnnual',
    'projects/geocubes/assets/demo_annual',
    'computed by geocubes loopback',
    3,
  ),
  time: { kind: 'regular', start: '2017-01-01', step: '1 year', count: 9 },
};
