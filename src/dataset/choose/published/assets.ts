import type { PublishedAsset, PublishedBand } from './band.js';
import { COPERNICUS_DEM } from './copernicus-dem.js';
import { DYNAMIC_WORLD } from './dynamic-world.js';
import { ERA5_LAND_MONTHLY } from './era5-land.js';
import { LANDSAT_C2_L2 } from './landsat.js';
import { SENTINEL_2_SR } from './sentinel-2.js';

/** By id. What is not here is described by the service alone. */
const ASSETS: Readonly<Record<string, PublishedAsset>> = {
  'COPERNICUS/S2_SR_HARMONIZED': SENTINEL_2_SR,
  'LANDSAT/LC08/C02/T1_L2': LANDSAT_C2_L2(8),
  'LANDSAT/LC09/C02/T1_L2': LANDSAT_C2_L2(9),
  'GOOGLE/DYNAMICWORLD/V1': DYNAMIC_WORLD,
  'ECMWF/ERA5_LAND/MONTHLY_AGGR': ERA5_LAND_MONTHLY,
  'COPERNICUS/DEM/GLO30': COPERNICUS_DEM,
  'COPERNICUS/DEM/GLO30_2024_1': COPERNICUS_DEM,
};

/** Ids of which more is known here than the service tells. */
export const PUBLISHED_IDS: readonly string[] = Object.keys(ASSETS);

export function publishedAsset(id: string): PublishedAsset | undefined {
  return Object.hasOwn(ASSETS, id) ? ASSETS[id] : undefined;
}

export function publishedBand(id: string, name: string): PublishedBand | undefined {
  const bands = publishedAsset(id)?.bands;
  return bands !== undefined && Object.hasOwn(bands, name) ? bands[name] : undefined;
}
