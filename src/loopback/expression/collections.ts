import type { BandSource, Frame, Image, ImageBand, Mask, Plane } from '../image/image.js';
import { dtypeOf, type PixelType, unite } from '../image/pixel-type.js';
import { overlay } from '../image/pixels.js';
import type { Definitions } from './algorithm.js';
import type { Arguments } from './arguments.js';
import type { ImageCollection } from './value.js';

export const COLLECTIONS: Definitions = {
  'ImageCollection.load': {
    description: 'The stored collection with this id.',
    signature: '(id: String, version: Long = null) => ImageCollection',
    evaluate: (given, catalogue) => catalogue.collection(given.string('id')),
  },
  'Collection.filter': {
    description: 'The images that the filter accepts.',
    signature: '(collection: FeatureCollection, filter: Object) => FeatureCollection',
    evaluate: (given) => {
      const collection = given.collection('collection');
      const filter = given.filter('filter');
      return {
        ...collection,
        images: collection.images.filter((image) => filter.accepts(image)),
      };
    },
  },
  'ImageCollection.mosaic': {
    description:
      'One image of all, the last on top; each shows through where those above are masked.',
    signature: '(collection: ImageCollection) => Image',
    evaluate: (given) => mosaic(given.collection('collection'), given),
  },
};

function mosaic({ images }: ImageCollection, given: Arguments): Image {
  const [first] = images;
  const bands = (first?.bands ?? []).map(({ name }) =>
    mosaicBand(
      images.map((image) => {
        const band = image.bands.find((candidate) => candidate.name === name);
        if (band !== undefined && image.bands.length === first?.bands.length) return band;
        throw given.refuse(
          `Expected a homogeneous image collection, but an image with incompatible bands was encountered: ${describe(image)}.`,
        );
      }),
    ),
  );
  return { kind: 'Image', properties: {}, bands: bands.flat() };
}

function describe({ id, bands }: Image): string {
  return `${id ?? 'an image'} with bands [${bands.map(({ name }) => name).join(', ')}]`;
}

/** One band, or none when there is no image. A composite has no grid of its own. */
function mosaicBand(layers: readonly ImageBand[]): ImageBand[] {
  const top = layers.at(-1);
  if (top === undefined) return [];
  const { name } = top;
  const type = layers.map((layer) => layer.type).reduce(unite);
  const sources = layers.map(({ source }) => source).reverse();
  return [{ name, type, source: sources.length === 1 ? top.source : stack(sources, type) }];
}

/** `sources` from the top down. */
function stack(sources: readonly BandSource[], type: PixelType): BandSource {
  const compute = (frame: Frame): Plane => {
    const [top, ...below] = sources;
    let plane = top === undefined ? { pixels: 0 } : frame.planeOf(top);
    for (const source of below) {
      if (plane.mask === undefined) break;
      plane = overlay(plane, frame.planeOf(source), dtypeOf(type), frame.length);
    }
    return plane;
  };
  if (sources.some(({ footprint }) => footprint === undefined)) return { compute };
  return { compute, footprint: (frame) => union(sources, frame) };
}

function union(sources: readonly BandSource[], frame: Frame): Mask {
  const out = new Uint8Array(frame.length);
  for (const source of sources) {
    const footprint = source.footprint?.(frame);
    for (let i = 0; i < out.length; i++) if (footprint?.[i] === 1) out[i] = 1;
  }
  return out;
}
