import type { Cube } from '../cube/cube.js';
import { bandNames } from '../cube/read/band-names.js';
import { expected } from '../errors.js';
import { COLORMAPS, type Colormap } from '../picture/colormaps.js';
import { Query } from './query.js';

/** How bands become colours. */
export interface Style {
  /** One, or red, green and blue. */
  readonly bands: readonly string[];
  /** Of each of them: the stored numbers that are dark and bright. */
  readonly ranges: readonly (readonly [low: number, high: number])[];
  readonly colormap: Colormap | undefined;
  /** Brightness, 0 to 1, is taken to the power 1 / gamma. */
  readonly gamma: number;
}

/** What {@link readStyle} reads. */
export const STYLE_WORDS = ['band', 'range', 'colormap', 'gamma'] as const;

/** @throws {InvalidInputError} */
export function readStyle(query: Query, dataset: Cube['dataset']): Style {
  const bands = bandsIn(query, dataset);
  const ranges = query.list('range').map((text) => {
    const [low, high] = Query.numbers(text, 2, 'range') as [number, number];
    if (low >= high) throw expected('two numbers that rise', '"range"', text);
    return [low, high] as const;
  });
  if (ranges.length !== bands.length)
    throw expected(`one "range" for each of ${bands.length} bands`, 'the request', ranges.length);
  const colormap = query.has('colormap') ? (query.text('colormap') as Colormap) : undefined;
  if (colormap !== undefined && !COLORMAPS.includes(colormap))
    throw expected(`one of ${COLORMAPS.join(', ')}`, '"colormap"', colormap);
  if (colormap !== undefined && bands.length !== 1)
    throw expected('one band', 'a colour map', bands.length);
  return { bands, ranges, colormap, gamma: query.number('gamma', 0.01, 100, 1) };
}

/** One band or three. @throws {InvalidInputError} */
export function bandsIn(query: Query, dataset: Cube['dataset']): readonly string[] {
  const bands = query.list('band');
  if (bands.length !== 1 && bands.length !== 3)
    throw expected('one "band" or three', 'the request', bands.length);
  // Three may be one and the same.
  for (const name of bands) bandNames(dataset, [name]);
  return bands;
}
