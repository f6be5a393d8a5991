/**
 * Five collections under the ids that people type, around the delta of the Lena, so that what asks for them can be
 * tried: `geocubes dataset COPERNICUS/S2_SR_HARMONIZED`. Bands, types, grids and dates are those of the service,
 * scenes and pixels are made up.
 */
import type { Affine } from '../../grid/affine.js';
import type { Asset } from '../assets/catalogue.js';
import type { Image } from '../image/image.js';
import {
  COPERNICUS_DEM,
  DYNAMIC_WORLD,
  ERA5_LAND,
  type KnownBand,
  LANDSAT_8,
  SENTINEL_2,
} from './bands.js';
import { imageOf, type Scene } from './scene.js';

type Grid = Scene['grid'];

/** What is known of an image beside its pixels. */
interface Take {
  readonly index: string;
  readonly grid: Grid;
  readonly start: number;
  readonly end?: number;
  readonly properties?: Readonly<Record<string, string | number>>;
  /** Default: all. */
  readonly has?: (band: KnownBand) => boolean;
}

function collection(
  id: string,
  title: string,
  firstDay: string,
  bands: readonly KnownBand[],
  takes: readonly Take[],
): Asset {
  const images = takes.map(({ index, grid, start, end, properties, has }, number): Image => {
    const scene: Scene = {
      id: `${id}/${index}`,
      number,
      grid,
      properties: {
        ...properties,
        'system:time_start': start,
        ...(end === undefined ? {} : { 'system:time_end': end }),
      },
    };
    return imageOf(scene, has === undefined ? bands : bands.filter(has));
  });
  const last = Math.max(...takes.map(({ start }) => start));
  const date_range = [Date.parse(firstDay), last];
  return { type: 'IMAGE_COLLECTION', id, images, properties: { title, date_range } };
}

const FIRST_YEAR = 2023;
const LAST_YEAR = 2025;

const MONTHS = Array.from({ length: 12 * (LAST_YEAR - FIRST_YEAR + 1) }, (_, month) => ({
  year: FIRST_YEAR + Math.floor(month / 12),
  month: month % 12,
}));

/** `20240605` */
function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
}

const SENTINEL_TILE: Grid = {
  crs: 'EPSG:32652',
  affine: [10, 0, 399_960, 0, -10, 8_100_000],
  shape: [10_980, 10_980],
};

/** Of two days of each month. */
const PASSES = MONTHS.flatMap(({ year, month }) =>
  [5, 20].map((day) => Date.UTC(year, month, day, 3, 5, 41)),
);

function sentinelIndex(start: number): string {
  const day = dayText(start);
  return `${day}T030541_${day}T030543_T52XDF`;
}

/** Some products have no probabilities: here those before 2024. */
function sentinel2(): Asset {
  const since = Date.UTC(2024, 0, 1);
  return collection(
    'COPERNICUS/S2_SR_HARMONIZED',
    'Harmonized Sentinel-2 MSI: MultiSpectral Instrument, Level-2A (SR)',
    '2017-03-28',
    SENTINEL_2,
    PASSES.map((start, pass) => ({
      index: sentinelIndex(start),
      grid: SENTINEL_TILE,
      start,
      end: start,
      properties: {
        CLOUDY_PIXEL_PERCENTAGE: (17 * pass) % 100,
        MGRS_TILE: '52XDF',
        SPACECRAFT_NAME: pass % 2 === 0 ? 'Sentinel-2A' : 'Sentinel-2B',
      },
      has: ({ name }) => start >= since || !/^MSK_(CLD|SNW)PRB$/.test(name),
    })),
  );
}

function dynamicWorld(): Asset {
  return collection(
    'GOOGLE/DYNAMICWORLD/V1',
    'Dynamic World V1',
    '2015-06-27',
    DYNAMIC_WORLD,
    PASSES.map((start) => ({
      index: sentinelIndex(start),
      grid: SENTINEL_TILE,
      start,
      end: start,
    })),
  );
}

/** Half a pixel off multiples of it, as all of Landsat is. */
const LANDSAT_SCENE: Grid = {
  crs: 'EPSG:32652',
  affine: [30, 0, 360_285, 0, -30, 8_130_315],
  shape: [7_871, 7_781],
};

function landsat(number: 8 | 9, day: number, firstDay: string): Asset {
  return collection(
    `LANDSAT/LC0${number}/C02/T1_L2`,
    `USGS Landsat ${number} Level 2, Collection 2, Tier 1`,
    firstDay,
    LANDSAT_8,
    MONTHS.map(({ year, month }, pass) => {
      const start = Date.UTC(year, month, day, 2, 56, 13);
      return {
        index: `LC0${number}_130010_${dayText(start)}`,
        grid: LANDSAT_SCENE,
        start,
        end: start,
        properties: { CLOUD_COVER: (23 * pass) % 100, SPACECRAFT_ID: `LANDSAT_${number}` },
      };
    }),
  );
}

const ERA5_GRID: Grid = {
  crs: 'EPSG:4326',
  affine: [0.1, 0, -180.05, 0, -0.1, 90.05],
  shape: [1801, 3601],
};

function era5Land(): Asset {
  return collection(
    'ECMWF/ERA5_LAND/MONTHLY_AGGR',
    'ERA5-Land Monthly Aggregated - ECMWF Climate Reanalysis',
    '1950-02-01',
    ERA5_LAND,
    MONTHS.map(({ year, month }) => ({
      index: `${year}${String(month + 1).padStart(2, '0')}`,
      grid: ERA5_GRID,
      start: Date.UTC(year, month, 1),
      end: Date.UTC(year, month + 1, 1),
      properties: { month: month + 1, year },
    })),
  );
}

/** North of 70 degrees a tile of one degree has 1,200 columns; pixels lie around their coordinates. */
function demTile(west: number, south: number): Take {
  const [width, height] = [1 / 1200, 1 / 3600];
  const affine: Affine = [width, 0, west - width / 2, 0, -height, south + 1 + height / 2];
  return {
    index: `Copernicus_DSM_COG_10_N${south}_00_E${west}_00_DEM`,
    grid: { crs: 'EPSG:4326', affine, shape: [3600, 1200] },
    start: Date.UTC(2010, 11, 1),
    end: Date.UTC(2015, 0, 31),
  };
}

function copernicusDem(): Asset {
  const takes = [71, 72, 73].flatMap((south) =>
    [125, 126, 127, 128].map((west) => demTile(west, south)),
  );
  return collection(
    'COPERNICUS/DEM/GLO30',
    'Copernicus DEM GLO-30: Global 30m Digital Elevation Model',
    '2010-12-01',
    COPERNICUS_DEM,
    takes,
  );
}

/** Features are no pixels: for those who are to be told so. */
const COUNTRIES: Asset = { type: 'TABLE', id: 'FAO/GAUL/2015/level0' };

export function wellKnownAssets(): Asset[] {
  return [
    sentinel2(),
    landsat(8, 12, '2013-03-18'),
    landsat(9, 28, '2021-10-31'),
    dynamicWorld(),
    era5Land(),
    copernicusDem(),
    COUNTRIES,
  ];
}
