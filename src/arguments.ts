/**
 * What callers without TypeScript may get wrong: each public function looks at what it is given before it
 * uses it, so that a wrong argument is told as such, and not as a property of `undefined` somewhere below.
 */
import { expected } from './errors.js';

const KINDS = {
  anyNumber: ['a number', (value: unknown) => typeof value === 'number'],
  six: [
    'six numbers',
    (value: unknown) =>
      Array.isArray(value) && value.length === 6 && value.every((one) => typeof one === 'number'),
  ],
  index: ['a tile index { row, col }', (value: unknown) => hasNumbers(value, 'row', 'col')],
  tile: [
    'a tile index { row, col } or an id such as 3-7',
    (value: unknown) => typeof value === 'string' || hasNumbers(value, 'row', 'col'),
  ],
  window: [
    'a window { row, col, height, width }',
    (value: unknown) => hasNumbers(value, 'row', 'col', 'height', 'width'),
  ],
  shape: ['a shape { height, width }', (value: unknown) => hasNumbers(value, 'height', 'width')],
  crs: [
    'a CRS, as parseCrs() reads it, or its name',
    (value: unknown) => typeof value === 'string' || hasFields(value, 'name', 'definition'),
  ],
  sizes: [
    'a pixel size, or options',
    (value: unknown) => typeof value === 'number' || (typeof value === 'object' && value !== null),
  ],
  planner: [
    'a source of tiles, as earthEngine() and localFiles() make one',
    (value: unknown) => hasMethods(value, 'planRequests'),
  ],
  text: ['a text', (value: unknown) => typeof value === 'string'],
  number: ['a number', (value: unknown) => typeof value === 'number' && !Number.isNaN(value)],
  /** From 0 up. */
  duration: [
    'a number that is not negative',
    (value: unknown) => Number(value) >= 0 && typeof value === 'number',
  ],
  whole: [
    'a whole number that is not negative',
    (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  ],
  count: [
    'a positive whole number',
    (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0,
  ],
  bytes: [
    'a positive whole number of bytes, or a text such as 4GB',
    (value: unknown) =>
      typeof value === 'string' || (Number.isSafeInteger(value) && (value as number) > 0),
  ],
  boolean: ['true or false', (value: unknown) => typeof value === 'boolean'],
  function: ['a function', (value: unknown) => typeof value === 'function'],
  object: ['an object', (value: unknown) => typeof value === 'object' && value !== null],
  record: [
    'an object with named fields',
    (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ],
  list: ['a list', (value: unknown) => Array.isArray(value)],
  /** Settings, or whether there are to be any. */
  settings: [
    'true, false or an object with named fields',
    (value: unknown) =>
      typeof value === 'boolean' ||
      (typeof value === 'object' && value !== null && !Array.isArray(value)),
  ],
  /** One for all, or one by name. */
  choice: [
    'a text, or an object with named fields',
    (value: unknown) =>
      typeof value === 'string' ||
      (typeof value === 'object' && value !== null && !Array.isArray(value)),
  ],
  texts: [
    'a list of texts',
    (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  ],
  signal: ['an AbortSignal', (value: unknown) => value instanceof AbortSignal],
  date: ['a Date', (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime())],
  /** What computes: see `createPool`. */
  pool: [
    'a pool, as createPool() makes one',
    (value: unknown) => hasMethods(value, 'process', 'ready', 'readChunk'),
  ],
  source: [
    'a source of tiles, as earthEngine() and localFiles() make one',
    (value: unknown) => hasMethods(value, 'fetch', 'planRequests'),
  ],
  geobox: ['a geobox', (value: unknown) => hasFields(value, 'crs', 'affine', 'shape')],
  grid: ['a grid', (value: unknown) => hasFields(value, 'geobox', 'chunk')],
  dataset: [
    'a dataset, as defineDataset() and presetDataset() make one',
    (value: unknown) => hasFields(value, 'bands', 'dtype', 'grid', 'source', 'processing'),
  ],
  cube: ['a cube', (value: unknown) => hasMethods(value, 'ingest', 'stepsOf')],
  region: [
    'a region: a geobox, a bounding box or GeoJSON',
    (value: unknown) => hasFields(value, 'crs') || hasFields(value, 'type'),
  ],
} as const satisfies Readonly<Record<string, readonly [string, (value: unknown) => boolean]>>;

export type Kind = keyof typeof KINDS;

function hasFields(value: unknown, ...names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => (value as Record<string, unknown>)[name] != null);
}

function hasNumbers(value: unknown, ...names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'number');
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** @throws {InvalidInputError} */
export function check(kind: Kind, value: unknown, subject: string): void {
  const [what, holds] = KINDS[kind];
  if (!holds(value)) throw expected(what, subject, value);
}

/** What an option has to be; with `!` it may not be absent. A list: one of these words. */
export type OptionKind = Kind | `${Kind}!` | readonly string[];

/** Of options, each may be absent, but for kinds with `!`. @throws {InvalidInputError} naming the option */
export function checkOptions(
  options: unknown,
  subject: string,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  check('record', options, subject);
  for (const [name, kind] of Object.entries(kinds)) {
    const value = (options as Record<string, unknown>)[name];
    const named = `"${name}" of ${subject}`;
    if (typeof kind !== 'string') {
      if (value !== undefined && !kind.includes(value as string))
        throw expected(`one of ${kind.join(', ')}`, named, value);
      continue;
    }
    if (value === undefined && !kind.endsWith('!')) continue;
    check(kind.replace('!', '') as Kind, value, named);
  }
}

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** A number of bytes that is given as one, or as a text such as `500MB`. @throws {InvalidInputError} */
export function byteCount(given: number | string, subject: string): number {
  const [, number = '', unit = ''] =
    /^\s*(\d+(?:\.\d+)?)\s*([kMGT]?B)?\s*$/i.exec(String(given)) ?? [];
  const bytes = Math.floor(Number(number) * (BYTES[unit.toLowerCase()] ?? Number.NaN));
  const isWhole = typeof given === 'string' || Number.isSafeInteger(given);
  if (number === '' || !isWhole || !(bytes > 0 && Number.isFinite(bytes)))
    throw expected('a number of bytes such as 500MB or 20GB', subject, given);
  return bytes;
}
