import { describe, expect, test } from 'vitest';
import { crc32c, decodeIndex, encodeIndex } from '../../../src/raster/inner-index.js';

/** RFC 3720, B.4: 32 bytes each, and the checksum as it is sent. */
test.each([
  ['zeros', Uint8Array.from({ length: 32 }, () => 0), 'aa36918a'],
  ['ones', Uint8Array.from({ length: 32 }, () => 0xff), '43aba862'],
  ['incrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), '4e79dd46'],
  ['decrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), '5cdb3f11'],
])('CRC32C of %s is that of RFC 3720', (_, bytes, sent) => {
  const stored = Buffer.alloc(4);
  stored.writeUInt32LE(crc32c(bytes));
  expect(stored.toString('hex')).toBe(sent);
});

const PLACES = [
  { offset: 0, length: 12 },
  undefined,
  { offset: 12, length: 12 },
  { offset: 24, length: 12 },
];

/** By zarr-python 3.1.6: 4 x 6 of int16 in inner chunks of 2 x 3, of which the second holds the fill value alone. */
const OF_ZARR_PYTHON =
  '00000000000000000c00000000000000ffffffffffffffffffffffffffffffff0c000000000000000c0000000000000018000000000000000c00000000000000bebf62b7';

describe('an index', () => {
  test("has zarr-python's bytes", () => {
    expect(Buffer.from(encodeIndex(PLACES)).toString('hex')).toBe(OF_ZARR_PYTHON);
    expect(decodeIndex(Buffer.from(OF_ZARR_PYTHON, 'hex'), 4, 36 + 68)).toEqual(PLACES);
  });

  test('that was changed in any byte, cut, or leads beyond its chunk is refused', () => {
    const whole = encodeIndex(PLACES);
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(() => decodeIndex(changed, 4)).toThrow(/checksum/);
    }
    expect(() => decodeIndex(whole.subarray(1), 4)).toThrow(/68 bytes.*received 67/);
    expect(() => decodeIndex(whole, 4, 30)).toThrow(/inner chunk 3 within 30 bytes/);
    const huge = encodeIndex([{ offset: 2 ** 52, length: 2 ** 52 }]);
    expect(() => decodeIndex(huge, 1)).toThrow(/inner chunk 0 within the bytes/);
  });
});
