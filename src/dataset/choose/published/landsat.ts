import { alike, type PublishedAsset } from './band.js';

/**
 * Scales and offsets: Google's Earth Engine catalogue, LANDSAT/LC08/C02/T1_L2. Valid ranges: USGS, Landsat 8-9
 * Collection 2 Level 2 Science Product Guide; 0 is fill.
 */
const REFLECTANCE = {
  ...{ units: '1', scale: 2.75e-5, offset: -0.2, metres: 30 },
  valid: [1, 65_455] as const,
};

const BANDS: PublishedAsset['bands'] = {
  ...alike(
    {
      SR_B1: 'Surface reflectance, coastal aerosol',
      SR_B2: 'Surface reflectance, blue',
      SR_B3: 'Surface reflectance, green',
      SR_B4: 'Surface reflectance, red',
      SR_B5: 'Surface reflectance, near infrared',
      SR_B6: 'Surface reflectance, shortwave infrared 1',
      SR_B7: 'Surface reflectance, shortwave infrared 2',
    },
    REFLECTANCE,
  ),
  ST_B10: {
    ...{ longName: 'Surface temperature', units: 'K', scale: 0.00341802, offset: 149 },
    ...{ valid: [293, 61_440], metres: 30 },
  },
  ST_EMIS: { longName: 'Emissivity', units: '1', scale: 0.0001, offset: 0, metres: 30 },
  ST_CDIST: { longName: 'Distance to cloud', units: 'km', scale: 0.01, offset: 0, metres: 30 },
  ST_QA: {
    ...{ longName: 'Uncertainty of the surface temperature', units: 'K' },
    ...{ scale: 0.01, offset: 0, metres: 30 },
  },
  QA_PIXEL: { longName: 'Pixel quality, bits', areClasses: true, metres: 30 },
  QA_RADSAT: { longName: 'Radiometric saturation, bits', areClasses: true, metres: 30 },
  SR_QA_AEROSOL: { longName: 'Aerosol attributes, bits', areClasses: true, metres: 30 },
};

export const LANDSAT_C2_L2 = (number: 8 | 9): PublishedAsset => ({
  title: `Landsat ${number} Collection 2 Level 2`,
  bands: BANDS,
});
