/**
 * The index of a chunk that consists of inner chunks (`sharding_indexed` of Zarr v3): for each, in row-major order,
 * where it begins and how many bytes it has, as two little-endian 64-bit numbers; then the CRC32C of all that.
 */

/** Where an inner chunk lies in its chunk; `undefined` where it holds nothing but the fill value. */
export type InnerPlace = { readonly offset: number; readonly length: number } | undefined;

const ENTRY_BYTES = 16;
const CHECKSUM_BYTES = 4;
const ABSENT = 2n ** 64n - 1n;

/** How many inner chunks a chunk has, whose sides theirs divide. */
export function innerCount(
  [height, width]: readonly [height: number, width: number],
  [rows, cols]: readonly [height: number, width: number],
): number {
  return (height / rows) * (width / cols);
}

export function indexBytes(count: number): number {
  return count * ENTRY_BYTES + CHECKSUM_BYTES;
}

export function encodeIndex(places: readonly InnerPlace[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(indexBytes(places.length));
  const view = new DataView(bytes.buffer);
  for (const [i, place] of places.entries()) {
    view.setBigUint64(i * ENTRY_BYTES, place === undefined ? ABSENT : BigInt(place.offset), true);
    view.setBigUint64(
      i * ENTRY_BYTES + 8,
      place === undefined ? ABSENT : BigInt(place.length),
      true,
    );
  }
  const end = bytes.length - CHECKSUM_BYTES;
  view.setUint32(end, crc32c(bytes.subarray(0, end)), true);
  return bytes;
}

/**
 * @param total bytes of the whole chunk, where they are known: no inner chunk may reach beyond
 * @throws {Error} for an index that was cut or changed.
 */
export function decodeIndex(bytes: Uint8Array, count: number, total?: number): InnerPlace[] {
  if (bytes.length !== indexBytes(count))
    throw new Error(
      `Expected an index of ${indexBytes(count)} bytes for ${count} inner chunks but received ${bytes.length}.`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - CHECKSUM_BYTES;
  if (view.getUint32(end, true) !== crc32c(bytes.subarray(0, end)))
    throw new Error('Expected an index that its checksum belongs to but it is damaged.');
  return Array.from({ length: count }, (_, i) => {
    const offset = view.getBigUint64(i * ENTRY_BYTES, true);
    const length = view.getBigUint64(i * ENTRY_BYTES + 8, true);
    if (offset === ABSENT && length === ABSENT) return undefined;
    if (offset + length > BigInt(total ?? Number.MAX_SAFE_INTEGER))
      throw new Error(
        `Expected inner chunk ${i} within ${total ?? 'the'} bytes but it lies at ${offset} and has ${length}.`,
      );
    return { offset: Number(offset), length: Number(length) };
  });
}

/** CRC-32C (Castagnoli), reflected, as RFC 3720 has it. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++)
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

const POLYNOMIAL = 0x82f63b78;
const TABLE: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc >>> 0;
});
