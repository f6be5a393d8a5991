import { allocate } from '../../../raster/dtype.js';
import type { Image, ImageBand } from '../../image/image.js';
import { dtypeOf, FLOAT } from '../../image/pixel-type.js';
import type { Definitions } from '../algorithm.js';
import { propertyOf } from '../element.js';
import { type ImageCollection, isSame } from '../value.js';

/** Images of one collection with the bands that another has for them. */
export const LINKS: Definitions = {
  'Image.linkCollection': {
    description:
      'The image with bands of that image of a collection which has the same value of a property; fully masked bands where there is none.',
    signature:
      '(input: Image, imageCollection: ImageCollection, linkedBands: Object = null, linkedProperties: Object = null, matchPropertyName: String = "system:index") => Image',
    evaluate: (given) => {
      const image = given.image('input');
      if (given.optional('linkedProperties') !== undefined) {
        throw given.refuse("'linkedProperties' are not known to the loopback Earth Engine.");
      }
      const collection = given.collection('imageCollection');
      const names = given.optional('linkedBands') === undefined ? [] : given.names('linkedBands');
      const property =
        given.optional('matchPropertyName') === undefined
          ? 'system:index'
          : given.string('matchPropertyName');
      const own = propertyOf(image, property);
      const match =
        own === null
          ? undefined
          : collection.images.find((each) => isSame(propertyOf(each, property), own));
      const linked = names.map((name) => {
        if (match === undefined) return maskedBand(name, collection);
        const band = match.bands.find((each) => each.name === name);
        if (band !== undefined) return band;
        throw given.refuse(`The matching image has no band '${name}'.`);
      });
      return { ...image, bands: replaced(image, linked) };
    },
  },
};

/** Of the type that the collection's first image has it in. */
function maskedBand(name: string, { images }: ImageCollection): ImageBand {
  const type = images[0]?.bands.find((band) => band.name === name)?.type ?? FLOAT;
  const compute = ({ length }: { readonly length: number }) => ({
    pixels: allocate(dtypeOf(type), length),
    mask: new Uint8Array(length),
  });
  return { name, type, source: { compute } };
}

function replaced({ bands }: Image, linked: readonly ImageBand[]): ImageBand[] {
  const byName = new Map(linked.map((band) => [band.name, band]));
  const kept = bands.map((band) => byName.get(band.name) ?? band);
  const known = new Set(bands.map(({ name }) => name));
  return [...kept, ...linked.filter(({ name }) => !known.has(name))];
}
