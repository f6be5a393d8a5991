/** Datasets that people want first, to be had for any region, resolution and time. */
import type { DatasetFile } from '../file/dataset-file.js';

/** An asset with what is usually done to it; whoever asks for it may say each of these otherwise. */
export interface Template {
  readonly asset: string;
  readonly title: string;
  readonly bands: DatasetFile['bands'];
  readonly filter?: DatasetFile['filter'];
  readonly mask?: DatasetFile['mask'];
  readonly reduce?: DatasetFile['reduce'];
  readonly dtype?: DatasetFile['dtype'];
  readonly step?: string;
  readonly note: string;
}

function landsat(number: 8 | 9): Template {
  return {
    asset: `LANDSAT/LC0${number}/C02/T1_L2`,
    title: `Landsat ${number}, cloudless median of each year`,
    bands: ['SR_B2', 'SR_B3', 'SR_B4', 'SR_B5', 'SR_B6', 'SR_B7'],
    mask: 'landsat-c2-keep-snow',
    reduce: 'median',
    step: '1 year',
    note: 'Of each image the pixels without cloud, shadow and fill by QA_PIXEL; of each year their median.',
  };
}

export const TEMPLATES: Readonly<Record<string, Template>> = {
  'sentinel2-monthly': {
    asset: 'COPERNICUS/S2_SR_HARMONIZED',
    title: 'Sentinel-2, cloudless median of each month',
    bands: ['B2', 'B3', 'B4', 'B8', 'B11', 'B12'],
    mask: 's2-scl-keep-snow',
    reduce: 'median',
    step: '1 month',
    note: 'Of each image the pixels without cloud and shadow by SCL; of each month their median.',
  },
  'landsat-annual': landsat(8),
  'landsat9-annual': landsat(9),
  'dynamic-world': {
    asset: 'GOOGLE/DYNAMICWORLD/V1',
    title: 'Dynamic World, most frequent class of each year',
    bands: ['label'],
    reduce: 'mode',
    step: '1 year',
    note: 'The most frequent class of each year.',
  },
  'era5-land-monthly': {
    asset: 'ECMWF/ERA5_LAND/MONTHLY_AGGR',
    title: 'ERA5-Land, monthly',
    bands: ['temperature_2m', 'total_precipitation_sum', 'snow_depth'],
    dtype: 'float32',
    step: '1 month',
    note: 'The collection has one image for each month. float32 has seven digits, which is more than the reanalysis is exact to.',
  },
  'copernicus-dem': {
    asset: 'COPERNICUS/DEM/GLO30',
    title: 'Copernicus DEM GLO-30',
    bands: ['DEM'],
    note: 'The tiles of the collection as one surface.',
  },
};

/** Names that stand for a template. */
export const TEMPLATE_NAMES: readonly string[] = Object.keys(TEMPLATES);

export function templateOf(name: string): Template | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(TEMPLATES, key) ? TEMPLATES[key] : undefined;
}
