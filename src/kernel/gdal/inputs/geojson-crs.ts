/**
 * The CRS of a GeoJSON file may be a link, which GDAL follows; and where it cannot, it takes longitudes and
 * latitudes for granted.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { expected } from '../../../errors.js';
import { TRUST } from './formats.js';

const PIECE = 1024 * 1024;

/** Longest member `crs` that is looked at: one of PROJJSON has some 10 kB. */
const LONGEST = 64 * 1024;

/** The member, however its name is escaped; GDAL's reader also takes single quotes and comments. */
const MEMBER =
  /["'](?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)["'](?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)*:\s*(?=[^\s])/gi;

/** @throws {InvalidInputError} when a member `crs` of the file is a link, or could be one. */
export function checkGeoJsonCrs(file: string, shown: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const piece = Buffer.alloc(PIECE + LONGEST);
    for (let start = 0; ; start += PIECE) {
      const length = readSync(descriptor, piece, 0, piece.length, start);
      if (length === 0) return;
      checkText(piece.toString('latin1', 0, length), shown);
      if (length < piece.length) return;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** @param text of JSON; each byte a character is enough */
export function checkText(text: string, shown: string): void {
  for (const { 0: match, index } of text.matchAll(MEMBER)) {
    const value = text.slice(index + match.length, index + match.length + LONGEST);
    // A property of features may have that name too.
    if (!value.startsWith('{')) continue;
    const links =
      /["'](?:href|link|url)["']|\\u00|["']\s*(?:https?|ftp):(?!\/\/www\.opengis\.net\/)/i;
    const found = links.exec(objectIn(value));
    if (found === null) continue;
    throw expected(
      'a CRS by its name in "crs"',
      `the file ${shown}`,
      objectIn(value).slice(0, 120),
      TRUST,
    );
  }
}

/** The text up to the brace that closes the first one; braces in strings are no harm here. */
function objectIn(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(0, i + 1);
  }
  return text;
}
