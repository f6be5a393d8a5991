/** A dataset file for an asset: what was asked for, what was chosen for the rest, and why. */
import { expected } from '../../errors.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { Roi } from '../../grid/roi.js';
import type { DatasetFile } from '../file/dataset-file.js';
import { formatInstant } from '../period.js';
import type { Reduction } from '../recipe/recipe.js';
import { chooseTypes } from './band-types.js';
import { type ChosenBand, checkMasks, chooseBands } from './choose-bands.js';
import { chooseChunk } from './chunk.js';
import { choosePlace } from './place.js';
import { publishedAsset, publishedBand } from './published/assets.js';
import type { SourceAsset, SourceBand } from './source-asset.js';
import { timeEntryOf } from './time-words.js';

/** Fields of a dataset file that are taken as they are. */
const TAKEN = [
  ...['filter', 'mask', 'reduce', 'requestGrid', 'fill', 'maxFillDistance', 'clipToObserved'],
  ...['resampling', 'codec'],
] as const;

type Taken =
  | 'filter'
  | 'mask'
  | 'reduce'
  | 'requestGrid'
  | 'fill'
  | 'maxFillDistance'
  | 'clipToObserved'
  | 'resampling'
  | 'codec'
  | 'dtype'
  | 'title';

/** What a dataset is to be like; all else is chosen. */
export type DatasetWishes = { readonly [K in Taken]?: DatasetFile[K] | undefined } & {
  /** Default: all bands that the images have in common. */
  readonly bands?: DatasetFile['bands'] | undefined;
  /** Code of "no value"; `null` for none. */
  readonly nodata?: number | null | undefined;
  readonly region?: Roi | undefined;
  readonly like?: GeoBox | undefined;
  readonly crs?: string | undefined;
  readonly resolution?: number | readonly [x: number, y: number] | undefined;
  readonly chunk?: DatasetFile['grid']['chunk'] | undefined;
  /** `2024`, `2024/2025` (both included), `2021,2022`. */
  readonly time?: string | undefined;
  /** `1 month`, of the time. */
  readonly step?: string | undefined;
  /** Told before all other notes. */
  readonly note?: string | undefined;
};

/**
 * @param requestBytes that one request to the service may have
 * @returns a file that names no other; its `notes` say what was chosen, and why
 * @throws {InvalidInputError}
 */
export function composeDataset(
  asset: SourceAsset,
  wishes: DatasetWishes,
  requestBytes: number,
): DatasetFile {
  const { id, kind } = asset;
  checkKind(asset, wishes);
  checkMasks(asset, wishes.mask);
  const reduce = wishes.reduce as Reduction | undefined;
  const bands = chooseBands(asset, wishes.bands, reduce);
  const types = chooseTypes(bands, wishes);
  const { dtype, nodata } = types;
  const finest = finestOf(id, bands);
  const place = choosePlace(wishes, nativeGrid(kind, finest?.band.grid), finest?.metres);
  const time = wishes.time === undefined ? undefined : timeEntryOf(wishes.time, wishes.step);
  const chunk =
    wishes.chunk === undefined
      ? chooseChunk({
          pixelBytes: types.requestPixelBytes,
          requestBytes,
          shape: place.shape,
          isComputed: reduce !== undefined && reduce !== 'first',
        })
      : undefined;
  const taken = Object.fromEntries(
    TAKEN.filter((name) => wishes[name as Taken] !== undefined).map((name) => [
      name,
      wishes[name as Taken],
    ]),
  );
  const notes = [
    ...(wishes.note === undefined ? [] : [wishes.note]),
    assetNote(asset),
    ...differingNote(asset, bands),
    ...bandNotes(bands),
    ...types.reasons,
    ...place.reasons,
    ...(chunk === undefined ? [] : [`Chunk ${chunk.side}: ${chunk.why}.`]),
    ...timeNotes(kind, wishes, time),
  ];
  return {
    notes,
    title: wishes.title ?? publishedAsset(id)?.title ?? asset.title ?? id,
    [kind]: id,
    ...taken,
    bands: types.entries.map((entry) => (Object.keys(entry).length === 1 ? entry.name : entry)),
    dtype,
    ...(nodata === undefined ? {} : { nodata }),
    grid: { ...place.grid, chunk: wishes.chunk ?? chunk?.side ?? 1 },
    ...(time === undefined ? {} : { time }),
  } as DatasetFile;
}

function checkKind({ id, kind, start, end }: SourceAsset, wishes: DatasetWishes): void {
  if (kind === 'image') {
    for (const field of ['time', 'step', 'filter', 'reduce'] as const)
      if (wishes[field] !== undefined)
        throw expected('a collection', `a dataset with "${field}"`, `the image ${id}`);
  }
  if (wishes.step === undefined || wishes.time !== undefined) return;
  const span =
    start === undefined
      ? undefined
      : `${id} has images from ${day(start)} on${end === undefined ? '' : `, up to ${day(end)} at least`}.`;
  throw expected('a time, such as 2024 or 2024/2025,', `steps of ${wishes.step}`, 'none', span);
}

/** The band of the smallest pixels, by what its publisher says of them where anything is known. */
function finestOf(
  id: string,
  bands: readonly ChosenBand[],
): { readonly band: SourceBand; readonly metres: number | undefined } | undefined {
  const all = bands
    .flatMap(({ sources }) => sources)
    .filter(({ grid }) => grid !== undefined)
    .map((band) => ({ band, metres: publishedBand(id, band.name)?.metres }));
  return all.sort((one, other) => sizeOf(one) - sizeOf(other))[0];
}

/** One image of a collection does not say how far the others go. */
function nativeGrid(kind: SourceAsset['kind'], grid: SourceBand['grid']): SourceBand['grid'] {
  return grid === undefined || kind === 'image' ? grid : { crs: grid.crs, affine: grid.affine };
}

function sizeOf({ band, metres }: { band: SourceBand; metres: number | undefined }): number {
  return metres ?? Math.abs(band.grid?.affine[0] ?? Number.POSITIVE_INFINITY);
}

function assetNote({ id, kind, images, start }: SourceAsset): string {
  if (kind === 'image')
    return `${id} is an image; its bands and their types are those that Earth Engine tells.`;
  const since = start === undefined ? '' : `, since ${day(start)}`;
  const of = images.length === 1 ? images[0] : `${images[0]} and ${images.length - 1} more`;
  return `${id} is a collection of images${since}; bands and types are those of ${of}.`;
}

function day(time: number): string {
  return formatInstant(time).slice(0, 10);
}

function differingNote({ differing }: SourceAsset, bands: readonly ChosenBand[]): string[] {
  const used = bands.flatMap(({ sources }) => sources.map(({ name }) => name));
  const named = differing.filter((name) => used.includes(name));
  const left = differing.filter((name) => !used.includes(name));
  return [
    ...(named.length === 0
      ? []
      : [`Not in all images alike: ${some(named)}. The type holds the values of those looked at.`]),
    ...(left.length === 0 ? [] : [`Not in all images alike, and not taken: ${some(left)}.`]),
  ];
}

/** Names shown at the most. */
const SHOWN = 12;

function some(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
}

/** What was reasoned of bands, once for all that it is true of. */
function bandNotes(bands: readonly ChosenBand[]): string[] {
  const by = new Map<string, string[]>();
  for (const { entry, values } of bands)
    for (const reason of values.reasons) by.set(reason, [...(by.get(reason) ?? []), entry.name]);
  return [...by].map(([reason, names]) => `${some(names)}: ${reason}.`);
}

function timeNotes(
  kind: SourceAsset['kind'],
  { reduce, step }: DatasetWishes,
  time: DatasetFile['time'],
): string[] {
  if (kind === 'image') return [];
  const how = reduce === undefined ? 'mosaicked, the last on top' : 'reduced';
  if (time === undefined) return [`No time steps: all images make one, ${how}.`];
  return [
    step === undefined
      ? `The images that begin in each time make one step, ${how}.`
      : `The images that begin in each step of ${step} make one, ${how}; the end of the time is included.`,
  ];
}
