import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readBody } from '../../../../src/earth-engine/read-body.js';
import { LentMemory } from '../../../../src/raster/lent-memory.js';

const MB = 1024 ** 2;

describe('a body', () => {
  const BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);
  const pieces = () =>
    Readable.from(
      [0, 1, 70_000, 199_999].map((from, i, all) => Buffer.from(BYTES.subarray(from, all[i + 1]))),
    );

  test.each([
    ['announced', '200000'],
    ['not announced', undefined],
    ['announced in words', 'many'],
  ])('whose length is %s arrives whole', async (_, announced) => {
    const bytes = await readBody(pieces(), announced, new LentMemory(), MB);
    expect(Buffer.compare(bytes, BYTES)).toBe(0);
  });

  test.each(['199999', '200001', '0'])(
    'of another length than the %s announced bytes is refused, and its memory given back',
    async (announced) => {
      const memory = new LentMemory();
      await expect(readBody(pieces(), announced, memory, MB)).rejects.toThrow(
        `Expected ${announced} bytes for the reply but received 200000.`,
      );
      expect(memory.freeBytes).toBe(MB);
    },
  );

  test.each([
    ['announced', '200000'],
    ['not announced', undefined],
  ])('that is longer than it may be is read no further, its length %s', async (_, announced) => {
    const memory = new LentMemory();
    const body = pieces();
    await expect(readBody(body, announced, memory, 100_000)).rejects.toThrow(
      /^Expected at most 100000 bytes for the reply but received (one of 200000|more)\.$/,
    );
    expect(body.destroyed).toBe(true);
    expect(memory.freeBytes).toBe(0);
  });

  test('that breaks off fails as its stream does, and its memory is given back', async () => {
    const memory = new LentMemory();
    const body = new PassThrough();
    const reading = readBody(body, '200000', memory, MB);
    body.write(BYTES.subarray(0, 1000));
    body.destroy(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
    expect(memory.freeBytes).toBe(MB);
  });
});
