import { describe, expect, test } from 'vitest';
import type { XY } from '../../src/grid/affine.js';
import { parseCrs, transformer } from '../../src/grid/crs/crs.js';
import { GeoBox } from '../../src/grid/geobox.js';
import { roiWindows, tilesOf } from '../../src/grid/roi.js';
import { clipRings, doubleArea, holds, type Ring } from '../../src/grid/shapes/ring.js';
import { Grid } from '../../src/grid/tiling.js';
import fc from '../fast-check.js';

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

function gridOf(
  crs: string,
  [west, south, east, north]: readonly [number, number, number, number],
  resolution: number,
  chunk: number,
): Grid {
  const geobox = GeoBox.fromBounds({ west, south, east, north }, parseCrs(crs), resolution);
  return new Grid(geobox, { height: chunk, width: chunk });
}

/** A star around (0, 0) of radius 1 with a smaller one as its hole, [outline, hole?]; no edge crosses another. */
const stars: fc.Arbitrary<Ring[]> = fc
  .tuple(fc.array(finite(0.15, 1), { minLength: 4, maxLength: 14 }), finite(0, 6.3), fc.boolean())
  .map(([radii, turn, hasHole]) => {
    const ring = (scale: number): Ring =>
      radii.map((radius, i) => {
        const angle = turn + (2 * Math.PI * i) / radii.length;
        return [scale * radius * Math.cos(angle), scale * radius * Math.sin(angle)];
      });
    return hasHole ? [ring(1), ring(0.6)] : [ring(1)];
  });

function placed(rings: readonly Ring[], [x, y]: XY, [width, height]: XY): Ring[] {
  return rings.map((ring) => ring.map(([u, v]): XY => [x + u * width, y + v * height]));
}

function geoJson(rings: readonly Ring[], crs: string) {
  const coordinates = rings.map((ring) => [...ring, ...ring.slice(0, 1)].map(([x, y]) => [x, y]));
  return {
    type: 'Polygon' as const,
    coordinates,
    crs: { type: 'name', properties: { name: crs } },
  };
}

function idsOf(rings: readonly Ring[], crs: string, grid: Grid): string[] {
  return [...tilesOf(geoJson(rings, crs), grid)].map(({ row, col }) => `${row}-${col}`);
}

test('the tiles of a polygon in the CRS of the grid are those whose area in common with it is not zero, in row-major order', () => {
  const grid = gridOf('EPSG:3413', [0, 0, 30.5, 21.25], 0.25, 7);
  fc.assert(
    fc.property(stars, finite(-3, 33), finite(-3, 24), finite(0.3, 12), (star, x, y, radius) => {
      const rings = placed(star, [x, y], [radius, radius * 0.8]);
      const wanted: string[] = [];
      for (let row = 0; row < grid.rows; row++)
        for (let col = 0; col < grid.cols; col++) {
          const { west, south, east, north } = grid.tileGeoBox({ row, col }).bounds;
          // The hole lies inside the outline, so areas subtract.
          const [outline = 0, hole = 0] = rings.map((ring) =>
            clipRings(clipRings([ring], 0, west, east), 1, south, north).reduce(
              (sum, part) => sum + Math.abs(doubleArea(part)),
              0,
            ),
          );
          if (outline - hole > 1e-9) wanted.push(`${row}-${col}`);
        }
      fc.pre(wanted.length > 0);
      expect(idsOf(rings, 'EPSG:3413', grid)).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

interface Case {
  readonly grid: Grid;
  /** CRS of the polygon, where its middle may be, and its radius. */
  readonly crs: string;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly radius: readonly [number, number];
}

const CASES: Readonly<Record<string, Case>> = {
  'degrees on a polar grid, antimeridian included': {
    grid: gridOf('EPSG:3413', [-3e6, -3e6, 3e6, 3e6], 1000, 150),
    crs: 'EPSG:4326',
    x: [-220, 220],
    y: [66, 80],
    radius: [0.5, 9],
  },
  'a polar polygon on a grid of the world, pole and antimeridian included': {
    grid: gridOf('EPSG:4326', [-180, -90, 180, 90], 0.05, 90),
    crs: 'EPSG:3413',
    x: [-8e5, 8e5],
    y: [-8e5, 8e5],
    radius: [1e5, 1e6],
  },
  'a polar polygon on a polar grid turned by 45 degrees': {
    grid: gridOf('EPSG:3995', [-2e6, -2e6, 2e6, 2e6], 500, 200),
    crs: 'EPSG:3413',
    x: [-1e6, 1e6],
    y: [-1e6, 1e6],
    radius: [5e4, 8e5],
  },
  'a southern polar polygon on a grid that crosses the antimeridian': {
    grid: gridOf('EPSG:4326', [160, -85, 200, -60], 0.01, 200),
    crs: 'EPSG:3031',
    x: [-5e5, 5e5],
    y: [-2.2e6, -1.2e6],
    radius: [5e4, 4e5],
  },
  'degrees on either side of 180 on a UTM grid that crosses it': {
    grid: gridOf('EPSG:32601', [2e5, 7.2e6, 8e5, 8e6], 100, 300),
    crs: 'EPSG:4326',
    x: [176, 186],
    y: [66, 71],
    radius: [0.2, 3],
  },
  'a polygon of one UTM zone on the grid of the next': {
    grid: gridOf('EPSG:32633', [3e5, 4.8e6, 7e5, 5.2e6], 50, 400),
    crs: 'EPSG:32634',
    x: [-1e5, 3e5],
    y: [4.8e6, 5.2e6],
    radius: [2e4, 3e5],
  },
};

/** Points of the polygon, edges included, as a dense sample. */
function* samples(rings: readonly Ring[], count: number): Generator<XY> {
  const points = rings.flat();
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [west, south] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - west, Math.max(...ys) - south];
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) {
      const point: XY = [west + (width * (i + 0.5)) / count, south + (height * (j + 0.5)) / count];
      if (holds(rings, point)) yield point;
    }
}

function* edgeSamples(rings: readonly Ring[], count: number): Generator<XY> {
  for (const ring of rings)
    for (const [i, [x1, y1]] of ring.entries()) {
      const [x2, y2] = ring[(i + 1) % ring.length] ?? [x1, y1];
      for (let k = 0; k < count; k++)
        yield [x1 + ((x2 - x1) * k) / count, y1 + ((y2 - y1) * k) / count];
    }
}

/** Edges are exact to a hundredth of a pixel, and the samples of one lie up to a pixel apart. */
const HALF_A_PIXEL = [
  [-0.5, -0.5],
  [0.5, -0.5],
  [-0.5, 0.5],
  [0.5, 0.5],
] as const;

function tileAt({ geobox, chunk }: Grid, [x, y]: XY, dx = 0, dy = 0): string | undefined {
  const [a, , c, , e, f] = geobox.affine;
  const turn = geobox.crs.isGeographic ? 360 * Math.floor((x - c) / 360) : 0;
  const [col, row] = [Math.floor((x - turn - c) / a + dx), Math.floor((y - f) / e + dy)];
  if (!(col >= 0 && row >= 0 && col < geobox.width && row < geobox.height)) return undefined;
  return `${Math.floor(row / chunk.height)}-${Math.floor(col / chunk.width)}`;
}

describe.each(Object.entries(CASES))('%s:', (_name, { grid, crs, x, y, radius }) => {
  const cases = fc
    .tuple(stars, finite(...x), finite(...y), finite(...radius))
    .map(([star, cx, cy, r]) => placed(star, [cx, cy], [r, crs === 'EPSG:4326' ? r / 2 : r]));
  const forth = transformer(parseCrs(crs), grid.geobox.crs);
  const back = transformer(grid.geobox.crs, parseCrs(crs));
  const found = (rings: readonly Ring[]) => {
    try {
      return idsOf(rings, crs, grid);
    } catch {
      return []; // outside
    }
  };

  test('every tile in which a point of the polygon lies is found, and lies in a window', () => {
    fc.assert(
      fc.property(cases, (rings) => {
        const wanted = new Set<string>();
        for (const point of samples(rings, 60)) {
          const id = tileAt(grid, forth(...point));
          if (id !== undefined) wanted.add(id);
        }
        fc.pre(wanted.size > 0);
        const ids = new Set(found(rings));
        expect([...wanted].filter((id) => !ids.has(id))).toEqual([]);
        const windows = roiWindows(geoJson(rings, crs), grid.geobox);
        const inWindows = new Set(
          [...grid.tilesIn(windows)].map(({ row, col }) => `${row}-${col}`),
        );
        expect([...ids].filter((id) => !inWindows.has(id))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('every tile found holds a point of the polygon, or lies within half a pixel of its edge', () => {
    fc.assert(
      fc.property(cases, (rings) => {
        const ids = found(rings);
        fc.pre(ids.length > 0);
        const edges = new Set<string>();
        for (const point of edgeSamples(rings, 4000)) {
          const image = forth(...point);
          for (const [dx, dy] of HALF_A_PIXEL) {
            const id = tileAt(grid, image, dx, dy);
            if (id !== undefined) edges.add(id);
          }
        }
        const unfounded = ids.filter((id) => {
          if (edges.has(id)) return false;
          const [row = 0, col = 0] = id.split('-').map(Number);
          const { west, south, east, north } = grid.tileGeoBox({ row, col }).bounds;
          const [px, py] = back((west + east) / 2, (south + north) / 2);
          const turns = crs === 'EPSG:4326' ? [-360, 0, 360] : [0];
          return !turns.some((turn) => holds(rings, [px + turn, py]));
        });
        expect(unfounded).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});
