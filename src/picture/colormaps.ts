import { expected } from '../errors.js';
import { TABLES } from './colormap-tables.js';

type Base = keyof typeof TABLES;

/** By their names in matplotlib; `_r` turns the colours around. */
export type Colormap = Base | `${Base}_r`;

const BASES = Object.keys(TABLES) as Base[];

export const COLORMAPS: readonly Colormap[] = BASES.flatMap((name) => [name, `${name}_r` as const]);

/** 256 times red, green, blue. @throws {InvalidInputError} for a name that is none. */
export function colourTable(name: Colormap): Uint8Array {
  const isReversed = name.endsWith('_r');
  const base = (isReversed ? name.slice(0, -2) : name) as Base;
  if (!Object.hasOwn(TABLES, base))
    throw expected(
      `one of ${BASES.join(', ')}, or one of them with _r behind it`,
      'a colour map',
      name,
    );
  const table = new Uint8Array(Buffer.from(TABLES[base], 'base64'));
  if (!isReversed) return table;
  return table.map((_, i) => table[3 * (255 - Math.floor(i / 3)) + (i % 3)] as number);
}
