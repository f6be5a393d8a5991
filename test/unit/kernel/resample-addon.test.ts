import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../../src/kernel/gdal/addon.js';
import { loadResample } from '../../../src/kernel/gdal/resample-addon.js';
import { interpolatedBy } from '../../../src/kernel/resample/interpolated.js';
import { type Loops, TYPESCRIPT_LOOPS } from '../../../src/kernel/resample/loops.js';
import {
  allocate,
  isFloat,
  rangeOf,
  WORK_TYPES,
  type WorkType,
} from '../../../src/raster/dtype.js';
import { seedOfRun } from '../../seed.js';
import { random } from '../warp/rasters.js';

const native = loadResample();
const addon = loadAddon('resample') as Record<string, (...args: unknown[]) => unknown> | undefined;

const ROUNDS = 60;

describe.skipIf(native === undefined)('the loops of resampling in C', () => {
  if (native === undefined || addon === undefined) return;

  test.each(WORK_TYPES)('compute the same %s pixels and gaps as those in TypeScript', (dtype) => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const scene = sceneOf(dtype, next);
      for (const resampling of ['near', 'bilinear', 'cubic'] as const) {
        const [one, other] = [TYPESCRIPT_LOOPS, native].map((loops) =>
          pixelsOf(loops, scene, resampling, dtype),
        );
        expect({ seed, round, resampling, ...other }).toEqual({ seed, round, resampling, ...one });
        for (const loops of [TYPESCRIPT_LOOPS, native]) {
          const { isGap, ...unmarked } = pixelsOf(loops, scene, resampling, dtype, false);
          expect({ seed, round, resampling, isGap, ...unmarked }).toEqual({
            ...{ seed, round, resampling },
            ...{ ...one, isGap: undefined },
          });
        }
      }
    }
  });

  test('find the same positions, and ask for the same of them to be computed', () => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const [bend, size, shift] = [next() * 1e-3, 0.2 + next(), (next() - 0.5) * 4];
      // Smooth but for a jump, and a place without an image, in some rounds.
      const jump = next() < 0.3 ? 200 * next() - 100 : Number.NaN;
      const asked: number[][] = [];
      const positions = [TYPESCRIPT_LOOPS, native].map((loops) => {
        const points: number[] = [];
        asked.push(points);
        return interpolatedBy(
          { affine: [size, 0, shift, 0, -size, shift] },
          (xs, ys) => {
            points.push(...xs, ...ys);
            for (let i = 0; i < xs.length; i++) {
              const [x, y] = [xs[i] as number, ys[i] as number];
              xs[i] = x > jump ? Number.NaN : x + bend * Math.sin(y / 50);
              ys[i] = round % 5 === 0 ? y : y + bend * Math.cos(x / 40);
            }
          },
          loops,
        );
      });
      const whole = (most: number) => Math.floor(next() * most);
      const window = {
        row: whole(300) - 150,
        col: whole(300) - 150,
        height: 1 + whole(170),
        width: 1 + whole(300),
      };
      const edges = next() < 0.5 ? 1 : 2;
      const offset = next() < 0.5 ? 0 : 0.5;
      const found = positions.map(({ nearly }) => {
        const length = window.height * window.width;
        const [xs, ys] = [new Float64Array(length), new Float64Array(length)];
        nearly?.(window, offset, edges, xs, ys);
        return { xs, ys };
      });
      expect({ seed, round, ...found[1] }).toEqual({ seed, round, ...found[0] });
      expect(asked[1]).toEqual(asked[0]);
    }
  });

  test('find the same boxes, and bring columns back by the same turns', () => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const scene = sceneOf('uint8', next);
      const edge = next() < 0.3 ? Number.POSITIVE_INFINITY : 20 * next();
      const box = { west: -edge, east: edge, north: -edge, south: 2 * edge };
      const turn = 5 + 40 * next();
      const results = [TYPESCRIPT_LOOPS, native].map((loops) => {
        const { points } = copyOf(scene);
        const bounds = loops.boundsOf(points, box);
        loops.bringBack(points.xs, turn, scene.window);
        return { bounds, xs: points.xs };
      });
      expect({ seed, round, ...results[1] }).toEqual({ seed, round, ...results[0] });
    }
  });

  test.each(WORK_TYPES)('mark the same %s pixels as missing', (dtype) => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const pixels = pixelsIn(dtype, 1 + Math.floor(next() * 99), next);
      const value = pick([undefined, 0, 7, 0.1, -1, pixels[0], Number.NaN, 2 ** 40], next);
      const [one, other] = [TYPESCRIPT_LOOPS, native].map((loops) => {
        const isGap = Uint8Array.from(pixels, (_, i) => (i % 11 === 0 ? 1 : 0));
        return { isAny: loops.addMissing(pixels, value, isGap), isGap };
      });
      expect({ seed, value, ...other }).toEqual({ seed, value, ...one });
    }
  });

  test('copy the same rows, from and to memory of one thread or of several', () => {
    const seed = seedOfRun();
    const next = random(seed);
    const whole = (most: number) => Math.floor(next() * most);
    for (let round = 0; round < ROUNDS; round++) {
      const [height, width] = [whole(6), whole(9)];
      const rows = () => ({ start: whole(5), stride: width + whole(4) });
      const [from, to] = [rows(), rows()];
      const memory = ({ start, stride }: ReturnType<typeof rows>) => {
        const length = start + height * stride + 3;
        return new Uint8Array(
          next() < 0.5 ? new SharedArrayBuffer(length) : new ArrayBuffer(length),
        ).fill(7);
      };
      const source = memory(from).map(() => whole(256));
      const [one, other] = [TYPESCRIPT_LOOPS, native].map((loops) => {
        const bytes = memory(to);
        loops.copyRows({ bytes: source, ...from }, { bytes, ...to }, height, width);
        return Array.from(bytes);
      });
      expect({ seed, round, other }).toEqual({ seed, round, other: one });
    }
  });

  test('refuse arguments that would lead outside of the arrays, whatever they are', () => {
    const seed = seedOfRun();
    const next = random(seed);
    const good = goodCalls();
    for (const [name, args] of Object.entries(good)) {
      const call = addon[name] as (...args: unknown[]) => unknown;
      expect(() => call(...args.map(copied))).not.toThrow();
      expect(() => call()).toThrow('Expected');
      expect(() => call(...args, 0)).toThrow('Expected another number of arguments.');
      for (let round = 0; round < 400; round++) {
        // Guards around every array must stay as they are, whether it throws or not.
        const guarded = args.map(copied);
        const changes = 1 + Math.floor(next() * 3);
        for (let k = 0; k < changes; k++)
          guarded[Math.floor(next() * args.length)] = copied(pick(STRANGE, next));
        try {
          call(...guarded);
        } catch (error) {
          expect((error as Error).message).toMatch(/^Expected/);
        }
        const isAllWhole = guarded.every((value) => !ArrayBuffer.isView(value) || isWhole(value));
        expect({ seed, name, round, isAllWhole }).toMatchObject({ isAllWhole: true });
      }
    }
  });

  test('refuse pixels of two types, and holders that are none of the source', () => {
    const [from, isGap] = [new Uint8Array(4), new Uint8Array(4)];
    const gather = (marks: unknown, isRaw: number, holders: number[], into: unknown) =>
      addon.gather?.(from, marks, isRaw, 0, Int32Array.from(holders), 1, 2, into, isGap, 0, 2);
    expect(() => gather(undefined, 0, [0, 1], new Int16Array(4))).toThrow(
      'Expected pixels of one type.',
    );
    expect(() => gather(isGap, 1, [0, 1], new Uint8Array(4))).toThrow(
      'Expected marks of gaps, or a value, not both.',
    );
    for (const isRaw of [0, 1])
      for (const holder of [4, -2, 2 ** 31 - 1])
        expect(() => gather(undefined, isRaw, [0, holder], new Uint8Array(4))).toThrow(
          'Expected holders within the source.',
        );
  });
});

type Scene = ReturnType<typeof sceneOf>;

function pick<T>(from: readonly T[], next: () => number): T {
  return from[Math.floor(next() * from.length)] as T;
}

function pixelsIn(dtype: WorkType, length: number, next: () => number) {
  const pixels = allocate(dtype, length);
  const [low, high] = isFloat(dtype) ? [-1e3, 1e3] : rangeOf(dtype);
  const special = isFloat(dtype)
    ? [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e30, 5e-324]
    : [low, high, 0, 1];
  const share = pick([0, 0.02, 0.3], next);
  for (let i = 0; i < length; i++)
    pixels[i] = next() < share ? pick(special, next) : low + next() * (high - low);
  return pixels;
}

/** A window of a source, points in and around it, and room for the result with something before and after. */
function sceneOf(dtype: WorkType, next: () => number) {
  const whole = (most: number) => Math.floor(next() * most);
  const window = {
    row: whole(20) - 10,
    col: whole(20) - 10,
    height: 1 + whole(14),
    width: 1 + whole(14),
  };
  const extent =
    next() < 0.6
      ? window
      : {
          row: window.row - 2,
          col: window.col - 1,
          height: window.height + 5,
          width: window.width + 4,
        };
  const length = window.height * window.width;
  const share = pick([0, 0, 0.05, 0.5, 1], next);
  const isGap =
    next() < 0.3 ? undefined : Uint8Array.from({ length }, () => (next() < share ? 1 : 0));
  const [height, width] = [1 + whole(9), 1 + whole(9)];
  const stride = width + whole(3);
  const first = whole(4);
  // Exactly on edges and centres of pixels too, and beside them by less than counts.
  const along = (start: number, size: number) =>
    next() < 0.02
      ? pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e18], next)
      : start -
        2 +
        (next() < 0.3 ? Math.round(2 * next() * (size + 4)) / 2 : next() * (size + 4)) +
        pick([0, 0, 1e-11, -1e-11, 1e-9], next);
  const count = first + height * stride + whole(3);
  const xs = Float64Array.from({ length: count }, () => along(window.col, window.width));
  const ys = Float64Array.from({ length: count }, () => along(window.row, window.height));
  const pixels = pixelsIn(dtype, length, next);
  // Nobody has looked for gaps.
  const lacks = next() < 0.5 ? undefined : pick([Number.NaN, 0, pixels[0] as number, 0.1], next);
  const scale = () => pick([1, 1, 0.99, 0.8, 0.5, 1 / 3, 0.1], next);
  return {
    window,
    extent,
    pixels,
    isGap,
    lacks,
    points: { xs, ys, first, stride, height, width },
    scale: [scale(), scale()] as const,
    place: { start: whole(5), stride: width + whole(4) },
  };
}

function copyOf({ points }: Scene) {
  return { points: { ...points, xs: points.xs.slice(), ys: points.ys.slice() } };
}

function pixelsOf(
  loops: Loops,
  { window, extent, pixels, isGap, lacks, points, scale, place }: Scene,
  resampling: 'near' | 'bilinear' | 'cubic',
  dtype: WorkType,
  isMarked = true,
) {
  const length = place.start + points.height * place.stride + 3;
  const room = {
    pixels: allocate(dtype, length).fill(9),
    isGap: isMarked ? new Uint8Array(length).fill(8) : undefined,
  };
  const source = { pixels, isGap };
  const holders = new Int32Array(points.height * points.width);
  if (resampling === 'near') loops.holdersOf(points, window, holders);
  const raw = lacks === undefined ? source : { pixels, lacks };
  const hasGaps =
    resampling === 'near'
      ? loops.gather(raw, holders, points, room, place)
      : loops.compute(
          resampling,
          { ...source, window, extent, scale, turn: undefined },
          points,
          dtype,
          room,
          place,
        );
  return { hasGaps, holders, ...room };
}

const GUARD = 0x5a;
const GUARDS = 64;

/** Arrays with guards before and behind them, so that writing beyond them shows. */
function copied(value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  const view = value as Float64Array;
  const bytes = new Uint8Array(2 * GUARDS + view.byteLength).fill(GUARD);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), GUARDS);
  const Constructor = view.constructor as Float64ArrayConstructor;
  return new Constructor(bytes.buffer, GUARDS, view.length);
}

function isWhole({ buffer, byteOffset, byteLength }: ArrayBufferView): boolean {
  const bytes = new Uint8Array(buffer);
  const isGuard = (byte: number) => byte === GUARD;
  return (
    bytes.subarray(0, byteOffset).every(isGuard) &&
    bytes.subarray(byteOffset + byteLength).every(isGuard)
  );
}

const STRANGE: readonly unknown[] = [
  ...[-1, 0, 1, 2, 3, 0.5, 7, 64, 1000, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), 2 ** 32, 2 ** 53, 1e300],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, null, 'text', {}],
  ...[new Uint8Array(0), new Uint8Array(3), new Uint8Array(64), new Float64Array(1)],
  ...[new Float64Array(64), new Int32Array(3), new Uint16Array(12), new BigInt64Array(12)],
];

/** One call of each function with arguments that fit each other. */
function goodCalls(): Record<string, unknown[]> {
  const points = [new Float64Array(12).fill(1.3), new Float64Array(12).fill(1.4), 0, 4, 3, 4];
  const window = [0, 0, 3, 4];
  const [pixels, isGap] = [new Uint16Array(12), new Uint8Array(12)];
  const nodes = [new Float64Array(81), new Float64Array(81)];
  const strip = [...nodes, new Float64Array(9), new Float64Array(25), 1, 0.5, 1, 1e-6];
  return {
    interpolate: [
      ...strip,
      ...[0, 0, 3, 4, 0, 0, 64, 4],
      ...[new Float64Array(12), new Float64Array(12), 0, new Uint8Array(1), new Int32Array(12)],
    ],
    bringBack: [new Float64Array(12), 5, 10, 0, 10],
    bounds: [...points, 0, 10, 0, 10, new Float64Array(4)],
    holders: [...points, ...window, new Int32Array(12)],
    gather: [pixels, isGap, 0, 0, new Int32Array(12), 3, 4, pixels, isGap, 0, 4],
    blend: [0, pixels, isGap, ...window, ...window, 0.8, 0.7, ...points, pixels, isGap, 0, 4],
    copyRows: [new Uint8Array(12), 0, 4, new Uint8Array(12), 1, 4, 3, 3],
    missing: [pixels, 3, isGap],
  };
}
