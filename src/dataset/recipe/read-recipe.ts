import { expected } from '../../errors.js';
import type { Band, NamedSource } from '../dataset.js';
import type { CheckedDatasetFile } from '../file/dataset-file.js';
import { type MaskName, NAMED_MASKS } from './named-masks.js';
import { parseComparison } from './parse-comparison.js';
import {
  type BandRecipe,
  isComputed,
  type Operand,
  type PixelMask,
  type Recipe,
} from './recipe.js';

type MaskEntry = NonNullable<CheckedDatasetFile['mask']>;
type BandEntry = Exclude<CheckedDatasetFile['bands'][number], string>;

/** Fields of a dataset file that only images of Earth Engine have a use for. */
const FIELDS = ['filter', 'mask', 'reduce'] as const;

/** The source with the recipe of the file. @throws {InvalidInputError} where the source can have none. */
export function withRecipe(
  source: NamedSource,
  file: CheckedDatasetFile,
  bands: readonly Band[],
): NamedSource {
  const [given] = FIELDS.filter((field) => file[field] !== undefined);
  const computed = bands.find(isComputed);
  if (given === undefined && computed === undefined) return source;
  if (source.kind !== 'collection' && source.kind !== 'image') {
    const what = given === undefined ? `band "${computed?.name}"` : `"${given}"`;
    throw expected('a "collection" or an "image"', `a dataset with ${what}`, `"${source.kind}"`);
  }
  if (source.kind === 'image') {
    const [wrong] = (['filter', 'reduce'] as const).filter((field) => file[field] !== undefined);
    if (wrong !== undefined)
      throw expected(
        'a "collection"',
        `a dataset with "${wrong}"`,
        'an image',
        'It is one already.',
      );
  }
  const recipe: Recipe = {
    ...(file.filter === undefined
      ? {}
      : {
          filter: [file.filter]
            .flat()
            .map((text) => parseComparison(text, '"filter" of the dataset')),
        }),
    ...(file.mask === undefined ? {} : { mask: readMasks(file.mask, source.kind) }),
    ...(file.reduce === undefined ? {} : { reduce: file.reduce }),
  };
  return Object.keys(recipe).length === 0 ? source : { ...source, recipe };
}

const CRITERIA = ['withoutBits', 'withoutClasses', 'onlyClasses', 'atLeast', 'atMost'] as const;

function readMasks(entry: MaskEntry, kind: 'collection' | 'image'): PixelMask[] {
  return [entry].flat().map((one) => {
    const mask: PixelMask =
      typeof one === 'string' ? NAMED_MASKS[one as MaskName] : (compact(one) as PixelMask);
    const given = CRITERIA.filter((name) => mask[name] !== undefined);
    if (given.length !== 1)
      throw expected(
        `exactly one of ${CRITERIA.join(', ')}`,
        `the mask by band "${mask.band}" of the dataset`,
        given.join(', ') || 'none',
      );
    if (kind === 'image' && mask.collection !== undefined)
      throw expected('a "collection"', 'a mask by a linked collection', 'an image');
    return mask;
  });
}

/** How the band's values come about. @throws {InvalidInputError} for a factor of 0. */
export function readBandRecipe({
  name,
  scale,
  offset,
  normalizedDifference: pair,
}: BandEntry): BandRecipe {
  checkScale(name, scale);
  return {
    ...(scale === undefined ? {} : { scale }),
    ...(offset === undefined ? {} : { offset }),
    ...(pair === undefined
      ? {}
      : { normalizedDifference: [operand(pair[0]), operand(pair[1])] as const }),
  };
}

function operand(entry: NonNullable<BandEntry['normalizedDifference']>[number]): Operand {
  if (typeof entry === 'string') return { name: entry };
  checkScale(entry.name, entry.scale);
  return compact(entry) as Operand;
}

function checkScale(band: string, scale: number | undefined): void {
  if (scale === 0)
    throw expected('a number other than 0', `"scale" of band "${band}" of the dataset`, scale);
}

function compact<T extends object>(entry: T): object {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}
