/** What a cube's overviews are to be. */
import { Option } from 'commander';
import {
  type OverviewSettings,
  REDUCTIONS,
  type Reduction,
  type ReductionChoice,
} from '../../../cube/overviews/levels.js';
import { expected } from '../../../errors.js';

/** What {@link overviewOptions} add. */
export interface OverviewWords {
  readonly factors?: readonly number[];
  readonly reduction?: ReductionChoice;
}

export function overviewOptions(): Option[] {
  return [
    new Option(
      '--factors <numbers>',
      'how much coarser each level is than the bands, with commas, such as 2,4,8 (default: until a level fits into one chunk)',
    ).argParser(readFactors),
    new Option(
      '--reduction <how>',
      `how values are made: ${REDUCTIONS.join(', ')}, for all bands or by band, such as class=mode,qa=near (default: mode for bands with flag_values or flag_meanings, near with flag_masks, else average)`,
    ).argParser(readReduction),
  ];
}

export function settingsOf({ factors, reduction }: OverviewWords): OverviewSettings {
  return { factors, reduction };
}

function readFactors(text: string): readonly number[] {
  const factors = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!factors.every((factor) => Number.isInteger(factor) && factor >= 2))
    throw expected('whole numbers from 2 on with commas', '--factors', text, 'Such as 2,4,8.');
  return factors;
}

function readReduction(text: string): ReductionChoice {
  const isOne = (word: string): word is Reduction =>
    (REDUCTIONS as readonly string[]).includes(word);
  if (isOne(text.trim())) return text.trim() as Reduction;
  const pairs = text.split(',').map((part) => {
    const at = part.lastIndexOf('=');
    const [name, word] = [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()];
    if (name === '' || !isOne(word))
      throw expected(
        `${REDUCTIONS.join(', ')}, or bands with one of them, such as class=mode,qa=near`,
        '--reduction',
        text,
      );
    return [name, word] as const;
  });
  return Object.fromEntries(pairs);
}
