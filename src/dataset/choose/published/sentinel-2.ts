import { alike, type PublishedAsset, type PublishedBand } from './band.js';

/**
 * 65535 is that of saturated pixels in ESA's products; 0 is left in, because the harmonised collection may have made
 * it of dark pixels.
 */
const REFLECTANCE = { units: '1', scale: 0.0001, offset: 0, valid: [0, 65_534] } as const;
const PERCENT = { units: '%', valid: [0, 100] } as const;

const BANDS: Readonly<Record<string, PublishedBand>> = {
  ...alike({ B1: 'Aerosols', B9: 'Water vapour' }, { ...REFLECTANCE, metres: 60 }),
  ...alike({ B2: 'Blue', B3: 'Green', B4: 'Red', B8: 'NIR' }, { ...REFLECTANCE, metres: 10 }),
  ...alike(
    {
      ...{ B5: 'Red edge 1', B6: 'Red edge 2', B7: 'Red edge 3', B8A: 'Red edge 4' },
      ...{ B11: 'SWIR 1', B12: 'SWIR 2' },
    },
    { ...REFLECTANCE, metres: 20 },
  ),
  ...alike(
    { AOT: 'Aerosol optical thickness' },
    { units: '1', scale: 0.001, offset: 0, metres: 10 },
  ),
  ...alike({ WVP: 'Water vapour pressure' }, { units: 'cm', scale: 0.001, offset: 0, metres: 10 }),
  ...alike({ SCL: 'Scene classification' }, { valid: [0, 11], areClasses: true, metres: 20 }),
  ...alike({ MSK_CLDPRB: 'Cloud probability' }, { ...PERCENT, metres: 20 }),
  ...alike({ MSK_SNWPRB: 'Snow probability' }, { ...PERCENT, metres: 10 }),
  ...alike({ QA60: 'Cloud mask' }, { areClasses: true, metres: 60 }),
};

/** Bands, scales and pixel sizes: Google's Earth Engine catalogue, COPERNICUS/S2_SR_HARMONIZED. */
export const SENTINEL_2_SR: PublishedAsset = {
  title: 'Sentinel-2 surface reflectance',
  bands: BANDS,
};
