import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { loadBlosc } from '../../../src/kernel/gdal/blosc-addon.js';
import { seedOfRun } from '../../seed.js';
import { random } from '../warp/rasters.js';

const addon = loadBlosc();

/** Where the processor has not, the addon leaves all frames to libblosc. */
function hasVectors(): boolean {
  const frame = addon?.compress(new Uint8Array(1000), 1, 2, 'zstd', 1);
  return (
    frame !== undefined &&
    addon?.decompressRows?.(frame, 1000, 0, 0, 1, 1000, new Uint8Array(1000), 0, 1000) === true
  );
}

/** What each argument must not be, by its position. */
const WRONG: [string, unknown[]][] = [
  ['no bytes', [[1, 2], 1, 1, 'zstd', 1]],
  ['typesize 0', [new Uint8Array(8), 0, 1, 'zstd', 1]],
  ['typesize 256', [new Uint8Array(8), 256, 1, 'zstd', 1]],
  ['typesize NaN', [new Uint8Array(8), Number.NaN, 1, 'zstd', 1]],
  ['shuffle 3', [new Uint8Array(8), 1, 3, 'zstd', 1]],
  ['another compressor', [new Uint8Array(8), 1, 1, 'a-name-longer-than-any-compressor', 1]],
  ['level 10', [new Uint8Array(8), 1, 1, 'zstd', 10]],
  ['level 1.5', [new Uint8Array(8), 1, 1, 'zstd', 1.5]],
  ['too few arguments', [new Uint8Array(8)]],
];

describe.skipIf(addon === undefined)('the addon over libblosc', () => {
  if (addon === undefined) return;
  const pixels = Uint16Array.from({ length: 50_000 }, (_, i) => 1000 + 900 * Math.sin(i / 300));
  const frame = addon.compress(pixels, 2, 1, 'zstd', 1);

  test('fills the array it is given, shared memory too', () => {
    for (const buffer of [new ArrayBuffer(100_000), new SharedArrayBuffer(100_000)]) {
      const target = new Uint16Array(buffer);
      addon.decompress(frame, target);
      expect(Buffer.compare(bytesOf(target), bytesOf(pixels))).toBe(0);
    }
  });

  test('fills a view and leaves the bytes around it alone', () => {
    const around = new Uint8Array(100_000 + 2).fill(0xab);
    addon.decompress(frame, around.subarray(1, -1));
    expect([around[0], around[100_001]]).toEqual([0xab, 0xab]);
    expect(Buffer.compare(around.subarray(1, -1), bytesOf(pixels))).toBe(0);
  });

  test('gives a part of a frame alone', () => {
    const part = new Uint16Array(777);
    addon.decompressPart(frame, 2 * 12_345, part);
    expect(part).toEqual(pixels.slice(12_345, 12_345 + 777));
    expect(() => addon.decompressPart(frame, 2 * 49_500, part)).toThrow('beyond their end');
    expect(() => addon.decompressPart(frame, 1, part)).toThrow('whole pixels');
    expect(() => addon.decompressPart(frame, -2, part)).toThrow('Expected a whole number');
  });

  test('refuses a target of another length', () => {
    expect(() => addon.decompress(frame, new Uint8Array(99_999))).toThrow(
      'Expected a Blosc frame of 99999 bytes but received one of 100000.',
    );
    expect(() => addon.decompress(frame, [] as never)).toThrow('typed array for the target');
  });

  test('compresses into the beginning of an array it is given, shared memory too', () => {
    for (const buffer of [new ArrayBuffer(100_100), new SharedArrayBuffer(100_100)]) {
      const target = new Uint8Array(buffer).fill(0xab);
      const room = target.subarray(1, 1 + 100_016);
      const length = addon.compressInto(pixels, 2, 1, 'zstd', 1, 0, room);
      expect(Buffer.compare(room.subarray(0, length), frame)).toBe(0);
      expect([target[0], ...target.subarray(-83)]).toEqual(Array(84).fill(0xab));
    }
  });

  test('refuses to compress into less than a frame may need', () => {
    expect(() => addon.compressInto(pixels, 2, 1, 'zstd', 1, 0, new Uint8Array(100_015))).toThrow(
      'Expected a target of at least 100016 bytes but received 100015.',
    );
    expect(() => addon.compressInto(pixels, 2, 1, 'zstd', 1, 0, [] as never)).toThrow(
      'typed array for the target',
    );
    expect(() => (addon.compressInto as (...all: unknown[]) => unknown)(pixels)).toThrow(
      'Expected 7 arguments',
    );
  });

  test.each(WRONG)('refuses to compress with %s', (_, args) => {
    expect(() => (addon.compress as (...all: unknown[]) => unknown)(...args)).toThrow(/^Expected /);
  });

  describe.skipIf(!hasVectors())('rows of single bytes whose bits are shuffled', () => {
    /** libblosc's blocks are of about that many bytes; of the last, fewer. */
    const BLOCKS = [0, 64, 200, 1000, 4096, 65_536];

    test('are those of the whole frame, wherever they begin and however long they are', () => {
      const seed = seedOfRun();
      const next = random(seed);
      const whole = (most: number) => Math.floor(next() * most);
      for (let round = 0; round < 300; round++) {
        const [rows, rowBytes] = [1 + whole(60), 1 + whole(round % 3 === 0 ? 1200 : 70)];
        const noise = next();
        const chunk = Uint8Array.from({ length: rows * rowBytes }, (_, i) =>
          next() < noise ? whole(256) : 40 + 30 * Math.sin(i / 50),
        );
        const block = BLOCKS[whole(BLOCKS.length)] ?? 0;
        const frame = addon.compress(
          chunk,
          1,
          2,
          next() < 0.5 ? 'zstd' : 'lz4',
          1 + whole(9),
          block,
        );
        const before = frame.slice();
        const [row, col] = [whole(rows), whole(rowBytes)];
        const [height, width] = [1 + whole(rows - row), 1 + whole(rowBytes - col)];
        const [start, stride] = [whole(40), width + whole(30)];
        const target = new Uint8Array(new SharedArrayBuffer(start + height * stride + 9)).fill(
          0xab,
        );
        const wanted = target.slice();
        for (let j = 0; j < height; j++) {
          const from = (row + j) * rowBytes + col;
          wanted.set(chunk.subarray(from, from + width), start + j * stride);
        }
        const isDone = addon.decompressRows?.(
          frame,
          ...([rowBytes, row, col, height, width] as const),
          ...([target, start, stride] as const),
        );
        // What does not become smaller is copied, not shuffled.
        const isCopy = ((frame[2] ?? 0) & 2) !== 0;
        const told = { seed, round, rows, rowBytes, row, col, height, width, block };
        expect({ ...told, isDone }).toEqual({ ...told, isDone: !isCopy });
        if (isDone)
          expect({ ...told, off: Buffer.compare(target, wanted) }).toEqual({ ...told, off: 0 });
        else expect(target.every((byte) => byte === 0xab)).toBe(true);
        expect(Buffer.compare(frame, before)).toBe(0);
      }
    });

    test('are left to libblosc where the frame is of other pixels', () => {
      const bytes = bytesOf(pixels);
      for (const [typesize, shuffle] of [
        [2, 2],
        [1, 1],
        [1, 0],
      ] as const) {
        const other = addon.compress(bytes, typesize, shuffle, 'zstd', 1);
        const target = new Uint8Array(1000);
        expect(addon.decompressRows?.(other, 1000, 3, 0, 1, 1000, target, 0, 1000)).toBe(false);
      }
    });

    test.each([
      ['beyond the last', [100, 10, 0, 1, 1], 100, [0, 1]],
      ['of no bytes', [0, 0, 0, 1, 0], 100, [0, 1]],
      ['beyond the end of a row', [100, 0, 50, 1, 51], 100, [0, 51]],
      ['that overlap in the target', [100, 0, 0, 2, 100], 1000, [0, 99]],
      ['beyond the end of the target', [100, 0, 0, 3, 100], 299, [0, 100]],
      ['from beyond the target', [100, 0, 0, 1, 100], 100, [101, 100]],
      ['before the target', [100, 0, 0, 1, 100], 100, [-1, 100]],
      ['of parts of bytes', [100, 0, 0.5, 1, 10], 100, [0, 100]],
    ] as const)('%s are refused', (_, place, room, into) => {
      const frame = addon.compress(new Uint8Array(1000).fill(7), 1, 2, 'zstd', 1);
      const target = new Uint8Array(room).fill(0xab);
      const call = addon.decompressRows as (...all: unknown[]) => unknown;
      expect(() => call(frame, ...place, target, ...into)).toThrow(/^Expected /);
      expect(target.every((byte) => byte === 0xab)).toBe(true);
    });

    test('of frames damaged at random are right or an error', () => {
      const seed = seedOfRun();
      const next = random(seed);
      const chunk = Uint8Array.from({ length: 20_000 }, (_, i) => 40 + 30 * Math.sin(i / 50));
      const whole = addon.compress(chunk, 1, 2, 'zstd', 5, 4096);
      for (let round = 0; round < 2000; round++) {
        const frame = whole.slice();
        for (let k = 0; k < 1 + (round % 3); k++)
          frame[Math.floor(next() * (round % 2 === 0 ? 40 : frame.length))] = next() * 256;
        const target = new Uint8Array(20_000 + 64).fill(0xab);
        try {
          addon.decompressRows?.(frame, 200, 0, 0, 100, 200, target, 0, 200);
        } catch (error) {
          expect({ seed, round, message: (error as Error).message }).toMatchObject({
            message: expect.stringMatching(/^Expected /),
          });
        }
        expect(target.subarray(20_000).every((byte) => byte === 0xab)).toBe(true);
      }
    });
  });

  test('takes and gives back no bytes at all', () => {
    const nothing = addon.compress(new Uint8Array(0), 1, 2, 'zstd', 1);
    addon.decompress(nothing, new Uint8Array(0));
    expect(nothing.length).toBe(16);
  });

  test('answers a cut or empty frame with an error', () => {
    const target = new Uint8Array(100_000);
    for (const length of [0, 1, 15, 16, 17, frame.length - 1])
      expect(() => addon.decompress(frame.subarray(0, length), target)).toThrow('not a whole one');
  });

  test('survives frames damaged at random, seed 20260101', () => {
    let state = 20_260_101;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const target = new Uint8Array(100_000);
    let refused = 0;
    for (let run = 0; run < 5000; run++) {
      const damaged = frame.slice();
      for (let i = 0; i <= random(8); i++)
        damaged[random(random(2) === 0 ? 64 : damaged.length)] = random(256);
      try {
        addon.decompress(damaged, target);
        addon.decompressPart(damaged, 2 * 100, target.subarray(0, 5000));
      } catch (error) {
        expect((error as Error).message).toMatch(/^Expected /);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test('loads in several threads at once and outlives them', async () => {
    const file = JSON.stringify(
      new URL('../../../dist/kernel/gdal/blosc-addon.js', import.meta.url),
    );
    const code = `import(${file}).then(({ loadBlosc }) => {
      const target = new Uint8Array(1000);
      const { compress, decompress } = loadBlosc();
      for (let i = 0; i < 50; i++) decompress(compress(new Uint8Array(1000).fill(i), 1, 2, 'zstd', 1), target);
      require('node:worker_threads').parentPort.postMessage(target[999]);
    })`;
    const answers = Array.from(
      { length: 4 },
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(code, { eval: true });
          let answer: unknown;
          worker.once('message', (value) => {
            answer = value;
          });
          worker.once('error', reject);
          worker.once('exit', () => resolve(answer));
        }),
    );
    expect(await Promise.all(answers)).toEqual([49, 49, 49, 49]);
    addon.decompress(frame, new Uint8Array(100_000));
  });
});

function bytesOf(pixels: NodeJS.TypedArray): Buffer {
  return Buffer.from(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.byteLength);
}
