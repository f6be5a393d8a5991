/** Archives that are named where a raster is wanted: their members have names of their own. */
import { expected, type InvalidInputError } from '../../../errors.js';
import { loadGdal } from '../load.js';

/** GDAL's drive for a file that begins so. */
export function driveOf(beginning: Uint8Array): 'vsizip' | 'vsitar' | 'vsigzip' | undefined {
  const text = Buffer.from(beginning).toString('latin1');
  if (text.startsWith('PK\x03\x04')) return 'vsizip';
  if (text.slice(257, 262) === 'ustar') return 'vsitar';
  return text.startsWith('\x1f\x8b') ? 'vsigzip' : undefined;
}

/** Names in a message: as many as fit a screen. */
const SHOWN = 20;

/** Folders in archives are looked into so deep, and so many entries in all. */
const MAX_DEPTH = 4;
const MAX_ENTRIES = 2000;

/** The error for an archive that is no raster itself, which lists what can be named. */
export function noMember(
  given: string,
  file: string,
  drive: 'vsizip' | 'vsitar' | 'vsigzip',
  subject: string,
): InvalidInputError {
  if (drive === 'vsigzip')
    return expected(
      'a raster',
      subject,
      given,
      `It is compressed: name it as ${quoted(`/vsigzip/${given}`)}`,
    );
  const members = list(`/${drive}/{${file}}`, 1).map((member) =>
    quoted(`/${drive}/${given}/${member}`),
  );
  return namesError(members, subject, given);
}

/** @param names of the parts of a container, to be copied */
export function namesError(
  names: readonly string[],
  subject: string,
  given: string,
): InvalidInputError {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return expected(
    'one raster',
    subject,
    names.length === 1 ? `a container, ${given}` : `a container of ${names.length}, ${given}`,
    names.length === 0
      ? 'It has no member that can be read.'
      : `Name one of them: ${names.slice(0, SHOWN).join(' ')}${more}`,
  );
}

/** For a shell, without what a terminal would act on. */
export function quoted(name: string): string {
  return `'${name
    .replace(/\p{Cc}/gu, '?')
    .slice(0, 300)
    .replaceAll("'", "'\\''")}'`;
}

function list(folder: string, depth: number, found: string[] = [], prefix = ''): string[] {
  let entries: string[] = [];
  try {
    entries = loadGdal().fs.readDir(folder + (prefix === '' ? '' : `/${prefix.slice(0, -1)}`));
  } catch {
    // A file, or a damaged archive.
  }
  for (const entry of entries) {
    if (found.length >= MAX_ENTRIES || entry === '.' || entry === '..') continue;
    if (/\.\w+$/.test(entry)) {
      // Side files have no pixels.
      if (!/\.(?:xml|txt|prj|[a-z]fw|tfwx|ovr|msk|md|json|html?|pdf)$/i.test(entry))
        found.push(prefix + entry);
    } else if (depth < MAX_DEPTH) list(folder, depth + 1, found, `${prefix}${entry}/`);
  }
  return found;
}
