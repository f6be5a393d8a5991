/** What a dataset of an asset is to be like, as `dataset` and `create` take it. */
import { type Command, Option } from 'commander';
import { parseBands, parseReduce } from '../../dataset/choose/band-words.js';
import type { DatasetWishes } from '../../dataset/choose/compose.js';
import { CODECS, FILLS, RESAMPLINGS } from '../../dataset/dataset.js';
import { MASK_NAMES } from '../../dataset/recipe/named-masks.js';
import { expected } from '../../errors.js';
import { DTYPES, type DType } from '../../raster/dtype.js';
import { wholeNumber } from './common.js';
import { addRegionOptions, type RegionOptions, regionIn } from './region.js';

type Wishes = Omit<DatasetWishes, 'region' | 'like' | 'note'>;

export interface DatasetOptions extends Wishes, Omit<RegionOptions, 'time'> {
  readonly like?: string;
}

/** Also where a cube is made of a dataset file. */
export function innerChunkOption(): Option {
  return new Option(
    '--inner-chunk <pixels>',
    "side of inner chunks that chunks consist of (Zarr's sharding), for readers of small windows; divides a chunk's sides",
  ).argParser(wholeNumber('--inner-chunk', 1, 32_768));
}

/** The region's among them; not `--like`, which `create` has with another meaning as well. */
export function addDatasetOptions(command: Command): Command {
  const own = [
    new Option(
      '--bands <list>',
      'names with commas in between, scaled (temperature_2m*100-27315) or derived (NDVI=nd(B8,B4)*10000) where wanted (default: all that the images have in common)',
    ).argParser(parseBands),
    new Option('--crs <crs>', 'CRS of the cube (default: UTM zone of the region)'),
    new Option(
      '--resolution <size>',
      "side of a pixel in units of the CRS, or its two sides x,y (default: the asset's finest band)",
    ).argParser(resolution),
    new Option(
      '--chunk <pixels>',
      'side of a chunk (default: so that a tile is one request)',
    ).argParser(wholeNumber('--chunk', 1, 32_768)),
    new Option(
      '--time <time>',
      '2024, or 2024/2025 (both included); without --step each of 2021,2022 is a step',
    ),
    new Option('--step <length>', 'length of a time step, such as "1 month" (default: none)'),
    new Option(
      '--filter <comparison>',
      'images of which a property holds, such as "CLOUD_COVER < 60"; may be given several times',
    ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
    new Option(
      '--mask <mask>',
      `pixels that are kept of each image: ${MASK_NAMES.join(', ')}, or JSON as in a dataset file`,
    ).argParser(mask),
    new Option(
      '--reduce <how>',
      'how images become one: mosaic, first, median, mean, min, max, mode, count, p90 (default: mosaic)',
    ).argParser(parseReduce),
    new Option(
      '--dtype <type>',
      'type of the pixels (default: the smallest that holds them)',
    ).choices(DTYPES),
    new Option(
      '--nodata <value>',
      'code of "no value", or none (default: one that no pixel has)',
    ).argParser(nodata),
    new Option('--fill <how>', 'how gaps are filled').choices(FILLS),
    new Option('--max-fill-distance <pixels>', 'how far gaps are filled, or none').argParser(
      orNone('--max-fill-distance'),
    ),
    new Option('--clip-to-observed', 'keep filled values within those observed'),
    new Option('--resampling <method>', 'how pixels on another grid are resampled').choices(
      RESAMPLINGS,
    ),
    new Option(
      '--request-grid <grid>',
      'grid that pixels are asked for on: CRS,resolution or CRS,resolution,x,y with a corner of a pixel',
    ).argParser(requestGrid),
    new Option('--codec <codec>', 'how chunks are compressed').choices(CODECS),
    new Option('--title <title>', "the cube's title"),
  ];
  addRegionOptions(command);
  for (const option of own) command.addOption(option);
  return command;
}

/** The dataset's own among the options of a command, and the region read. */
export async function wishesOf(options: DatasetOptions): Promise<Omit<DatasetWishes, 'like'>> {
  const { time: _, ...place } = options;
  const region = await regionIn(place);
  const { bands, crs, resolution, chunk, time, step, filter, mask, reduce, dtype, nodata } =
    options;
  const { fill, maxFillDistance, clipToObserved, resampling, requestGrid, codec, title } = options;
  return {
    ...{ region, bands, crs, resolution, chunk, time, step, filter, mask, reduce, nodata },
    ...{ fill, maxFillDistance, clipToObserved, resampling, requestGrid, codec, title },
    dtype: dtype as DType | undefined,
  };
}

/** Names of the options that say what a dataset is to be like, without the region's file. */
export const DATASET_OPTION_NAMES: readonly string[] = [
  ...['bbox', 'roi', 'bands', 'crs', 'resolution', 'chunk', 'time', 'step', 'filter', 'mask'],
  ...['reduce', 'dtype', 'nodata', 'fill', 'maxFillDistance', 'clipToObserved', 'resampling'],
  ...['requestGrid', 'codec', 'title'],
];

function numbers(text: string): number[] {
  return text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
}

function resolution(text: string): number | readonly [number, number] {
  const [x = Number.NaN, y, ...rest] = numbers(text);
  if (![x, y ?? 1].every((side) => Number.isFinite(side) && side > 0) || rest.length > 0)
    throw expected('one or two positive numbers', '--resolution', text);
  return y === undefined ? x : [x, y];
}

function nodata(text: string): number | null {
  if (text.trim() === 'none') return null;
  const [code = Number.NaN, ...rest] = numbers(text);
  if (!Number.isFinite(code) || rest.length > 0)
    throw expected('a number or none', '--nodata', text);
  return code;
}

function orNone(name: string): (text: string) => number | null {
  return (text) => {
    const value = nodata(text);
    if (value !== null && value <= 0) throw expected('a positive number or none', name, text);
    return value;
  };
}

function mask(text: string): NonNullable<DatasetWishes['mask']> {
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text) as NonNullable<DatasetWishes['mask']>;
    } catch {
      throw expected('JSON or names of masks', '--mask', text);
    }
  }
  const names = text.split(',').map((name) => name.trim());
  const known: readonly string[] = MASK_NAMES;
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw expected(`${MASK_NAMES.join(', ')} or JSON`, '--mask', wrong);
  const [first, ...others] = names as [string, ...string[]];
  return (others.length === 0 ? first : names) as NonNullable<DatasetWishes['mask']>;
}

function requestGrid(text: string): NonNullable<DatasetWishes['requestGrid']> {
  const [crs = '', ...rest] = text.split(',');
  const [side = Number.NaN, x, y, ...more] = rest.map(Number);
  const isWhole = x === undefined || y !== undefined;
  if (crs === '' || !(side > 0) || !isWhole || more.length > 0 || Number.isNaN((x ?? 0) + (y ?? 0)))
    throw expected('CRS,resolution or CRS,resolution,x,y', '--request-grid', text);
  return {
    crs,
    resolution: side,
    ...(x === undefined || y === undefined ? {} : { origin: [x, y] }),
  };
}
