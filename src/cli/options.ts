import { createReadStream } from 'node:fs';
import { Option } from 'commander';
import type { Dataset } from '../dataset/dataset.js';
import { parseDataset } from '../dataset/parse.js';
import { PRESET_NAMES, presetDataset } from '../dataset/presets.js';
import { parseToi } from '../dataset/toi.js';
import { expected, InvalidInputError } from '../errors.js';
import { localPath, schemeOf } from '../machine/local-path.js';
import { readAtMost } from '../raster/read-at-most.js';

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
  ).makeOptionMandatory();

export const timeOption = () =>
  new Option(
    '--time <time>',
    'steps of a temporal cube: 2019, 2019-07-01, 2019/2022 (both included), 2019,2021, nearest:2020-06-30 (default: all)',
  ).argParser(parseToi);

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

export const trustOption = () =>
  new Option(
    '--trust-inputs',
    'let input files lead anywhere: to other files, services, databases (default: only files that hold data, and VRTs over those in their own folder)',
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

/** A preset by its name, or a dataset in a JSON file. @throws {InvalidInputError} */
export async function readDataset(nameOrFile: string): Promise<Dataset> {
  return nameOrFile.endsWith('.json')
    ? parseDataset(await readJson(localPath(nameOrFile, 'the dataset'), 'the dataset'))
    : presetDataset(nameOrFile);
}

/** The content of a JSON file; `subject` names the option in messages. @throws {InvalidInputError} */
export async function readJson(file: string, subject: string): Promise<unknown> {
  const text = await readText(file, subject);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(
      `Expected JSON for ${subject} but received "${file}": ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/**
 * Bytes of a file with options, tiles or regions that are read: far more than any has, and as much as
 * stays a text that can be handled.
 */
export const MAX_INPUT_BYTES = 256 * 1024 ** 2;

/** The content of a file; `subject` names the option in messages. @throws {InvalidInputError} */
export async function readText(file: string, subject: string): Promise<string> {
  try {
    return await textOf(createReadStream(file), subject, file);
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `Expected a readable file for ${subject} but received "${file}" (${code ?? message}).`,
      { cause },
    );
  }
}

/** The whole of a stream as text; `origin` says where it comes from. @throws {InvalidInputError} */
export async function textOf(
  stream: AsyncIterable<Uint8Array>,
  subject: string,
  origin: string,
  maxBytes = MAX_INPUT_BYTES,
): Promise<string> {
  const { bytes, isCut } = await readAtMost(stream, maxBytes);
  if (isCut) throw expected(`at most ${maxBytes / 1024 ** 2} MiB`, subject, `${origin} with more`);
  return bytes.toString('utf8');
}
