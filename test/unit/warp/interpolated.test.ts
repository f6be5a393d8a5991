import { describe, expect, test } from 'vitest';
import type { Affine } from '../../../src/grid/affine.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { fullTurnOf } from '../../../src/grid/crs/full-turn.js';
import type { Window } from '../../../src/grid/window.js';
import { positionsIn } from '../../../src/kernel/gdal/proj/positions.js';
import { spatialReference } from '../../../src/kernel/gdal/proj/srs.js';
import { interpolatedBy } from '../../../src/kernel/resample/interpolated.js';
import { POINTS, SIDE, SQUARES, TOLERANCE } from '../../../src/kernel/resample/squares.js';
import { Warp } from '../../../src/kernel/resample/warp.js';
import { seedOfRun } from '../../seed.js';
import { random } from './rasters.js';

/** Target and source, each with the size of its pixels and its upper left corner. */
interface Pair {
  readonly to: readonly [crs: string, size: number, x: number, y: number];
  readonly from: readonly [crs: string, size: number, x: number, y: number];
}

const PAIRS: Readonly<Record<string, Pair>> = {
  'degrees from a UTM zone': {
    to: ['EPSG:4326', 0.00011, 13.54, 51.45],
    from: ['EPSG:32633', 10, 400_000, 5_700_000],
  },
  'a UTM zone from degrees': {
    to: ['EPSG:32633', 10, 400_000, 5_700_000],
    from: ['EPSG:4326', 0.0001, 13, 52],
  },
  'a polar system from degrees, the pole inside': {
    to: ['EPSG:3995', 500, -60_000, 60_000],
    from: ['EPSG:4326', 0.01, -180, 90],
  },
  'a polar system from degrees, across the antimeridian': {
    to: ['EPSG:3995', 30, -5000, 2_000_000],
    from: ['EPSG:4326', 0.0005, -180, 75],
  },
  'degrees around the earth from Mollweide': {
    to: ['EPSG:4326', 0.5, -180, 90],
    from: ['ESRI:54009', 20_000, -18_040_000, 9_020_000],
  },
  'the British grid from degrees, a datum between': {
    to: ['EPSG:27700', 5, 430_000, 430_000],
    from: ['EPSG:4326', 0.0001, -2, 54],
  },
  'one zone from another, pixels a hundred times as large': {
    to: ['EPSG:32632', 3000, 200_000, 6_000_000],
    from: ['EPSG:32633', 30, -300_000, 6_100_000],
  },
};

const lattice = ([crs, size, x, y]: Pair['to']) => ({
  srs: spatialReference(crs),
  lattice: {
    affine: [size, 0, x, 0, -size, y] as Affine,
    turn: fullTurnOf(parseCrs(crs))?.length,
  },
});

describe.each(Object.entries(PAIRS))('positions of %s', (_, { to, from }) => {
  const positions = positionsIn(lattice(from), lattice(to));
  const seed = seedOfRun();
  const next = random(seed);
  const window = {
    row: Math.floor(next() * 40),
    col: Math.floor(next() * 40),
    height: 260,
    width: 290,
  };

  const nearly = (part: typeof window, offset: number, edges: 1 | 2) => {
    const [xs, ys] = [0, 1].map(() => new Float64Array(part.height * part.width)) as [
      Float64Array,
      Float64Array,
    ];
    positions.nearly?.(part, offset, edges, xs, ys);
    return { xs, ys };
  };
  const exactly = (offset: number) => {
    const [xs, ys] = [0, 1].map(() => new Float64Array(window.height * window.width)) as [
      Float64Array,
      Float64Array,
    ];
    for (let j = 0; j < window.height; j++) {
      const row = [j * window.width, (j + 1) * window.width] as const;
      positions.fill(
        window.row + j + offset,
        window.col + offset,
        xs.subarray(...row),
        ys.subarray(...row),
      );
    }
    return { xs, ys };
  };

  test.each([
    [0, 1],
    [0.5, 2],
  ] as const)(
    'moved by %d are PROJ’s to a millionth of a pixel, and on its side of every edge',
    (offset, edges) => {
      const [near, exact] = [nearly(window, offset, edges), exactly(offset)];
      let [worst, otherSide] = [0, 0];
      for (const axis of ['xs', 'ys'] as const)
        for (const [i, value] of exact[axis].entries()) {
          const own = near[axis][i] as number;
          if (!Number.isFinite(value)) {
            expect(own).toBe(value);
            continue;
          }
          worst = Math.max(worst, Math.abs(own - value));
          if (Math.floor(own * edges + 1e-10) !== Math.floor(value * edges + 1e-10)) otherSide++;
        }
      expect({ seed, otherSide }).toEqual({ seed, otherSide: 0 });
      expect(worst).toBeLessThan(TOLERANCE);
    },
  );

  test('are the same, bit for bit, in whichever window they are asked for', () => {
    const whole = nearly(window, 0.5, 2);
    const [row, col] = [Math.floor(next() * 220), Math.floor(next() * 230)];
    const part = { row: window.row + row, col: window.col + col, height: 37, width: 53 };
    const alone = nearly(part, 0.5, 2);
    for (const axis of ['xs', 'ys'] as const)
      for (let j = 0; j < part.height; j++) {
        const from = (row + j) * window.width + col;
        expect(alone[axis].slice(j * part.width, (j + 1) * part.width)).toEqual(
          whole[axis].slice(from, from + part.width),
        );
      }
  });
});

describe('what PROJ is asked', () => {
  const UNIT: Affine = [1, 0, 0, 0, 1, 0];
  const [{ side: large }, { side: small } = { side: 0 }] = SQUARES;
  const EACH = POINTS * POINTS;

  /** A map that is moved by `bend` of a wave of a given length, and the points it was asked for. */
  function asked(bend: number, length: number, window: Window) {
    let points = 0;
    const project = (xs: Float64Array, ys: Float64Array) => {
      points += xs.length;
      // Never near an edge, so that no point is asked for because of one.
      for (let i = 0; i < xs.length; i++) {
        xs[i] = (xs[i] as number) + 0.25 + bend * Math.sin((xs[i] as number) / length);
        ys[i] = (ys[i] as number) + 0.25;
      }
    };
    const { height, width } = window;
    const [xs, ys] = [new Float64Array(height * width), new Float64Array(height * width)];
    interpolatedBy({ affine: UNIT }, project).nearly?.(window, 0, 1, xs, ys);
    return points;
  }

  const four = { row: -large, col: large, height: 2 * large, width: 2 * large };

  test('of a smooth map 81 points of each large square', () => {
    expect(asked(1e-3, 1000, four)).toBe(4 * EACH);
  });

  test('of one that bends more 81 points of each small square, too', () => {
    expect(asked(0.1, 140, four)).toBe(4 * EACH + 16 * EACH);
  });

  test('of one that no polynomial is right for each point, too', () => {
    expect(asked(0.1, 1, four)).toBe(4 * EACH + 16 * EACH + 16 * small * small);
  });

  test.each([
    [2048, 2048],
    [1904, 900],
    [300, 1700],
  ])('of a raster %i wide of each row of squares once, wherever it begins', (width, height) => {
    const windows: Window[] = [];
    const target = { row: 37, col: 0, height, width };
    new Warp({
      source: { lattice: { affine: UNIT }, extent: { row: 0, col: 0, height: 1, width: 1 } },
      target: { window: target, grid: { height: 2048, width: 2048 } },
      resampling: 'near',
      positions: {
        fill() {},
        nearly: (window) => windows.push(window),
      },
    }).band('uint8', { read: () => ({ pixels: new Uint8Array(1), isGap: undefined }) });
    expect(windows.length).toBeGreaterThan(1);
    let next = target.row;
    for (const { row, height } of windows) {
      expect(row).toBe(next);
      if (row !== target.row) expect(row % SIDE).toBe(0);
      next = row + height;
    }
    expect(next).toBe(target.row + target.height);
  });
});
