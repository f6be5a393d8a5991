/**
 * What a file's numbers stand for: value * scale + offset, in a unit. The cube keeps the numbers as they are,
 * and says this of them in its CF attributes.
 */
import { expected } from '../errors.js';
import type { BandPacking } from '../tile.js';
import type { BandMatch } from './match-bands.js';
import type { FileBand, RasterFile } from './raster-file.js';

interface Packed extends RasterFile {
  readonly match: BandMatch;
}

/**
 * What the numbers of each of the cube's bands stand for, as the files say it. With `unscale` the numbers
 * are the values themselves, and only the unit is left to say.
 *
 * @throws {InvalidInputError} when two files say different things of one band, or one what cannot be meant
 */
export function packingsOf(
  files: readonly Packed[],
  names: readonly string[],
  unscale: boolean,
): BandPacking[] {
  return names.map((name, at) => {
    let first: { readonly packing: BandPacking; readonly path: string } | undefined;
    for (const { path, bands, match } of files) {
      const band = bands[match.file[match.cube.indexOf(at)] ?? -1];
      if (!match.cube.includes(at) || band === undefined) continue;
      checkInvertible(band, path);
      const packing = packingOf(band, unscale);
      if (first === undefined) first = { packing, path };
      else if (!isSame(first.packing, packing))
        throw expected(
          `${wordsOf(first.packing)}, as in ${first.path}, for the band ${name}`,
          `the file ${path}`,
          wordsOf(packing),
          'Pixels of one cube mean the same. Import them with --unscale, which computes the values, or into cubes of their own.',
        );
    }
    return first?.packing ?? {};
  });
}

/** By a scale of 0 all numbers stand for one value; NaN is what is left of a scale that GDAL could not read. */
function checkInvertible({ scale = 1, offset = 0 }: FileBand, path: string): void {
  if (scale === 0 || !Number.isFinite(scale) || !Number.isFinite(offset))
    throw expected(
      'a finite scale other than 0, and a finite offset',
      `the file ${path}`,
      `scale ${scale}, offset ${offset}`,
      'Set them with gdal_edit.py -scale 1 -offset 0.',
    );
}

function packingOf({ scale, offset, unit }: FileBand, unscale: boolean): BandPacking {
  const isStated = scale !== undefined || offset !== undefined;
  return {
    ...(unscale
      ? { scale: 1, offset: 0 }
      : isStated
        ? { scale: scale ?? 1, offset: offset ?? 0 }
        : {}),
    ...(unit === undefined || unit === '' ? {} : { units: unit }),
  };
}

function isSame(one: BandPacking, other: BandPacking): boolean {
  const { scale = 1, offset = 0, units } = one;
  const isSameScale = scale === (other.scale ?? 1) && offset === (other.offset ?? 0);
  return isSameScale && (units === undefined || (other.units ?? units) === units);
}

export function wordsOf({ scale = 1, offset = 0, units }: BandPacking): string {
  return `scale ${scale}, offset ${offset}${units === undefined ? '' : `, ${units}`}`;
}
