/** What a user may name as an input: a file on this disk, a part of one, or a member of an archive. */
import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { expected } from '../../../errors.js';
import { localPath, schemeOf } from '../../../machine/local-path.js';
import { TRUST } from './formats.js';

export interface InputName {
  /** As GDAL takes it, absolute. */
  readonly name: string;
  /** The file on disk that it is, or lies in; absent where the user trusts a name that is none. */
  readonly file?: string;
  /** The only drivers that know such a name. */
  readonly drivers?: readonly string[];
  /** A member of an archive. */
  readonly isInArchive: boolean;
}

/** Prefixes of subdatasets, and the drivers that open them. */
const SUBDATASETS: Readonly<Record<string, readonly string[]>> = {
  NETCDF: ['netCDF'],
  HDF5: ['HDF5Image'],
  HDF4_SDS: ['HDF4Image'],
  HDF4_EOS: ['HDF4Image'],
  GTIFF_DIR: ['GTiff'],
  GPKG: ['GPKG'],
  BAG: ['BAG'],
};

const ARCHIVE = /^\/(vsizip|vsitar|vsigzip)\/(.+)$/s;

/**
 * @param subject what the input is for, in messages
 * @param folder from which relative names are meant
 * @throws {InvalidInputError} when there is no such file, or what is there is none
 */
export function inputName(text: string, subject: string, trust = false, folder = ''): InputName {
  if (typeof text !== 'string') throw expected('the name of a file', subject, text);
  // A URL of a file is its path; of other schemes some are names of parts of files.
  const given = schemeOf(text) === 'file' ? localPath(text, subject) : text;
  const plain = resolve(folder, given);
  const stats = look(plain);
  if (stats !== undefined) {
    checkKind(stats, given, subject);
    return { name: plain, file: plain, isInArchive: false };
  }
  const named = given.includes('\0')
    ? undefined
    : (archived(given, folder) ?? subdataset(given, folder));
  if (named !== undefined) return named;
  if (trust && !given.includes('\0')) return { name: given, isInArchive: false };
  const isElsewhere = /^(?:\/vsi|[a-z][\w+.-]*:)|^\s*</i.test(given);
  throw expected(
    `an existing ${subject === 'the region' ? 'vector' : 'raster'} file`,
    subject,
    given.slice(0, 300),
    isElsewhere ? `Files on this disk are read, and what lies in them. ${TRUST}` : undefined,
  );
}

function archived(given: string, folder: string): InputName | undefined {
  const [, kind, rest] = ARCHIVE.exec(given) ?? [];
  if (kind === undefined || rest === undefined) return undefined;
  const braced = /^\{([^{}]+)\}(?:\/(.*))?$/s.exec(rest);
  const found =
    braced === null ? split(rest, '/', folder) : split(braced[1] as string, '\0', folder);
  if (found === undefined) return undefined;
  const inner = braced === null ? found.rest : (braced[2] ?? '');
  const file = resolve(folder, found.path);
  const member = inner === '' ? '' : `/${inner}`;
  // Braces say where the archive's name ends, which GDAL otherwise guesses. A gzip has one member.
  const name = kind === 'vsigzip' ? `/vsigzip/${file}` : `/${kind}/{${file}}${member}`;
  return { name, file, isInArchive: true };
}

function subdataset(given: string, folder: string): InputName | undefined {
  const [, prefix, rest] = /^([A-Z0-9_]+):(.+)$/is.exec(given) ?? [];
  if (prefix === undefined || rest === undefined) return undefined;
  const drivers = SUBDATASETS[prefix.toUpperCase()];
  if (drivers === undefined) return undefined;
  const lead = /^(?:GTIFF_DIR|HDF4_SDS|HDF4_EOS)$/i.test(prefix)
    ? (/^(?:off:)?[\w ]+:/i.exec(rest)?.[0] ?? '')
    : '';
  const quoted = /^"([^"]+)"(.*)$/s.exec(rest.slice(lead.length));
  const found =
    quoted === null
      ? split(rest.slice(lead.length), ':', folder)
      : { ...split(quoted[1] as string, '\0', folder), rest: quoted[2] as string };
  if (found?.path === undefined) return undefined;
  const file = resolve(folder, found.path);
  const tail = quoted === null && found.rest !== '' ? `:${found.rest}` : found.rest;
  const mark = /^GTIFF_DIR$/i.test(prefix) || /^GPKG$/i.test(prefix) ? '' : '"';
  const name = `${prefix}:${lead}${mark}${file}${mark}${tail}`;
  return { name, file, drivers, isInArchive: false };
}

/** The longest beginning of a text that is the path of a file, cut at a separator. */
function split(
  text: string,
  separator: string,
  folder: string,
): { path: string; rest: string } | undefined {
  for (let end = text.length; end > 0; end = text.lastIndexOf(separator, end - 1)) {
    const path = text.slice(0, end);
    if (look(resolve(folder, path))?.isFile())
      return { path, rest: text.slice(end + separator.length) };
  }
  return undefined;
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Opening a pipe waits for a writer, reading a device may never end: neither hears a signal. */
function checkKind(stats: Stats, given: string, subject: string): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) {
    // Some vector formats are folders.
    if (subject === 'the region') return;
    throw expected('a raster file', subject, given, 'It is a folder; name the files in it.');
  }
  throw expected('a file', subject, given, 'It is a pipe, a socket or a device.');
}
