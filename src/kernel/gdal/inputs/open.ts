/**
 * The one way in which files of users are opened, in every thread: as a format that holds data, not as one
 * that leads to other files or the network. See `formats.ts` for which those are.
 */
import { existsSync, statSync } from 'node:fs';
import type { Dataset } from 'gdal-async';
import { expected, InvalidInputError } from '../../../errors.js';
import { allowNetwork, loadGdal } from '../load.js';
import { driveOf, noMember } from './archives.js';
import { beginningOf } from './beginning.js';
import { checkCompanions, checkOverviews } from './companions.js';
import {
  formatOf,
  RASTER_EXAMPLES,
  RASTER_FORMATS,
  TRUST,
  VECTOR_EXAMPLES,
  VECTOR_FORMATS,
} from './formats.js';
import { checkGeoJsonCrs, checkText } from './geojson-crs.js';
import { inputName } from './input-name.js';
import { checkVrt, isVrt, sourcesOf } from './vrt.js';

/** What GDAL is given for an input that was looked at: plain data, which may go to other threads. */
export interface CheckedInput {
  /** A path, the name of a part of a file, or the text of a VRT. */
  readonly name: string;
  /** As the user named it, for messages. */
  readonly shown: string;
  /** Names of GDAL's drivers, or `any`. */
  readonly formats: readonly string[] | 'any';
  /** Which of its overviews stands for it, from 0, the finest. Default: none does. */
  readonly overview?: number | undefined;
}

export interface InputOptions {
  readonly trustInputs?: boolean | undefined;
  /** From which relative names are meant. Default: where the process runs. */
  readonly folder?: string | undefined;
}

/** Looks at a raster before it is opened. @throws {InvalidInputError} */
export function checkRaster(
  given: string,
  subject: string,
  { trustInputs = false, folder }: InputOptions = {},
): CheckedInput {
  const { name, file, drivers, isInArchive } = inputName(given, subject, trustInputs, folder);
  const isWhole = file !== undefined && drivers === undefined && !isInArchive;
  const beginning = isWhole ? readable(file, given, subject) : undefined;
  const isMade = beginning !== undefined && isVrt(beginning);
  if (trustInputs) {
    if (isMade) checkKinds(name, given);
    return { name, shown: given, formats: 'any' };
  }
  const drive =
    beginning === undefined
      ? (/^\/(vsizip|vsitar)\/\{[^}]*\}$/.exec(name)?.[1] as 'vsizip' | 'vsitar' | undefined)
      : driveOf(beginning);
  if (drive !== undefined && file !== undefined)
    throw noMember(
      given.replace(/^\/vsi(?:zip|tar)\//, '').replace(/^\{(.*)\}$/, '$1'),
      file,
      drive,
      subject,
    );
  if (isMade) return { name: checkVrt(name), shown: given, formats: ['VRT'] };
  if (drivers !== undefined) return { name, shown: given, formats: existing(drivers, given) };
  const format = beginning === undefined ? undefined : formatOf(beginning);
  if (format !== undefined) existing([format], given);
  return { name, shown: given, formats: RASTER_FORMATS };
}

/** Looks at a vector file before it is opened. @throws {InvalidInputError} */
export function checkVector(
  given: string,
  subject: string,
  { trustInputs = false, folder }: InputOptions = {},
): CheckedInput {
  const { name, file, isInArchive } = inputName(given, subject, trustInputs, folder);
  if (trustInputs) return { name, shown: given, formats: 'any' };
  // The text of a member of an archive cannot be looked at.
  if (isInArchive)
    return { name, shown: given, formats: VECTOR_FORMATS.filter((one) => !isJson(one)) };
  if (file !== undefined && statSync(file).isFile()) {
    const beginning = readable(file, given, subject);
    const format = formatOf(beginning);
    if (format !== undefined && !VECTOR_FORMATS.includes(format))
      throw expected('a vector file', subject, given, 'It is a raster.');
    const text = Buffer.from(beginning).toString('latin1');
    const start = text.replace(/^\xef\xbb\xbf/, '').trimStart()[0] ?? '';
    // Records of GeoJSON sequences may begin with the character RS.
    if ('{[/\x1e'.includes(start)) checkGeoJsonCrs(file, given);
  }
  return { name, shown: given, formats: VECTOR_FORMATS };
}

function isJson(format: string): boolean {
  return format.includes('JSON');
}

/** Looks at GeoJSON in memory. @param name in `/vsimem` @throws {InvalidInputError} */
export function checkVectorText(name: string, text: string, shown: string): CheckedInput {
  checkText(text, shown);
  return { name, shown, formats: VECTOR_FORMATS };
}

/**
 * Opens an input that was looked at, with the same drivers in every thread.
 * @throws {InvalidInputError} naming it, when none of them takes it, or it leads elsewhere after all.
 */
export function openChecked(
  { name, shown, formats, overview }: CheckedInput,
  isVector = false,
): Dataset {
  const gdal = loadGdal();
  const options = overview === undefined ? [] : [`OVERVIEW_LEVEL=${overview}`];
  if (formats === 'any') {
    allowNetwork();
    const dataset = gdal.open(name, 'r');
    if (overview === undefined) return dataset;
    // Only drivers take options.
    const { driver } = dataset;
    dataset.close();
    return driver.open(name, 'r', options);
  }
  const isText = formats.length === 1 && formats[0] === 'VRT';
  if (!isText && !isVector) checkCompanions(name);
  const known = new Set(gdal.drivers.getNames());
  let reason = '';
  for (const format of formats) {
    if (!known.has(format)) continue;
    let dataset: Dataset;
    try {
      dataset = gdal.drivers.get(format).open(name, 'r', options);
    } catch (cause) {
      reason ||= (cause as Error).message.split('\n')[0] ?? '';
      continue;
    }
    try {
      if (!isText) checkOverviews(dataset, shown);
      return dataset;
    } catch (error) {
      dataset.close();
      throw error;
    }
  }
  const [kind, examples] = isVector
    ? ['a vector file that GDAL can read for the region', VECTOR_EXAMPLES]
    : ['a raster that GDAL can read', RASTER_EXAMPLES];
  const why = reason === '' ? `, which is none of ${examples}. ${TRUST}` : `: ${reason}`;
  throw new InvalidInputError(`Expected ${kind} but received "${shown}"${why}`);
}

/** @throws {InvalidInputError} when this GDAL has no driver for the format. */
function existing(drivers: readonly string[], shown: string): readonly string[] {
  const names = loadGdal().drivers.getNames();
  const found = drivers.filter((driver) => names.includes(driver));
  if (found.length > 0) return found;
  throw expected(
    `a GDAL that reads ${drivers.join(' or ')}`,
    `the file ${shown}`,
    `one without that driver`,
    'The GDAL that comes with gdal-async has few of them; the one of the system (libgdal-dev) has more: see "geocubes doctor".',
  );
}

function readable(file: string, given: string, subject: string): Uint8Array {
  try {
    return beginningOf(file);
  } catch (cause) {
    throw expected(
      'a readable file',
      subject,
      `${given} (${(cause as NodeJS.ErrnoException).code})`,
    );
  }
}

/** Even a trusted VRT may not lead to a pipe: opening one waits, and no signal ends that. */
function checkKinds(file: string, given: string): void {
  for (const source of sourcesOf(file)) {
    const stats = existsSync(source) ? statSync(source) : undefined;
    if (stats !== undefined && !stats.isFile() && !stats.isDirectory())
      throw expected(
        'files as sources',
        `the VRT ${given}`,
        source,
        'It is a pipe, a socket or a device.',
      );
  }
}
