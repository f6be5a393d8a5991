/** Tags of a TIFF's first directory, exchanged: for what GDAL reads but does not write. */

/** Doubles, a text, or nothing in place of the tag. */
export type TagValue = readonly number[] | string | undefined;

interface Layout {
  /** Bytes of an offset, and of an entry's own value. */
  readonly word: 4 | 8;
  /** Bytes of the number of entries. */
  readonly countBytes: 2 | 8;
  /** Where the offset of the first directory stands. */
  readonly firstAt: 4 | 8;
}

const CLASSIC: Layout = { word: 4, countBytes: 2, firstAt: 4 };
const BIG: Layout = { word: 8, countBytes: 8, firstAt: 8 };

/** TIFF's numbers of types. */
const ASCII = 2;
const DOUBLE = 12;

/**
 * The same file with other tags: a new first directory at its end, to which the header points. What the
 * old one took stays behind, unread.
 */
export function exchangeTags(
  tiff: Uint8Array,
  values: ReadonlyMap<number, TagValue>,
): Uint8Array<ArrayBuffer> {
  const { layout, littleEndian } = headerOf(tiff);
  const { word, countBytes, firstAt } = layout;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const offsetAt = (at: number) =>
    word === 8 ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  const entryBytes = 4 + 2 * word;
  const first = offsetAt(firstAt);
  const count = countBytes === 8 ? offsetAt(first) : view.getUint16(first, littleEndian);
  const entries = new Map<number, Uint8Array>();
  for (let i = 0, at = first + countBytes; i < count; i++, at += entryBytes)
    entries.set(view.getUint16(at, littleEndian), tiff.slice(at, at + entryBytes));
  const next = offsetAt(first + countBytes + count * entryBytes);

  // TIFF asks for values and directories at even offsets.
  let end = tiff.length + (tiff.length % 2);
  const pieces: [at: number, bytes: Uint8Array][] = [];
  for (const [tag, value] of values) {
    entries.delete(tag);
    if (value === undefined) continue;
    const bytes = bytesOf(value, littleEndian);
    const entry = new DataView(new ArrayBuffer(entryBytes));
    const setWord = (at: number, number: number) => putWord(entry, at, number, word, littleEndian);
    entry.setUint16(0, tag, littleEndian);
    entry.setUint16(2, typeof value === 'string' ? ASCII : DOUBLE, littleEndian);
    setWord(4, value.length + (typeof value === 'string' ? 1 : 0));
    const own = new Uint8Array(entry.buffer);
    if (bytes.length <= word) own.set(bytes, 4 + word);
    else {
      setWord(4 + word, end);
      pieces.push([end, bytes]);
      end += bytes.length + (bytes.length % 2);
    }
    entries.set(tag, own);
  }

  const sorted = [...entries].sort(([one], [other]) => one - other);
  const out = new Uint8Array(end + countBytes + sorted.length * entryBytes + word);
  const written = new DataView(out.buffer);
  out.set(tiff);
  for (const [at, bytes] of pieces) out.set(bytes, at);
  putWord(written, firstAt, end, word, littleEndian);
  if (countBytes === 8) putWord(written, end, sorted.length, 8, littleEndian);
  else written.setUint16(end, sorted.length, littleEndian);
  for (const [i, [, entry]] of sorted.entries()) out.set(entry, end + countBytes + i * entryBytes);
  putWord(written, out.length - word, next, word, littleEndian);
  return out;
}

function headerOf(tiff: Uint8Array): { layout: Layout; littleEndian: boolean } {
  const littleEndian = tiff[0] === 0x49;
  const version = littleEndian ? tiff[2] : tiff[3];
  return { layout: version === 43 ? BIG : CLASSIC, littleEndian };
}

function bytesOf(value: readonly number[] | string, littleEndian: boolean): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(`${value}\0`);
  const view = new DataView(new ArrayBuffer(8 * value.length));
  for (const [i, number] of value.entries()) view.setFloat64(8 * i, number, littleEndian);
  return new Uint8Array(view.buffer);
}

function putWord(
  view: DataView,
  at: number,
  value: number,
  word: 4 | 8,
  littleEndian: boolean,
): void {
  if (word === 8) view.setBigUint64(at, BigInt(value), littleEndian);
  else view.setUint32(at, value, littleEndian);
}
