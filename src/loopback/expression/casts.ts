import type { WorkType } from '../../raster/dtype.js';
import type { ImageBand } from '../image/image.js';
import { isWithin, typeOfDtype } from '../image/pixel-type.js';
import { castToInteger } from '../image/pixels.js';
import type { Definition, Definitions } from './algorithm.js';

export const CASTS: Definitions = {
  'Image.toByte': cast('uint8'),
  'Image.toUint8': cast('uint8'),
  'Image.toInt16': cast('int16'),
  'Image.toShort': cast('int16'),
  'Image.toUint16': cast('uint16'),
  'Image.toInt32': cast('int32'),
  'Image.toInt': cast('int32'),
  'Image.toUint32': cast('uint32'),
  'Image.toFloat': cast('float32'),
  'Image.toDouble': cast('float64'),
};

function cast(dtype: WorkType): Definition {
  return {
    description: `Casts the pixels to ${dtype}: towards zero, and to the nearer end of the range where they do not fit.`,
    signature: '(value: Image) => Image',
    evaluate: (given) => {
      const image = given.image('value');
      return { ...image, bands: image.bands.map((band) => castBand(band, dtype)) };
    },
  };
}

function castBand(band: ImageBand, dtype: WorkType): ImageBand {
  const type = typeOfDtype(dtype);
  // Values that fit stay as they are; writing the reply is what puts them into the wider array.
  if (isWithin(band.type, dtype) || type.precision !== 'int') return { ...band, type };
  const { source } = band;
  return {
    ...band,
    type,
    source: { ...source, compute: (frame) => castToInteger(frame.planeOf(source), dtype) },
  };
}
