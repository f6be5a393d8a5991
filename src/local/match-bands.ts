import { expected } from '../errors.js';
import type { RasterFile } from './raster-file.js';

/** Which bands of a file become which bands of the cube; both from 0, in pairs. */
export interface BandMatch {
  readonly cube: readonly number[];
  readonly file: readonly number[];
}

/**
 * Matches a file's bands with a cube's:
 * - by `chosen`, one for each of the cube's bands: names, or numbers from 1;
 * - else by name, where the file has a band of one of the cube's names: the others are left out;
 * - else by order, where the file has as many bands as the cube, alpha bands not counted.
 *
 * @throws {InvalidInputError} naming the file, when none of these holds.
 */
export function matchBands(
  { path, bands }: RasterFile,
  names: readonly string[],
  chosen?: readonly (string | number)[],
): BandMatch {
  if (chosen !== undefined)
    return { cube: names.map((_, i) => i), file: chosen.map((band) => find(band, path, bands)) };
  const cube = names.flatMap((name, i) => (bands.some((band) => band.name === name) ? i : []));
  if (cube.length > 0)
    return {
      cube,
      file: cube.map((i) => bands.findIndex(({ name }) => name === names[i])),
    };
  const file = bands.flatMap(({ isAlpha }, i) => (isAlpha ? [] : i));
  if (file.length === names.length) return { cube: names.map((_, i) => i), file };
  throw expected(
    `the band${names.length === 1 ? '' : 's'} ${names.join(', ')}`,
    `the file ${path}`,
    describe(bands),
    'Say which bands are meant with --bands.',
  );
}

function find(chosen: string | number, path: string, bands: RasterFile['bands']): number {
  const at =
    typeof chosen === 'number' ? chosen - 1 : bands.findIndex(({ name }) => name === chosen);
  if (bands[at] !== undefined) return at;
  throw expected(
    typeof chosen === 'number' ? `a band number from 1 to ${bands.length}` : `one of its bands`,
    `the bands of ${path}`,
    typeof chosen === 'number' ? chosen : `${chosen}" of "${describe(bands)}`,
  );
}

function describe(bands: RasterFile['bands']): string {
  const names = bands.map(({ name }) => name || 'unnamed').slice(0, 8);
  return `${bands.length} band${bands.length === 1 ? '' : 's'} (${names.join(', ')}${bands.length > 8 ? ', ...' : ''})`;
}
