import { describe, expect, test } from 'vitest';
import { parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import { fullTurnOf } from '../../../src/grid/crs/full-turn.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { joinWindows, splitWindow } from '../../../src/grid/onto/continued-window.js';
import { parseBoundingBox, type Roi, roiWindows, tilesOf } from '../../../src/grid/roi.js';
import { Grid } from '../../../src/grid/tiling.js';

const EDGE = 20037508.342789244;

describe('fullTurnOf', () => {
  // 2 pi times the radius of the sphere, or of WGS 84's equator, or of its authalic cylinder at 30 degrees.
  test.each([
    ['EPSG:4326', 360, 0],
    ['EPSG:3857', 2 * EDGE, 0],
    ['EPSG:3395', 2 * EDGE, 0],
    ['EPSG:4087', 2 * EDGE, 0],
    ['EPSG:3832', 2 * EDGE, 0],
    ['EPSG:6933', 2 * 17367530.445161372, 0],
    ['+proj=merc +datum=WGS84 +units=km', (2 * EDGE) / 1000, 0],
  ])('x goes around %s in %d', (name, length, middle) => {
    const turn = fullTurnOf(parseCrs(name));
    expect(turn?.length).toBeCloseTo(length, 3);
    expect(turn?.middle).toBeCloseTo(middle, 6);
  });

  test.each(['EPSG:3413', 'EPSG:32660', 'EPSG:3035', 'ESRI:54009', '+proj=sinu +R=6371007'])(
    'x does not go around %s',
    (name) => {
      expect(fullTurnOf(parseCrs(name))).toBeUndefined();
    },
  );
});

type Edges = readonly [west: number, south: number, east: number, north: number];

const GRIDS: readonly (readonly [string, Edges, number])[] = [
  ['EPSG:3857', [-EDGE, -EDGE, EDGE, EDGE], EDGE / 128],
  ['EPSG:3857', [-20037500, -2e7, 20037500, 2e7], 1e5],
  ['EPSG:3395', [-2e7, -15e6, 2e7, 15e6], 1e5],
  ['EPSG:4087', [-2e7, -1e7, 2e7, 1e7], 1e5],
  ['EPSG:4087', [0, -1e7, 4e7, 1e7], 1e5],
  ['EPSG:6933', [-17367530, -7314540, 17367530, 7314540], 1e5],
  ['EPSG:3832', [-2e7, -15e6, 2e7, 15e6], 1e5],
  ['EPSG:3994', [-1e7, -15e6, 1e7, 1e6], 1e5],
  ['EPSG:4326', [0, -90, 360, 90], 1],
  ['EPSG:4326', [-180, -90, 180, 90], 1],
];

const polygon = (...ring: [number, number][]): [number, number][] => [
  ...ring,
  ring[0] as [number, number],
];

/** The same box four times. */
const SPELLINGS: Readonly<Record<string, Roi>> = {
  'a box with swapped edges': parseBoundingBox('170,-30,-170,-1'),
  'longitudes counted on': {
    type: 'Polygon',
    coordinates: [polygon([170, -30], [190, -30], [190, -1], [170, -1])],
  },
  'longitudes counted back': {
    type: 'Polygon',
    coordinates: [polygon([-190, -30], [-170, -30], [-170, -1], [-190, -1])],
  },
  'two polygons, cut at 180': {
    type: 'MultiPolygon',
    coordinates: [
      [polygon([170, -30], [180, -30], [180, -1], [170, -1])],
      [polygon([-180, -30], [-170, -30], [-170, -1], [-180, -1])],
    ],
  },
};

describe.each(GRIDS)(
  'a region across 180 degrees on %s %j',
  (name, [west, south, east, north], size) => {
    const crs = parseCrs(name);
    const box = GeoBox.fromBounds({ west, south, east, north }, crs, size);
    const grid = new Grid(box, { height: 8, width: 8 });

    test.each(Object.entries(SPELLINGS))('is the tiles of its pixels: %s', (_, region) => {
      const wanted = new Set<string>();
      const back = transformer(crs, parseCrs('EPSG:4326'));
      const [xs, ys] = [box.xCentres(), box.yCentres()];
      for (const [row, y] of ys.entries())
        for (const [col, x] of xs.entries()) {
          const [lon, lat] = back(x, y);
          if (lat > -30 && lat < -1 && Math.abs(((lon + 720) % 360) - 180) < 10)
            wanted.add(`${Math.floor(row / 8)}-${Math.floor(col / 8)}`);
        }
      const found = [...tilesOf(region, grid)].map(({ row, col }) => `${row}-${col}`);
      expect(wanted.size).toBeGreaterThan(4);
      expect(found).toEqual(expect.arrayContaining([...wanted]));
      // An edge inside a pixel, short of its middle, is a tile more at the most on each side.
      expect(found.length).toBeLessThan(wanted.size * 2 + 4);
      const joined = joinWindows(roiWindows(region, box), box);
      expect(joined.width).toBeLessThan(0.1 * box.width);
    });
  },
);

test.each([
  ['EPSG:6933', [-174e5, -735e4, 174e5, 735e4], 50_000, 695],
  ['EPSG:3857', [-201e5, -201e5, 201e5, 201e5], 100_000, 401],
  ['EPSG:4326', [-180, -90, 181, 90], 1, 360],
] as const)(
  'a grid of %s that goes around more than once is read with all of its columns',
  (name, edges, size, turn) => {
    const [west, south, east, north] = edges;
    const box = GeoBox.fromBounds({ west, south, east, north }, parseCrs(name), size);
    expect(box.width).toBe(turn + 1);
    const whole = { row: 0, col: 0, ...box.shape };
    expect(splitWindow(whole, box)).toEqual([{ window: whole, row: 0, col: 0 }]);
    // Past either end it goes on with the places of a turn before.
    expect(
      splitWindow({ ...whole, col: box.width - 2, width: 4 }, box).map(({ window }) => window.col),
    ).toEqual([box.width - 2, 1]);
    expect(
      splitWindow({ ...whole, col: -2, width: 4 }, box).map(({ window }) => window.col),
    ).toEqual([turn - 2, 0]);
  },
);
