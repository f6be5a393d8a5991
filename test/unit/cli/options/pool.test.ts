import { describe, expect, test } from 'vitest';
import { threadsFor } from '../../../../src/cli/options/pool.js';

const work = (bytes: number, chunks: number) => ({ bytes, chunks: () => chunks });

describe('without a word about threads', () => {
  test('little work is done by the thread that asks', () => {
    expect(threadsFor({}, work(3 * 256 * 256, 3))).toEqual({ threads: 0 });
  });

  test('many pixels, or small parts of many chunks, have a thread for each core', () => {
    expect(threadsFor({}, work(5e6, 3))).toEqual({});
    expect(threadsFor({}, work(3 * 256 * 256, 64))).toEqual({});
  });

  test('chunks of what is large anyway are not counted', () => {
    const chunks = () => expect.unreachable();
    expect(threadsFor({}, { bytes: 1e12, chunks })).toEqual({});
  });
});

test('as many threads as were asked for do little work, too', () => {
  expect(threadsFor({ threads: 3 }, work(1, 1))).toEqual({ threads: 3 });
});
