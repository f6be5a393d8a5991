/**
 * Earth Engine expressions in the REST API's own form, written by hand: the few functions a tile
 * needs do not justify starting the official client, which takes a second and a request.
 */
import type { Dataset, Source } from '../../dataset/dataset.js';
import type { TimeSpan } from '../../dataset/period.js';
import { expected, type InvalidInputError } from '../../errors.js';
import { type DType, type WorkType, workTypeOf } from '../../raster/dtype.js';
import { BITS_PER_MASK_BAND, type MaskTransport } from '../../tile.js';
import { imageAt } from './at-step.js';
import { call, constant, image, type Node, type Reference, select } from './nodes.js';
import { hasRecipe, recipeImage } from './recipe.js';

export { call, constant, image, type Node, select } from './nodes.js';

export interface Expression {
  readonly result: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The function that casts to each type. */
export const CASTS: Readonly<Record<WorkType, string>> = {
  uint8: 'Image.toUint8',
  int16: 'Image.toInt16',
  uint16: 'Image.toUint16',
  int32: 'Image.toInt32',
  uint32: 'Image.toUint32',
  float32: 'Image.toFloat',
  float64: 'Image.toDouble',
};

/**
 * The image whose pixels one request asks for: the dataset's bands `bands` (indices, in order), their
 * masks made explicit as `mask` says, and the cast last, because `unmask` and arithmetic widen types.
 *
 * Never `clip`: the request's grid already bounds the work.
 *
 * @param time of a collection only the images that begin in it; what an expression that is a function is called with.
 */
export function requestExpression(
  dataset: Pick<Dataset, 'source' | 'bands' | 'dtype'>,
  bands: readonly number[],
  mask: MaskTransport,
  time?: TimeSpan,
): Expression {
  const given =
    dataset.source.kind === 'expression' ? (dataset.source.expression as Expression) : undefined;
  const values: Record<string, unknown> = { ...given?.values };
  const source = define(values, 'source', sourceImage(dataset, time, values));
  const names = bands.map((band) => dataset.bands[band]?.name ?? '');
  const pixels = define(values, 'pixels', explicitMasks(source, names, dataset.dtype, mask));
  return { result: pixels.valueReference, values };
}

/** The bands `names` of `source` with their masks as `mask` says, cast to the dtype. */
function explicitMasks(
  source: Node,
  names: readonly string[],
  dtype: DType,
  mask: MaskTransport,
): Node {
  const bands = select(source, names);
  // A cast cuts what is between 0 and 1, and stops at 0: both would be false.
  const selected =
    dtype === 'bool' ? call('Image.neq', { image1: bands, image2: image(0) }) : bands;
  const cast = (node: Node) => call(CASTS[workTypeOf(dtype)], { value: node });
  switch (mask.kind) {
    case 'file':
      return cast(selected);
    case 'sentinel':
      return cast(unmask(selected, mask.value));
    case 'bits':
      return maskBands(source, names).reduce(
        (all, bits, group) =>
          call('Image.addBands', {
            dstImg: all,
            srcImg: call('Image.rename', {
              input: cast(bits),
              names: constant([`mask_bits_${group}`]),
            }),
          }),
        cast(selected),
      );
  }
}

/** Outside an image's footprint too: without `sameFootprint: false` unmask leaves that masked. */
export function unmask(input: Node, value: number): Node {
  return call('Image.unmask', { input, value: image(value), sameFootprint: constant(false) });
}

/**
 * One image for each eight bands: bit `i` is 1 where band `i` is valid. Masks are fractions at Earth
 * Engine, and only 0 is masked. Eight masks in one band cost what one would.
 */
function maskBands(source: Node, names: readonly string[]): Node[] {
  const groups: Node[] = [];
  for (let first = 0; first < names.length; first += BITS_PER_MASK_BAND) {
    const bits = names.slice(first, first + BITS_PER_MASK_BAND).map((name, bit) => {
      const valid = call('Image.gt', {
        image1: unmask(call('Image.mask', { image: select(source, [name]) }), 0),
        image2: image(0),
      });
      return bit === 0 ? valid : call('Image.multiply', { image1: valid, image2: image(2 ** bit) });
    });
    groups.push(bits.reduce((sum, bit) => call('Image.add', { image1: sum, image2: bit })));
  }
  return groups;
}

/** Names a value, so that it is computed once; a name that the dataset's own expression uses is left to it. */
function define(values: Record<string, unknown>, wanted: string, node: Node): Reference {
  let name = wanted;
  while (name in values) name = `${name}_`;
  values[name] = node;
  return { valueReference: name };
}

/** The dataset of a cube that is filled from files has nothing to ask for. */
function withoutSource(kind: Source['kind']): InvalidInputError {
  return expected(
    'a "collection", an "image" or an "expression"',
    'the dataset, to ask Earth Engine for its pixels,',
    kind,
    'Fill its cube with "geocubes import".',
  );
}

function sourceImage(
  dataset: Pick<Dataset, 'source' | 'bands' | 'dtype'>,
  time: TimeSpan | undefined,
  values: Record<string, unknown>,
): Node {
  const { source } = dataset;
  if ((source.kind === 'collection' || source.kind === 'image') && hasRecipe(dataset)) {
    return recipeImage(
      { ...dataset, source },
      (collection) => (time === undefined ? collection : imagesIn(collection, time)),
      (wanted, node) => define(values, wanted, node),
    );
  }
  switch (source.kind) {
    case 'none':
      throw noSource();
    case 'image':
      return call('Image.load', { id: constant(source.id) });
    case 'collection': {
      const all = call('ImageCollection.load', { id: constant(source.id) });
      return call('ImageCollection.mosaic', {
        collection: time === undefined ? all : imagesIn(all, time),
      });
    }
    case 'expression':
      return imageAt(source.expression as Expression, time);
    case 'local':
      throw withoutSource(source.kind);
  }
}

/**
 * The asset that is read, where the source is one; `undefined` for an expression.
 * @throws {InvalidInputError} for sources that are none of Earth Engine's
 */
export function assetIdOf(source: Source): string | undefined {
  switch (source.kind) {
    case 'none':
      throw noSource();
    case 'image':
    case 'collection':
      return source.id;
    case 'expression':
      return undefined;
    case 'local':
      throw withoutSource(source.kind);
    default:
      return source satisfies never;
  }
}

/** A cube that another program made need not tell where its pixels come from. */
function noSource(): InvalidInputError {
  return expected(
    'a dataset with a source',
    'an ingest from Earth Engine',
    'a cube that does not tell where its pixels come from',
    'Open the cube with a dataset that does.',
  );
}

/**
 * `filterDate(start, end)`. Numbers are milliseconds since 1970 in UTC, with no time zone to be guessed;
 * a range without an end would be 1 ms long.
 */
export function imagesIn(collection: Node, { start, end }: TimeSpan): Node {
  return call('Collection.filter', {
    collection,
    filter: call('Filter.dateRangeContains', {
      leftValue: call('DateRange', { start: constant(start), end: constant(end) }),
      rightField: constant('system:time_start'),
    }),
  });
}
