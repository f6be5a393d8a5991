import type { Band, Cube } from '../told.js';
import { numberWords } from './elements.js';

export function bandOf(cube: Cube, name: string): Band {
  const found = cube.bands.find((band) => band.name === name);
  if (found === undefined) throw new Error(`The cube has no band ${name}.`);
  return found;
}

/** What a stored number stands for. */
export function scaled({ scale, offset }: Band, value: number): number {
  return value * scale + offset;
}

/** The stored number that stands for a value. */
export function stored({ scale, offset }: Band, value: number): number {
  return (value - offset) / scale;
}

/** A value with its unit. */
export function valueWords(band: Band, value: number | null | undefined): string {
  if (value === null || value === undefined) return 'no value';
  const { units } = band;
  return `${numberWords(scaled(band, value))}${units === undefined || units === '1' ? '' : ` ${units}`}`;
}

/** How a band is called, and in what it is counted. */
export function bandTitle({ name, longName, units }: Band): string {
  const unit = units === undefined || units === '1' ? '' : ` [${units}]`;
  return `${longName === undefined || longName === name ? name : `${longName} (${name})`}${unit}`;
}
