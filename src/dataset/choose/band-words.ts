/** Bands as people type them. */
import { expected } from '../../errors.js';
import type { DatasetFile } from '../file/dataset-file.js';

type BandEntry = DatasetFile['bands'][number];

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const NAME = '[A-Za-z0-9_][A-Za-z0-9_.-]*';
/** `NAME`, `NAME*100-27315`, `NDVI=nd(B8,B4)*10000`. */
const BAND = new RegExp(
  String.raw`^(?:(?<name>${NAME})=(?:nd|normalizedDifference)\((?<one>${NAME}),(?<other>${NAME})\)|(?<plain>${NAME}))(?:\*(?<scale>${NUMBER})(?<offset>[+-](?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)?)?$`,
);

/**
 * Reads `B4,B3`, with what the pixels are to be: `temperature_2m*100-27315`, `NDVI=nd(B8,B4)*10000`.
 * @throws {InvalidInputError}
 */
export function parseBands(text: string): BandEntry[] {
  const words = text
    .replaceAll(/\s+/g, '')
    .split(/,(?![^(]*\))/)
    .filter((word) => word !== '');
  if (words.length === 0) throw refuse(text);
  return words.map(parseBand);
}

function parseBand(word: string): BandEntry {
  const { name, one, other, plain, scale, offset } = BAND.exec(word)?.groups ?? {};
  const own = name ?? plain;
  if (own === undefined || own === '') throw refuse(word);
  const recipe = {
    ...(scale === undefined ? {} : { scale: Number(scale) }),
    ...(offset === undefined ? {} : { offset: Number(offset) }),
    ...(one === undefined || other === undefined
      ? {}
      : { normalizedDifference: [one, other] as [string, string] }),
  };
  return Object.keys(recipe).length === 0 ? own : { name: own, ...recipe };
}

function refuse(word: string) {
  return expected(
    'names of bands with commas in between',
    'the bands',
    word,
    'A band may be scaled, temperature_2m*100-27315, or derived, NDVI=nd(B8,B4)*10000.',
  );
}

/** Reads `median`, `mode`, ..., `p90`. Whether there is such a one is the dataset's to say. */
export function parseReduce(text: string): NonNullable<DatasetFile['reduce']> {
  const percentile = /^(?:p|percentile[:=])(\d+(?:\.\d+)?)$/i.exec(text.trim())?.[1];
  if (percentile !== undefined) return { percentile: Number(percentile) };
  return text.trim() as NonNullable<DatasetFile['reduce']>;
}
