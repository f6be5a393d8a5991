import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.js';
import { DEFAULT_FORMAT, parseReplyFormat } from '../../../../src/loopback/reply-format/words.js';
import { startLoopback } from '../../../../src/loopback/server.js';

describe('words for the form of a reply', () => {
  test('say what differs from the usual form', () => {
    expect(parseReplyFormat('matrix,tiled,lzw,predictor=2,bigtiff')).toEqual({
      ...DEFAULT_FORMAT,
      placement: 'matrix',
      blocks: 'tiled',
      compression: 'lzw',
      predictor: 2,
      file: 'bigtiff',
    });
  });

  test('may be joined by pluses, in any order and case, with blanks', () => {
    expect(parseReplyFormat('Big-Endian+ POINT +striped=3+pixel-interleaved')).toEqual({
      ...DEFAULT_FORMAT,
      byteOrder: 'big',
      pixelIs: 'point',
      blockSize: 3,
      interleave: 'pixel',
    });
  });

  test.each(['-9999', '+1e+38', '1e+40', '.5', 'nan', 'none', '-inf'])(
    'take nodata=%s as it stands',
    (nodata) => {
      expect(parseReplyFormat(`nodata=${nodata},matrix`)).toMatchObject({ nodata });
    },
  );

  test.each([
    ['', ''],
    ['matrix,', ''],
    ['matrix,zstd', 'zstd'],
    ['matrix tiled', 'matrix tiled'],
    ['tiled=100', 'tiled=100'],
    ['striped=0', 'striped=0'],
    ['predictor=4', 'predictor=4'],
    ['nodata=', 'nodata='],
    ['nodata=0x10', 'nodata=0x10'],
    ['constructor', 'constructor'],
  ])('that are not known are refused with the list of those that are: %s', (text, word) => {
    expect(() => parseReplyFormat(text)).toThrow(InvalidInputError);
    expect(() => parseReplyFormat(text)).toThrow(
      /^Expected words of tiepoint \| .* for --reply-format but received "/,
    );
    expect(() => parseReplyFormat(text)).toThrow(`received "${word}".`);
  });

  test('that contradict each other are refused', () => {
    expect(() => parseReplyFormat('lzw,tiled,deflate')).toThrow(
      'Expected one word of a kind for --reply-format but received "lzw,deflate".',
    );
    expect(() => parseReplyFormat('tiled,striped=4')).toThrow('"tiled,striped=4"');
  });

  test.each(['predictor=2', 'packbits,predictor=3'])(
    'of a predictor without a compression that has one are refused: %s',
    (text) => expect(() => parseReplyFormat(text)).toThrow(/Expected lzw or deflate/),
  );

  test('of big-endian floats with a predictor are refused: GDAL writes them wrong', () => {
    expect(() => parseReplyFormat('big-endian,lzw,predictor=3')).toThrow(/Expected little-endian/);
  });

  test('are looked at before a server listens, in rules of a fault plan too', async () => {
    await expect(startLoopback({ replyFormat: 'jpeg' })).rejects.toThrow(/received "jpeg"/);
    const rules = [{ kind: 'format', format: 'matrix,jpeg' } as const];
    await expect(startLoopback({ faults: { rules } })).rejects.toThrow(
      /"rules.0.format" of the fault plan .*received "jpeg"/,
    );
  });
});
