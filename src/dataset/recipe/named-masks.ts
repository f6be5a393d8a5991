import type { PixelMask } from './recipe.js';

/** Of QA_PIXEL in Landsat Collection 2: fill, dilated cloud, cirrus (unused before Landsat 8), cloud, shadow. */
const LANDSAT_CLOUD_BITS = [0, 1, 2, 3, 4];
const LANDSAT_SNOW_BIT = 5;

/** Of SCL in Sentinel-2 L2A: saturated or defective, cloud shadow, cloud of medium and high probability, cirrus. */
const SCL_CLOUD_CLASSES = [1, 3, 8, 9, 10];
const SCL_SNOW_CLASS = 11;

/**
 * Masks by the tables that the publishers of the data give.
 * Sources: USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide, "Pixel Quality Assessment Bit Index";
 * ESA, Sentinel-2 Level-2A Scene Classification, as Earth Engine's catalogue has both; Google's example of
 * Cloud Score+ for the threshold.
 */
export const NAMED_MASKS = {
  'landsat-c2': { band: 'QA_PIXEL', withoutBits: [...LANDSAT_CLOUD_BITS, LANDSAT_SNOW_BIT] },
  'landsat-c2-keep-snow': { band: 'QA_PIXEL', withoutBits: LANDSAT_CLOUD_BITS },
  's2-scl': { band: 'SCL', withoutClasses: [...SCL_CLOUD_CLASSES, SCL_SNOW_CLASS] },
  's2-scl-keep-snow': { band: 'SCL', withoutClasses: SCL_CLOUD_CLASSES },
  's2-cloud-score': {
    band: 'cs',
    atLeast: 0.6,
    collection: 'GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED',
  },
} as const satisfies Readonly<Record<string, PixelMask>>;

export type MaskName = keyof typeof NAMED_MASKS;
export const MASK_NAMES: readonly MaskName[] = Object.keys(NAMED_MASKS) as MaskName[];
