import { allocate } from '../../../raster/dtype.js';
import type { Frame, Image, ImageBand, Plane } from '../../image/image.js';
import { DOUBLE, dtypeOf, intType, type PixelType, unite } from '../../image/pixel-type.js';
import { valueAt } from '../../image/pixelwise.js';
import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { fractional } from '../images/functions.js';
import { type Statistic, statisticOf } from '../statistics.js';
import type { Reducer } from '../value.js';

const SHORTCUTS = ['min', 'max', 'mean', 'median', 'mode', 'sum', 'product', 'count'] as const;

/** Images made of all the images of a collection, pixel by pixel. */
export const COMPOSITES: Definitions = {
  ...Object.fromEntries(
    SHORTCUTS.map((statistic): [string, Definition] => [
      `reduce.${statistic}`,
      {
        description: `The ${statistic} of the valid pixels of all images; bands are matched by name.`,
        signature: '(collection: ImageCollection) => Image',
        evaluate: (given) =>
          composite(bandsByName(given.collection('collection').images), (name) => [
            [name, statistic],
          ]),
      },
    ]),
  ),
  'ImageCollection.reduce': {
    description:
      'Reduces the valid pixels of all images; bands are matched by name, and get those of the outputs after theirs.',
    signature: '(collection: ImageCollection, reducer: Reducer, parallelScale: Float = 1) => Image',
    evaluate: (given) => {
      const outputs = statisticsOf(given.reducer('reducer'), given);
      return composite(bandsByName(given.collection('collection').images), (name) =>
        outputs.map(([output, statistic]) => [`${name}_${output}`, statistic]),
      );
    },
  },
  'Image.reduce': {
    description: "Reduces the bands of an image; the outputs' names are the bands'.",
    signature: '(image: Image, reducer: Reducer) => Image',
    evaluate: (given) => {
      const image = given.image('image');
      const outputs = statisticsOf(given.reducer('reducer'), given);
      return composite(new Map([['', image.bands]]), () => outputs);
    },
  },
  'ImageCollection.toBands': {
    description: "All bands of all images, with their image's index before the name.",
    signature: '(collection: ImageCollection) => Image',
    evaluate: (given) => {
      const { images } = given.collection('collection');
      const bands = images.flatMap((image, at) =>
        image.bands.map((band) => ({
          ...band,
          name: `${String(image.properties['system:index'] ?? at)}_${band.name}`,
        })),
      );
      if (bands.length > MAX_BANDS) {
        throw given.refuse(`An image may have up to ${MAX_BANDS} bands, not ${bands.length}.`);
      }
      return { kind: 'Image', properties: {}, bands };
    },
  },
};

const MAX_BANDS = 5000;

function bandsByName(images: readonly Image[]): Map<string, ImageBand[]> {
  const byName = new Map<string, ImageBand[]>();
  for (const band of images.flatMap(({ bands }) => bands)) {
    byName.set(band.name, [...(byName.get(band.name) ?? []), band]);
  }
  return byName;
}

type NamedStatistic = readonly [name: string, statistic: Statistic];

function statisticsOf({ outputs, inputs }: Reducer, given: Arguments): NamedStatistic[] {
  return outputs.map(({ name, statistic }) => {
    if (statistic !== undefined && inputs === 1) return [name, statistic];
    throw given.refuse(`The reducer's output '${name}' cannot be made of pixels here.`);
  });
}

/** A composite has no grid of its own. */
function composite(
  stacks: ReadonlyMap<string, readonly ImageBand[]>,
  outputsOf: (name: string) => readonly NamedStatistic[],
): Image {
  const bands = [...stacks].flatMap(([name, layers]) =>
    outputsOf(name).map(([output, statistic]) => reducedBand(output, statistic, layers)),
  );
  return { kind: 'Image', properties: {}, bands };
}

function reducedBand(name: string, statistic: Statistic, layers: readonly ImageBand[]): ImageBand {
  const united = layers.map(({ type }) => type).reduce(unite, layers[0]?.type ?? DOUBLE);
  const type = typeOf(statistic, united, layers.length);
  return {
    name,
    type,
    source: {
      compute: (frame) => {
        const planes = layers.map(({ source }) => frame.planeOf(source));
        return reducePlanes(statistic, planes, type, frame);
      },
    },
  };
}

function reducePlanes(
  statistic: Statistic,
  planes: readonly Plane[],
  type: PixelType,
  frame: Frame,
): Plane {
  const pixels = allocate(dtypeOf(type), frame.length);
  const mask = new Uint8Array(frame.length);
  const values = new Float64Array(planes.length);
  for (let i = 0; i < frame.length; i++) {
    let count = 0;
    for (const plane of planes) {
      if (plane.mask?.[i] !== 0) values[count++] = valueAt(plane, i);
    }
    // Counting nothing is a count too; everything else needs a value.
    if (count === 0 && statistic !== 'count') continue;
    mask[i] = 1;
    pixels[i] = statisticOf(statistic, values, count);
  }
  return { pixels, mask };
}

function typeOf(statistic: Statistic, type: PixelType, count: number): PixelType {
  switch (statistic) {
    case 'count':
      return intType(0, count);
    case 'sum':
      return type.precision === 'int'
        ? intType(Math.min(type.min, type.min * count), Math.max(type.max, type.max * count))
        : type;
    case 'mean':
    case 'median':
    case 'variance':
    case 'stdDev':
      return fractional(type);
    case 'product':
      return DOUBLE;
    default:
      return statistic.startsWith('p') ? fractional(type) : type;
  }
}
