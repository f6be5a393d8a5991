import type { Chance } from './chance.js';
import type { Seed } from './corpus.js';
import { type DirectoryEntry, sizeOfType } from './tiff-directory.js';

const COMPRESSION = 259;
const PLANAR = 284;
const PREDICTOR = 317;
const SAMPLE_FORMAT = 339;
const BITS_PER_SAMPLE = 258;
const GEO_KEYS = 34735;
const NODATA = 42113;

/** What a reader takes sizes, offsets and decoders from: changed most often. */
const LOAD_BEARING = [
  256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339, 33550, 33922,
  34264, 34735, 34736, 42113,
];

/** Values that mean something to a reader, in the tags where they do. */
const MEANINGFUL: Readonly<Record<number, readonly number[]>> = {
  [COMPRESSION]: [
    1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34712, 34887, 34925, 50000, 50001, 50002, 34933,
  ],
  [PLANAR]: [1, 2],
  [PREDICTOR]: [1, 2, 3, 4],
  [SAMPLE_FORMAT]: [1, 2, 3, 4, 5, 6],
  [BITS_PER_SAMPLE]: [1, 2, 4, 7, 8, 12, 16, 24, 32, 33, 64, 128],
  [GEO_KEYS]: [
    1024, 1025, 2048, 3072, 34736, 34737, 4326, 3413, 3031, 32633, 32767, 9999, 3857, 1, 2, 3,
  ],
};

const DOUBLES = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e308,
  5e-324,
  1e-12,
  1e12,
  -1,
  360,
  0.5,
];

const NODATA_TEXTS = ['nan', '-inf', '1e999', '', '7', '-', '0x10', '256', '-1', '4294967296'];

/** Changes one field of one directory entry: its tag, type, count, offset, or one of its values. */
export function mutateEntry(bytes: Uint8Array, seed: Seed, chance: Chance): void {
  const { entries, isLittleEndian, isBig, links } = seed.directories;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const important = entries.filter(({ tag }) => LOAD_BEARING.includes(tag));
  const entry = chance.pick(chance.hit(0.8) ? important : entries);
  const word = isBig ? 8 : 4;
  const put = (at: number, size: number, value: number) =>
    writeInteger(view, at, size, value, isLittleEndian);
  switch (chance.below(16)) {
    case 0:
      put(entry.at.tag, 2, chance.pick(LOAD_BEARING));
      break;
    case 1:
      put(entry.at.type, 2, chance.pick([0, 1, 2, 3, 4, 5, 12, 16, 18]));
      break;
    case 2:
      put(entry.at.count, word, interesting(entry.count, seed, chance));
      break;
    case 3:
      put(entry.fieldAt, word, interesting(entry.valuesAt, seed, chance));
      break;
    case 4:
      // Directories that follow each other in a circle, among others.
      put(chance.pick(links), word, interesting(chance.pick(links), seed, chance));
      break;
    default:
      mutateValue(view, entry, seed, chance);
  }
}

function mutateValue(view: DataView, entry: DirectoryEntry, seed: Seed, chance: Chance): void {
  const { isLittleEndian } = seed.directories;
  const size = sizeOfType(entry.type);
  const at = entry.valuesAt + size * chance.below(entry.count);
  if (at + size > view.byteLength) return;
  if (entry.tag === NODATA) {
    const text = chance.pick(NODATA_TEXTS);
    for (let i = 0; i < entry.count; i++)
      view.setUint8(entry.valuesAt + i, text.charCodeAt(i) || 0);
  } else if (entry.type === 12) {
    const old = view.getFloat64(at, isLittleEndian);
    const near = [-old, old * 2, old * 0.5, old + 1, old * (1 + 1e-9)];
    view.setFloat64(at, chance.pick([...DOUBLES, ...near]), isLittleEndian);
  } else {
    const old = size === 2 ? view.getUint16(at, isLittleEndian) : view.getUint8(at);
    const known = MEANINGFUL[entry.tag] ?? [];
    const value =
      known.length > 0 && chance.hit(0.8) ? chance.pick(known) : interesting(old, seed, chance);
    writeInteger(view, at, size, value, isLittleEndian);
  }
}

/** Numbers at which code turns wrong: limits of types, neighbours of the true value, sizes of the file. */
export function interesting(old: number, { bytes, geobox }: Seed, chance: Chance): number {
  const [height, width] = geobox.shape;
  return chance.pick([
    0,
    1,
    2,
    -1,
    127,
    255,
    256,
    2 ** 15,
    2 ** 16 - 1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 53,
    old + 1,
    old - 1,
    old * 2,
    width,
    height,
    width * height,
    bytes.length,
    bytes.length - 1,
    chance.below(bytes.length),
    chance.below(2 ** 20),
  ]);
}

/** Writes the lowest bits of `value` where they are still in the file. */
export function writeInteger(
  view: DataView,
  at: number,
  size: number,
  value: number,
  isLittleEndian: boolean,
): void {
  if (at < 0 || at + size > view.byteLength) return;
  const whole = BigInt.asUintN(size * 8, BigInt(Math.trunc(value)));
  for (let i = 0; i < size; i++) {
    const place = isLittleEndian ? i : size - 1 - i;
    view.setUint8(at + place, Number((whole >> BigInt(8 * i)) & 0xffn));
  }
}
