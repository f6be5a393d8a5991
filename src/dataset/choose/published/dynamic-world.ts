import { alike, type PublishedAsset } from './band.js';

/** Bands, ranges and pixel size: Google's Earth Engine catalogue, GOOGLE/DYNAMICWORLD/V1. */
export const DYNAMIC_WORLD: PublishedAsset = {
  title: 'Dynamic World',
  bands: {
    ...alike(
      {
        water: 'Probability of water',
        trees: 'Probability of trees',
        grass: 'Probability of grass',
        flooded_vegetation: 'Probability of flooded vegetation',
        crops: 'Probability of crops',
        shrub_and_scrub: 'Probability of shrub and scrub',
        built: 'Probability of built area',
        bare: 'Probability of bare ground',
        snow_and_ice: 'Probability of snow and ice',
      },
      { units: '1', valid: [0, 1], metres: 10 },
    ),
    label: {
      longName:
        'Most probable class: 0 water, 1 trees, 2 grass, 3 flooded vegetation, 4 crops, 5 shrub and scrub, 6 built, 7 bare, 8 snow and ice',
      ...{ valid: [0, 8], areClasses: true, metres: 10 },
    },
  },
};
