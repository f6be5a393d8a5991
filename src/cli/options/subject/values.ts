/** Options of commands that tell values: which bands, and whether as numbers or as what they stand for. */
import { Option } from 'commander';
import { expected } from '../../../errors.js';

/** What {@link bandsOption} and {@link scaledOption} add. */
export interface ValueOptions {
  readonly bands?: readonly string[];
  readonly scaled?: boolean;
}

export const bandsOption = () =>
  new Option('--bands <list>', 'bands, with commas (default: all)').argParser(readNames);

export const scaledOption = () =>
  new Option(
    '--scaled',
    "what the stored numbers stand for, number * scale_factor + add_offset by the band's attributes (default: the stored numbers)",
  );

/** @throws {InvalidInputError} */
function readNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw expected('names of bands with commas', '--bands', text);
  return names;
}

/** JSON has no number for them; the words are Python's, GDAL's and pandas'. */
export const withWords = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? numberWord(value) : value;

/** A number as text, so that reading it gives the same one. */
export function numberWord(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? 'inf' : '-inf';
}
