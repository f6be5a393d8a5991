import { describe, expect, test } from 'vitest';
import {
  type Affine,
  apply,
  fromGeoTransform,
  invert,
  shift,
  toGeoTransform,
} from '../../src/grid/affine.js';
import { parseCrs } from '../../src/grid/crs/crs.js';
import { GeoBox } from '../../src/grid/geobox.js';
import { Grid } from '../../src/grid/tiling.js';
import { contains, intersect, type Window } from '../../src/grid/window.js';
import fc from '../fast-check.js';

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** Transforms whose axes are far enough from parallel to be inverted with few digits lost. */
const affines: fc.Arbitrary<Affine> = fc
  .tuple(
    finite(1e-4, 1e4),
    finite(-0.4, 0.4),
    finite(-1e7, 1e7),
    finite(-0.4, 0.4),
    finite(1e-4, 1e4),
    finite(-1e7, 1e7),
    fc.boolean(),
  )
  .map(([a, b, c, d, e, f, northUp]) => [a, b * a, c, d * e, northUp ? -e : e, f]);

const pixel = finite(-5000, 5000);

describe('affine', () => {
  test('inverting and applying takes any pixel to the world and back, to a millionth of a pixel', () => {
    fc.assert(
      fc.property(affines, pixel, pixel, (affine, col, row) => {
        const [x, y] = apply(affine, col, row);
        const [col2, row2] = apply(invert(affine), x, y);
        // Coordinates of 1e7 hold their last digit at 2e-9, which small pixels magnify.
        const size = Math.min(Math.abs(affine[0]), Math.abs(affine[4]));
        const allowed = 1e-6 + 1e-7 / size;
        expect(Math.abs(col2 - col)).toBeLessThan(allowed);
        expect(Math.abs(row2 - row)).toBeLessThan(allowed);
      }),
    );
  });

  test("GDAL's order and back gives the same six numbers", () => {
    fc.assert(
      fc.property(affines, (affine) => {
        expect(fromGeoTransform(toGeoTransform(affine))).toEqual(affine);
      }),
    );
  });

  test('pixel (i, j) of a shifted transform is pixel (col + i, row + j) of the original', () => {
    fc.assert(
      fc.property(affines, pixel, pixel, pixel, pixel, (affine, col, row, i, j) => {
        const [x, y] = apply(shift(affine, col, row), i, j);
        const [x2, y2] = apply(affine, col + i, row + j);
        const scale = 1e-9 * (1e7 + 1e4 * 1e4);
        expect(Math.abs(x - x2)).toBeLessThan(scale);
        expect(Math.abs(y - y2)).toBeLessThan(scale);
      }),
    );
  });
});

/** A window inside a raster of that shape. */
function windowsIn(height: number, width: number): fc.Arbitrary<Window> {
  const span = (length: number) =>
    fc
      .tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 1, max: length }))
      .map(([first, count]) => [first, Math.min(count, length - first)] as const);
  return fc
    .tuple(span(height), span(width))
    .map(([[row, h], [col, w]]) => ({ row, col, height: h, width: w }));
}

const side = fc.integer({ min: 1, max: 60 });
const gridAndWindows = fc
  .tuple(side, side, fc.integer({ min: 1, max: 25 }), fc.integer({ min: 1, max: 25 }))
  .chain(([height, width, chunkHeight, chunkWidth]) =>
    fc.tuple(
      fc.constant(
        new Grid(new GeoBox(parseCrs('EPSG:3413'), { height, width }, [1, 0, 0, 0, -1, height]), {
          height: chunkHeight,
          width: chunkWidth,
        }),
      ),
      fc.array(windowsIn(height, width), { minLength: 1, maxLength: 4 }),
    ),
  );

describe('Grid', () => {
  test('tilesIn gives each tile that shares a pixel with any window once, in row-major order', () => {
    fc.assert(
      fc.property(gridAndWindows, ([grid, windows]) => {
        const wanted: string[] = [];
        for (let row = 0; row < grid.rows; row++)
          for (let col = 0; col < grid.cols; col++) {
            const tile = grid.tileWindow({ row, col });
            if (windows.some((window) => intersect(tile, window) !== undefined))
              wanted.push(`${row}-${col}`);
          }
        expect([...grid.tilesIn(windows)].map(({ row, col }) => `${row}-${col}`)).toEqual(wanted);
      }),
    );
  });

  test('tiles cover each pixel of the grid exactly once', () => {
    fc.assert(
      fc.property(gridAndWindows, ([grid]) => {
        const { height, width } = grid.geobox;
        const times = new Uint8Array(height * width);
        for (let row = 0; row < grid.rows; row++)
          for (let col = 0; col < grid.cols; col++) {
            const tile = grid.tileWindow({ row, col });
            for (let y = tile.row; y < tile.row + tile.height; y++)
              for (let x = tile.col; x < tile.col + tile.width; x++)
                times[y * width + x] = (times[y * width + x] ?? 0) + 1;
          }
        expect(times.every((count) => count === 1)).toBe(true);
      }),
    );
  });

  test('windowOf the bounds of a window is that window', () => {
    const cases = fc.tuple(
      fc.constantFrom(0.00026949458523585647, 0.1, 1 / 3, 10, 30),
      windowsIn(50_000, 80_000),
    );
    fc.assert(
      fc.property(cases, ([resolution, window]) => {
        const geobox = new GeoBox(parseCrs('EPSG:4326'), { height: 50_000, width: 80_000 }, [
          resolution,
          0,
          -7 * resolution,
          0,
          -resolution,
          49_000 * resolution,
        ]);
        expect(geobox.windowOf(geobox.crop(window).bounds)).toEqual(window);
      }),
    );
  });

  test('windowOf holds every pixel that has a point of the region inside it', () => {
    const geobox = new GeoBox(
      parseCrs('EPSG:4326'),
      { height: 40, width: 60 },
      [0.3, 0, -7.1, 0, -0.3, 5.3],
    );
    const edges = fc.tuple(finite(-12, 15), finite(-10, 8), finite(0.001, 20), finite(0.001, 15));
    fc.assert(
      fc.property(edges, fc.array(fc.tuple(finite(0.01, 0.99), finite(0.01, 0.99))), (edge, at) => {
        const [west, south, width, height] = edge;
        const found = geobox.windowOf({ west, south, east: west + width, north: south + height });
        for (const [u, v] of at) {
          const col = Math.floor((west + u * width + 7.1) / 0.3);
          const row = Math.floor((5.3 - (south + v * height)) / 0.3);
          const own = { row, col, height: 1, width: 1 };
          if (!contains({ row: 0, col: 0, height: 40, width: 60 }, own)) continue;
          expect(found !== undefined && contains(found, own)).toBe(true);
        }
      }),
    );
  });
});
