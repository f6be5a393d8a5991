/** The bands of a dataset: which, what they hold, and what readers are to know of them. */
import { expected } from '../../errors.js';
import type { DatasetFile } from '../file/dataset-file.js';
import { type MaskName, NAMED_MASKS } from '../recipe/named-masks.js';
import type { Operand, PixelMask, Reduction } from '../recipe/recipe.js';
import { nearNames } from './near.js';
import { publishedBand } from './published/assets.js';
import type { PublishedBand } from './published/band.js';
import type { SourceAsset, SourceBand } from './source-asset.js';
import { computedValues, reducedValues, storedValues, type Values } from './values.js';

export type BandEntry = Exclude<DatasetFile['bands'][number], string>;

export interface ChosenBand {
  readonly entry: BandEntry;
  readonly values: Values;
  /** Those of the asset that it is made of. */
  readonly sources: readonly SourceBand[];
}

/** The service's own, and that of a dataset. */
const MOST_BANDS = 1024;

/** @throws {InvalidInputError} for bands that the asset does not have, with those that may have been meant. */
export function chooseBands(
  asset: SourceAsset,
  wanted: DatasetFile['bands'] | undefined,
  reduce: Reduction | undefined,
): ChosenBand[] {
  const entries = wanted ?? allBands(asset);
  return entries.map((entry) =>
    chooseBand(asset, typeof entry === 'string' ? { name: entry } : entry, reduce),
  );
}

/** Of a collection those that all of its images have, as far as they were looked at. */
function allBands({ id, kind, bands, differing }: SourceAsset): string[] {
  const names = bands
    .filter(({ name, arrayDimensions }) => arrayDimensions === 0 && !differing.includes(name))
    .map(({ name }) => name);
  if (names.length > 0 && names.length <= MOST_BANDS) return names;
  throw expected(
    `1 to ${MOST_BANDS} bands`,
    `the dataset of ${id}`,
    `the ${names.length} that ${kind === 'image' ? 'it has' : 'its images have in common'}`,
    'Name those that are wanted (--bands).',
  );
}

function chooseBand(
  asset: SourceAsset,
  entry: BandEntry,
  reduce: Reduction | undefined,
): ChosenBand {
  const { name, normalizedDifference: pair } = entry;
  const operands = pair?.map((operand) => scaledOperand(asset.id, operand));
  const sources = (operands?.map((operand) => operand.name) ?? [name]).map((each) =>
    findBand(asset, each),
  );
  const [source] = sources;
  const published = pair === undefined ? publishedBand(asset.id, name) : undefined;
  const stored =
    pair === undefined && source !== undefined
      ? storedValues(source.type, {
          valid: published?.valid,
          areClasses: published?.areClasses ?? source.areClasses,
        })
      : undefined;
  const computed = computedValues(stored, {
    ...(entry.scale === undefined ? {} : { scale: entry.scale }),
    ...(entry.offset === undefined ? {} : { offset: entry.offset }),
    ...(operands === undefined ? {} : { normalizedDifference: operands as unknown as Pair }),
  });
  const attributes = { ...attributesOf(entry, published, reduce), ...entry.attributes };
  return {
    entry: {
      ...entry,
      ...(operands === undefined
        ? {}
        : { normalizedDifference: operands.map(plainOperand) as [string, string] }),
      ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    },
    values: reducedValues(computed, reduce),
    sources,
  };
}

type Pair = readonly [Operand, Operand];

/** Where pixels are not proportional to what they stand for, a difference of them says nothing. */
function scaledOperand(
  id: string,
  operand: NonNullable<BandEntry['normalizedDifference']>[number],
): Operand {
  if (typeof operand !== 'string') return operand as Operand;
  const { scale, offset = 0 } = publishedBand(id, operand) ?? {};
  return scale === undefined || offset === 0 ? { name: operand } : { name: operand, scale, offset };
}

function plainOperand(operand: Operand): Operand | string {
  return operand.scale === undefined && operand.offset === undefined ? operand.name : operand;
}

function findBand({ id, bands, differing }: SourceAsset, name: string): SourceBand {
  const band = bands.find((each) => each.name === name);
  if (band === undefined) {
    const near = nearNames(
      name,
      bands.map((each) => each.name),
    );
    const some = near.length > 0 ? near : bands.slice(0, 8).map((each) => each.name);
    const more = near.length === 0 && bands.length > some.length ? ', ...' : '';
    throw expected(
      `a band of ${id}`,
      'the bands of the dataset',
      name,
      bandsHint(some, more, near),
    );
  }
  if (band.arrayDimensions > 0)
    throw expected(
      'a band with a number in each pixel',
      'the bands of the dataset',
      `${name}, whose pixels are arrays${differing.includes(name) ? ' in some images' : ''}`,
    );
  return band;
}

function bandsHint(some: readonly string[], more: string, near: readonly string[]): string {
  if (some.length === 0) return 'It has none.';
  return near.length > 0 ? `Near it: ${some.join(', ')}.` : `It has ${some.join(', ')}${more}.`;
}

/** As CF has them: what is stored times `scale_factor` plus `add_offset` is what it stands for. */
function attributesOf(
  { name, scale = 1, offset = 0, normalizedDifference: pair }: BandEntry,
  published: PublishedBand | undefined,
  reduce: Reduction | undefined,
): NonNullable<BandEntry['attributes']> {
  if (reduce === 'count') return { long_name: `Images with a valid pixel of ${name}`, units: '1' };
  const own = published ?? { longName: '' };
  const isPacked = own.scale !== undefined || scale !== 1 || offset !== 0;
  const factor = (own.scale ?? 1) / scale;
  const longName =
    pair === undefined
      ? own.longName
      : `Normalised difference of ${pair.map(nameOf).join(' and ')}`;
  const units = pair === undefined ? own.units : '1';
  return {
    ...(longName === '' ? {} : { long_name: longName }),
    ...(units === undefined ? {} : { units }),
    ...(isPacked
      ? { scale_factor: plain(factor), add_offset: plain((own.offset ?? 0) - offset * factor) }
      : {}),
  };
}

/** No negative zero, and no digits that are rounding. */
function plain(value: number): number {
  return Number(value.toPrecision(15)) || 0;
}

function nameOf(operand: NonNullable<BandEntry['normalizedDifference']>[number]): string {
  return typeof operand === 'string' ? operand : operand.name;
}

/** @throws {InvalidInputError} for a mask by a band that the asset does not have. */
export function checkMasks(asset: SourceAsset, entry: DatasetFile['mask']): void {
  for (const one of [entry ?? []].flat()) {
    const mask: PixelMask | undefined =
      typeof one === 'string' ? NAMED_MASKS[one as MaskName] : (one as PixelMask);
    if (mask === undefined || mask.collection !== undefined) continue;
    if (asset.bands.some(({ name }) => name === mask.band)) continue;
    throw expected(
      `an asset with the band ${mask.band}`,
      typeof one === 'string' ? `the mask ${one}` : 'the mask',
      asset.id,
    );
  }
}
