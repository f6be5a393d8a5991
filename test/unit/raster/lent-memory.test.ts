import { describe, expect, test } from 'vitest';
import { LentMemory } from '../../../src/raster/lent-memory.js';

const MB = 1024 ** 2;

describe('lent memory', () => {
  test('is shared, of the length asked for, and lent again once it was given back', () => {
    const memory = new LentMemory();
    const first = memory.lend(3 * MB + 5);
    expect(first.length).toBe(3 * MB + 5);
    expect(first.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memory.lend(3 * MB).buffer).not.toBe(first.buffer);
    memory.giveBack(first);
    expect(memory.lend(3 * MB + 900).buffer).toBe(first.buffer);
  });

  test('that was given back twice is lent once', () => {
    const memory = new LentMemory();
    const lent = memory.lend(10);
    memory.giveBack(lent);
    memory.giveBack(lent);
    expect(memory.lend(10).buffer).not.toBe(memory.lend(10).buffer);
  });

  test("that is somebody else's is not taken", () => {
    const memory = new LentMemory();
    memory.giveBack(new Uint8Array(new SharedArrayBuffer(10)));
    memory.giveBack(new Uint8Array(10));
    expect(memory.freeBytes).toBe(0);
  });

  test('goes to the reply it fits best; a small one does not take that of a large one', () => {
    const memory = new LentMemory();
    const [large, middle, small] = [9, 6, 4].map((size) => memory.lend(size * MB));
    for (const bytes of [large, middle, small]) memory.giveBack(bytes as Uint8Array);
    expect(memory.lend(5 * MB).buffer).toBe(middle?.buffer);
    expect(memory.lend(100).buffer.byteLength).toBe(MB);
    expect(memory.lend(8 * MB).buffer).toBe(large?.buffer);
  });

  test('is all used again, however much was lent at once: dropped buffers would pile up', () => {
    const memory = new LentMemory();
    const buffers = new Set<unknown>();
    for (let round = 0; round < 5; round++) {
      const lent = Array.from({ length: 30 }, () => memory.lend(12 * MB));
      for (const bytes of lent) {
        buffers.add(bytes.buffer);
        memory.giveBack(bytes);
      }
    }
    expect(buffers.size).toBe(30);
    expect(memory.freeBytes).toBe(360 * MB);
  });

  test('of sizes that nobody asks for any more is dropped, beyond 256 MB and what was lent at once', () => {
    const memory = new LentMemory();
    for (const size of [10, 100, 30, 250])
      for (let i = 0; i < 2; i++) memory.giveBack(memory.lend(size * MB));
    expect(memory.freeBytes).toBe(250 * MB);
    const large = memory.lend(300 * MB);
    memory.giveBack(large);
    expect(memory.lend(300 * MB).buffer).toBe(large.buffer);
  });
});
