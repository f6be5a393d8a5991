import { constantImage } from '../image/constant.js';
import type { Frame, Image, ImageBand, Plane } from '../image/image.js';
import { dtypeOf, FLOAT, unite } from '../image/pixel-type.js';
import { maskPlane, overlay, updateMask } from '../image/pixels.js';
import type { Definitions } from './algorithm.js';
import type { Arguments } from './arguments.js';

/** Masks are 0 or 1 here: a fraction handed to `updateMask` counts as 1. */
export const MASKS: Definitions = {
  'Image.mask': {
    description:
      'Without a mask: the mask of each band as an image scaled to [0, 1]. With one: the image under that mask instead of its own.',
    signature: '(image: Image, mask: Image = null) => Image',
    evaluate: (given) => {
      const image = given.image('image');
      if (given.optional('mask') === undefined) {
        return { ...image, bands: image.bands.map(maskBand) };
      }
      // Pixels that the new mask uncovers are 0, which is what they hold already.
      return withMask(image, given, ({ pixels }) =>
        typeof pixels === 'number' ? { pixels } : { pixels },
      );
    },
  },
  'Image.updateMask': {
    description: 'The image masked further where the mask is 0 or is masked itself.',
    signature: '(image: Image, mask: Image) => Image',
    evaluate: (given) => withMask(given.image('image'), given, (plane) => plane),
  },
  'Image.unmask': {
    description:
      'Replaces masked pixels by those of another image (zero by default), inside the footprint of the image or, with sameFootprint false, everywhere.',
    signature: '(input: Image, value: Image = null, sameFootprint: Boolean = true) => Image',
    evaluate: unmask,
  },
};

function maskBand(band: ImageBand): ImageBand {
  const { source } = band;
  return {
    ...band,
    type: FLOAT,
    source: { ...source, compute: (frame) => maskPlane(frame.planeOf(source)) },
  };
}

/** The image under the argument `mask`, after `prepare` has had its say about the image's own mask. */
function withMask(image: Image, given: Arguments, prepare: (plane: Plane) => Plane): Image {
  const masks = given.image('mask');
  const bands = image.bands.map((band, index): ImageBand => {
    const { source } = band;
    const by = partner(masks, index, image, given).source;
    return {
      ...band,
      source: {
        ...source,
        compute: (frame) =>
          updateMask(
            prepare(frame.planeOf(source)),
            frame.planeOf(by),
            dtypeOf(band.type),
            frame.length,
          ),
      },
    };
  });
  return { ...image, bands };
}

function unmask(given: Arguments): Image {
  const image = given.image('input');
  const value = given.optional('value') === undefined ? constantImage([0]) : given.image('value');
  const keepsFootprint = given.boolean('sameFootprint', true);
  const bands = image.bands.map((band, index): ImageBand => {
    const { source } = band;
    const below = partner(value, index, image, given);
    const type = unite(band.type, below.type);
    const footprint = keepsFootprint ? source.footprint : undefined;
    const compute = (frame: Frame): Plane =>
      overlay(
        frame.planeOf(source),
        frame.planeOf(below.source),
        dtypeOf(type),
        frame.length,
        footprint?.(frame),
      );
    return {
      ...band,
      type,
      source: footprint === undefined ? { compute } : { compute, footprint },
    };
  });
  return { ...image, bands };
}

/** The band that goes with band `index` of `image`: the only one, or the one at the same place. */
export function partner(other: Image, index: number, image: Image, given: Arguments): ImageBand {
  const band = other.bands.length === 1 ? other.bands[0] : other.bands[index];
  if (band !== undefined) return band;
  throw given.refuse(
    `Expected one band or ${image.bands.length}, but the other image has ${other.bands.length}.`,
  );
}
