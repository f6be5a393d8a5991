import { type Command, Option } from 'commander';
import { PRESET_NAMES } from '../../dataset/presets.js';
import { parseToi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { localPath, schemeOf } from '../../machine/local-path.js';

/** Options that several commands share. */
export const storeOption = () =>
  new Option('--store <url>', 'path or URL of the cube')
    .argParser((url) => {
      if (schemeOf(url) === 'memory')
        throw expected(
          'a place that is still there when the command has ended',
          '--store',
          url,
          'Cubes in memory are for programs.',
        );
      return url;
    })
    .makeOptionMandatory();

/** A parser for options that name a file or folder, by its path or a `file:` URL. */
export function pathFor(name: string): (text: string) => string {
  return (text) => localPath(text, name);
}

export const datasetOption = () =>
  new Option(
    '--dataset <name|file>',
    `built-in dataset (${PRESET_NAMES.join(', ')}) or a .json file`,
  );

export const timeOption = () =>
  new Option(
    '--time <time>',
    'steps of a temporal cube: 2019, 2019-07-01, 2019/2022 (both included), 2019,2021, nearest:2020-06-30, all (default: all)',
  ).argParser(parseToi);

export const branchOption = (description: string) =>
  new Option('--branch <name>', description).conflicts('asOf');

/** The same where it is read. */
export const readBranchOption = () =>
  branchOption('what "ingest --branch" has filled, in place of what readers of the cube see');

export const asOfOption = () =>
  new Option(
    '--as-of <version>',
    'an older state: a tag, the id of a commit, or a time (UTC) such as 2026-11-28, by which the newest commit in or before it is meant',
  );

export const threadsOption = () =>
  new Option(
    '--threads <n>',
    'threads that compute; 0 computes on the main thread (default: the cores)',
  ).argParser(wholeNumber('--threads', 0, 256));

export const durabilityOption = () =>
  new Option(
    '--durability <what>',
    'commit waits until each commit is on the disk; none leaves that to the system, and a power cut may cost the cube',
  )
    .choices(['commit', 'none'])
    .default('commit');

export const formatOption = () =>
  new Option('--format <format>', 'what to print').choices(['text', 'json']).default('text');

/** What {@link addFormatWords} adds. */
export interface FormatWords {
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** `--json` for `--format json`, and others so. */
export function addFormatWords(command: Command, words: readonly (keyof FormatWords)[]): Command {
  for (const word of words)
    command.addOption(
      new Option(`--${word}`, `the same as --format ${word}`).conflicts([
        'format',
        ...words.filter((other) => other !== word),
      ]),
    );
  return command;
}

export function formatOf<Format extends string>({
  json,
  csv,
  format,
}: FormatWords & { readonly format: Format }): Format | keyof FormatWords {
  return json ? 'json' : csv ? 'csv' : format;
}

export const trustOption = () =>
  new Option(
    '--trust-inputs',
    'let input files lead anywhere: to other files, services, databases (default: only files that hold data, and VRTs over those in their own folder)',
  );

export const trustFileSystemOption = () =>
  new Option(
    '--trust-file-system',
    'fill a folder on a network file system from several processes: where all of them run on one host, or the file system shows each host at once what others write',
  );

export const quietOption = () =>
  new Option('-q, --quiet', 'print nothing: the exit code tells how it went');

/** A parser for commander that takes whole numbers in a range. */
export function wholeNumber(name: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isInteger(value) || value < low || value > high)
      throw expected(`a whole number from ${low} to ${high}`, name, text);
    return value;
  };
}
