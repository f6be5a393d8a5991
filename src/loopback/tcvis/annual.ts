/**
 * Collections with an image for each year: the picture with its values exchanged, each year and band
 * in its own way, so that no step can be taken for another.
 */
import type { Asset } from '../assets/catalogue.js';
import type { BandSource, Image, ImageBand } from '../image/image.js';
import { FLOAT, type PixelType, typeOfDtype } from '../image/pixel-type.js';
import { PICTURE_GRID, pictureBand } from './picture.js';

/** Years with an image. */
const FIRST = 2017;
const LAST = 2025;

interface Annual {
  readonly id: string;
  readonly bands: readonly string[];
  readonly type: PixelType;
  /** What a value 0 to 255 of the picture becomes. */
  value(picture: number, band: number, year: number): number;
}

const COLLECTIONS: readonly Annual[] = [
  {
    id: 'projects/geocubes/assets/demo_annual',
    bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
    type: typeOfDtype('uint8'),
    value: (picture, _, year) => (picture + 37 * (year - FIRST)) & 255,
  },
  {
    id: 'GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL',
    bands: Array.from({ length: 64 }, (_, band) => `A${String(band).padStart(2, '0')}`),
    type: FLOAT,
    value: (picture, band, year) =>
      Math.fround(((picture * (2 * band + 1) + 37 * (year - FIRST)) & 255) / 127.5 - 1),
  },
];

export function annualAssets(): Asset[] {
  return COLLECTIONS.map((collection) => ({
    type: 'IMAGE_COLLECTION',
    id: collection.id,
    images: Array.from({ length: LAST - FIRST + 1 }, (_, i) => imageOf(collection, FIRST + i)),
  }));
}

function imageOf(collection: Annual, year: number): Image {
  const index = `world_${year}`;
  return {
    kind: 'Image',
    id: `${collection.id}/${index}`,
    properties: {
      'system:index': index,
      'system:time_start': Date.UTC(year, 0, 1),
      'system:time_end': Date.UTC(year + 1, 0, 1),
    },
    bands: collection.bands.map(
      (name, band): ImageBand => ({
        name,
        type: collection.type,
        source: exchanged(collection, band, year),
        grid: PICTURE_GRID,
      }),
    ),
  };
}

function exchanged({ type, value }: Annual, band: number, year: number): BandSource {
  const picture = pictureBand(band);
  const table = Float32Array.from({ length: 256 }, (_, at) => value(at, band, year));
  return {
    compute(frame) {
      const { pixels, mask } = frame.planeOf(picture);
      const out = type === FLOAT ? new Float32Array(frame.length) : new Uint8Array(frame.length);
      for (let i = 0; i < out.length; i++) {
        if (mask === undefined || mask[i] === 1)
          out[i] = table[typeof pixels === 'number' ? pixels : (pixels[i] as number)] as number;
      }
      return mask === undefined ? { pixels: out } : { pixels: out, mask };
    },
  };
}
