import { alike, type PublishedAsset } from './band.js';

/** Bands, ranges and pixel size: Google's Earth Engine catalogue, COPERNICUS/DEM/GLO30. */
export const COPERNICUS_DEM: PublishedAsset = {
  title: 'Copernicus DEM GLO-30',
  bands: {
    DEM: { longName: 'Height of the surface above EGM2008', units: 'm', metres: 30 },
    HEM: { longName: 'Height error, standard deviation', units: 'm', metres: 30 },
    ...alike({ EDM: 'Edit data mask' }, { valid: [0, 13], areClasses: true, metres: 30 }),
    ...alike({ FLM: 'Filling mask' }, { valid: [0, 101], areClasses: true, metres: 30 }),
    ...alike({ WBM: 'Water body mask' }, { valid: [0, 3], areClasses: true, metres: 30 }),
  },
};
