/** One entry of a TIFF directory: where its fields lie in the file. */
export interface DirectoryEntry {
  readonly tag: number;
  /** TIFF's number of the values' type: 3 SHORT, 4 LONG, 12 DOUBLE, 16 LONG8, ... */
  readonly type: number;
  readonly count: number;
  /** Offsets in the file of the entry's tag, type and count. */
  readonly at: { readonly tag: number; readonly type: number; readonly count: number };
  /** Where the values are: in the entry itself, or elsewhere. */
  readonly valuesAt: number;
  /** Offset of the entry's last field, which holds the values or where they are. */
  readonly fieldAt: number;
}

export interface TiffDirectories {
  readonly isLittleEndian: boolean;
  readonly isBig: boolean;
  /** Entries of all directories, the first one's first. */
  readonly entries: readonly DirectoryEntry[];
  /** Where the offset of each next directory is written. */
  readonly links: readonly number[];
  /** The strips and tiles that are in the file. */
  readonly blocks: readonly { readonly offset: number; readonly count: number }[];
}

const BLOCK_OFFSETS = [273, 324];
const BLOCK_COUNTS = [279, 325];

/** Bytes of one value, by TIFF's number of its type. */
const TYPE_SIZES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

export function sizeOfType(type: number): number {
  return TYPE_SIZES[type] ?? 1;
}

/** The directories of a well-made TIFF, big or not, of either byte order (TIFF 6.0 section 2, and BigTIFF). */
export function readDirectories(bytes: Uint8Array): TiffDirectories {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittleEndian = bytes[0] === 0x49;
  const isBig = view.getUint16(2, isLittleEndian) === 43;
  const word = (at: number) =>
    isBig ? Number(view.getBigUint64(at, isLittleEndian)) : view.getUint32(at, isLittleEndian);
  const wordSize = isBig ? 8 : 4;
  const entrySize = 4 + 2 * wordSize;
  const entries: DirectoryEntry[] = [];
  const links = [isBig ? 8 : 4];
  for (let start = word(links[0] as number); start !== 0; ) {
    const count = isBig ? word(start) : view.getUint16(start, isLittleEndian);
    const first = start + (isBig ? 8 : 2);
    for (let at = first; at < first + count * entrySize; at += entrySize) {
      const type = view.getUint16(at + 2, isLittleEndian);
      const length = word(at + 4);
      const fieldAt = at + 4 + wordSize;
      entries.push({
        tag: view.getUint16(at, isLittleEndian),
        type,
        count: length,
        at: { tag: at, type: at + 2, count: at + 4 },
        valuesAt: length * sizeOfType(type) <= wordSize ? fieldAt : word(fieldAt),
        fieldAt,
      });
    }
    const link = first + count * entrySize;
    links.push(link);
    start = word(link);
  }
  const listsOf = (tags: number[]) =>
    entries
      .filter(({ tag }) => tags.includes(tag))
      .map((entry) =>
        Array.from({ length: entry.count }, (_, i) =>
          readInteger(
            view,
            entry.valuesAt + i * sizeOfType(entry.type),
            entry.type,
            isLittleEndian,
          ),
        ),
      );
  const counts = listsOf(BLOCK_COUNTS);
  const blocks = listsOf(BLOCK_OFFSETS)
    .flatMap((offsets, k) => offsets.map((offset, i) => ({ offset, count: counts[k]?.[i] ?? 0 })))
    .filter(({ offset, count }) => offset > 0 && count > 0);
  return { isLittleEndian, isBig, entries, links, blocks };
}

function readInteger(view: DataView, at: number, type: number, isLittleEndian: boolean): number {
  if (type === 16) return Number(view.getBigUint64(at, isLittleEndian));
  return type === 3 ? view.getUint16(at, isLittleEndian) : view.getUint32(at, isLittleEndian);
}
