import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { planReprojection } from '../../../src/grid/onto/reproject-plan.js';
import {
  type GeoJsonRegion,
  parseBoundingBox,
  type Roi,
  roiWindows,
  tilesOf,
} from '../../../src/grid/roi.js';
import { Grid } from '../../../src/grid/tiling.js';

const world = { west: -180, south: -90, east: 180, north: 90 };
/** Tiles of 10 degrees, 18 rows and 36 columns. */
const TENS = new Grid(GeoBox.fromBounds(world, parseCrs('EPSG:4326'), 0.5), {
  height: 20,
  width: 20,
});
const TCTREND = new Grid(GeoBox.fromBounds(world, parseCrs('EPSG:4326'), 0.00026949458523585647), {
  height: 3600,
  width: 3600,
});

const ids = (roi: Roi, grid = TENS) =>
  [...tilesOf(roi, grid)].map(({ row, col }) => `${row}-${col}`);

const polygon = (...rings: [number, number][][]): GeoJsonRegion => ({
  type: 'Polygon',
  coordinates: rings,
});

const box = (west: number, south: number, east: number, north: number): [number, number][] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];

describe('tilesOf', () => {
  test('a triangle touches fewer tiles than its bounding box', () => {
    const triangle = polygon([
      [0, 0],
      [30, 0],
      [0, 30],
      [0, 0],
    ]);
    expect(ids(triangle)).toEqual(['6-18', '7-18', '7-19', '8-18', '8-19', '8-20']);
    const windows = roiWindows(triangle, TENS.geobox);
    expect([...TENS.tilesIn(windows)].length).toBe(9);
  });

  test('tiles inside a hole are left out, and those that its edge enters are not', () => {
    const ring = polygon(box(0, 0, 50, 50), box(10, 10, 40, 40));
    expect(ids(ring).length).toBe(25 - 9);
    expect(ids(polygon(box(0, 0, 50, 50), box(10.5, 10, 40, 40))).length).toBe(25 - 6);
  });

  test('a region exactly along edges touches no tile beyond them', () => {
    expect(ids(polygon(box(10, 10, 20, 20)))).toEqual(['7-19']);
    expect(ids(parseBoundingBox('10,10,20,20'))).toEqual(['7-19']);
    expect(ids(TENS.tileGeoBox({ row: 7, col: 19 }))).toEqual(['7-19']);
    expect(() => ids(polygon(box(10, 10, 20, 20)), gridOfTile(7, 20))).toThrow(InvalidInputError);
  });

  test('points and lines belong to the tiles they lie in, on an edge to the one after, at the end to the last', () => {
    expect(ids({ type: 'Point', coordinates: [15, 15, 300] })).toEqual(['7-19']);
    expect(ids({ type: 'Point', coordinates: [10, 10] })).toEqual(['8-19']);
    expect(ids({ type: 'Point', coordinates: [0, -90] })).toEqual(['17-18']);
    expect(ids({ type: 'Point', coordinates: [180, 5] })).toEqual(['8-35']);
    expect(
      ids({
        type: 'LineString',
        coordinates: [
          [1, 1],
          [29, 1],
        ],
      }),
    ).toEqual(['8-18', '8-19', '8-20']);
    expect(
      ids({
        type: 'MultiPoint',
        coordinates: [
          [15, 15],
          [-15, 15],
          [16, 16],
        ],
      }),
    ).toEqual(['7-16', '7-19']);
  });

  test('features, collections and parts that overlap give each tile once, in row-major order', () => {
    const collection: GeoJsonRegion = {
      type: 'FeatureCollection',
      features: [
        { type: 'Feature', properties: {}, geometry: null as never },
        {
          type: 'Feature',
          properties: null,
          geometry: {
            type: 'MultiPolygon',
            coordinates: [[box(1, 1, 19, 9)], [box(11, 1, 29, 19)]],
          },
        },
        {
          type: 'Feature',
          properties: {},
          geometry: {
            type: 'GeometryCollection',
            geometries: [
              { type: 'Point', coordinates: [15, 5] },
              {
                type: 'MultiLineString',
                coordinates: [
                  [
                    [-5, 5],
                    [5, 5],
                  ],
                ],
              },
            ],
          },
        },
      ],
    };
    expect(ids(collection)).toEqual(['7-19', '7-20', '8-17', '8-18', '8-19', '8-20']);
  });

  test('a polygon past 180 degrees, one cut there, and a box across give the tiles of both sides, and two windows', () => {
    const split: GeoJsonRegion = {
      type: 'MultiPolygon',
      coordinates: [[box(172, 1, 180, 9)], [box(-180, 1, -172, 9)]],
    };
    for (const roi of [split, polygon(box(172, 1, 188, 9)), parseBoundingBox('172,1,-172,9')]) {
      expect(ids(roi)).toEqual(['8-0', '8-35']);
      expect(roiWindows(roi, TENS.geobox)).toEqual([
        { row: 162, col: 704, height: 16, width: 16 },
        { row: 162, col: 0, height: 16, width: 16 },
      ]);
    }
  });

  test('a grid that reaches a part of a pixel past 180 degrees has no second place for what begins there', () => {
    expect(
      ids(parseBoundingBox('-180,0,-179,0.5'), TCTREND).every(
        (id) => id.endsWith('-0') || id.endsWith('-1'),
      ),
    ).toBe(true);
    expect(ids(parseBoundingBox('179.5,0,180,0.5'), TCTREND).some((id) => id.endsWith('-0'))).toBe(
      false,
    );
  });

  test('a polygon around the pole, given on a projection, touches the whole top row of a grid of the world', () => {
    const cap = {
      ...polygon(box(-5e5, -4e5, 3e5, 5e5)),
      crs: { type: 'name', properties: { name: 'EPSG:3413' } },
    };
    expect(ids(cap)).toEqual(Array.from({ length: 36 }, (_, col) => `0-${col}`));
  });

  test('a grid that crosses the antimeridian has the places on its far side', () => {
    const fiji = new Grid(
      GeoBox.fromBounds(
        { west: 175, south: -20, east: -175, north: -15 },
        parseCrs('EPSG:4326'),
        0.01,
      ),
      { height: 500, width: 250 },
    );
    expect(ids(parseBoundingBox('-179,-18,-178,-17'), fiji)).toEqual(['0-2']);
    expect(ids(polygon(box(-180, -18, -178, -17)), fiji)).toEqual(['0-2']);
    expect(ids(polygon(box(179, -18, 180, -17)), fiji)).toEqual(['0-1']);
  });

  test('a tiny polygon in a vast grid, and one as large as the world, are found alike', () => {
    expect(ids(polygon(box(12.5, 41.5, 12.5001, 41.5001)), TCTREND).length).toBe(1);
    expect(ids(polygon(box(-180, -90, 180, 90)), TCTREND).length).toBe(186 * 372);
  });
});

describe('what has no place in another CRS', () => {
  const whole = GeoBox.fromBounds(world, parseCrs('EPSG:4326'), 1);
  const sinusoidal = parseCrs('+proj=sinu +lon_0=0 +R=6371007.181 +units=m');
  const edges = { west: -20015109, south: -10007554, east: 20015109, north: 10007554 };
  const map = GeoBox.fromBounds(edges, sinusoidal, 10_000);

  test.each(['EPSG:3413', 'EPSG:3857'])(
    'the world is refused in %s, not given numbers that mean nothing',
    (crs) => {
      expect(() => whole.toCrs(crs)).toThrow(InvalidInputError);
    },
  );

  test('half of it that has a place is not', () => {
    const north = whole.crop({ row: 0, col: 0, height: 30, width: 360 });
    expect(north.toCrs('EPSG:3413').bounds.west).toBeLessThan(-3.3e6);
  });

  test('a map of the world, whose corners are no places, is read as a whole, and covers what of it is on earth', () => {
    const plan = planReprojection(whole, map);
    expect(plan.parts.map(({ source }) => source)).toEqual([
      { row: 0, col: 0, height: 180, width: 360 },
    ]);
    expect(roiWindows(map, whole)).toEqual([{ row: 0, col: 0, height: 180, width: 360 }]);
    const upper = map.crop({ row: 0, col: 2002, height: 1001, width: 2002 });
    const [window] = roiWindows(upper, whole);
    // Of what lies at the map's own edge a pixel more.
    expect(window).toMatchObject({ row: 0 });
    expect(window?.height).toBeGreaterThanOrEqual(90);
    expect(window?.height).toBeLessThan(94);
    expect(() => map.geographicExtent).toThrow(InvalidInputError);
  });

  test('a region in degrees is found on it all the same', () => {
    // pyproj 3.7.2: Transformer.from_crs('+proj=longlat +R=6371007.181', the map's, always_xy=True).transform(20, 55)
    const [window] = roiWindows(parseBoundingBox('5,40,20,55'), map);
    expect(window).toMatchObject({ row: Math.floor((10_010_000 - 6115727.858715878) / 10_000) });
  });
});

describe('a geobox around or at a pole', () => {
  const at = (west: number, south: number, east: number, north: number) => {
    const geobox = GeoBox.fromBounds({ west, south, east, north }, parseCrs('EPSG:3413'), 1000);
    return roiWindows(geobox, GeoBox.fromBounds(world, parseCrs('EPSG:4326'), 1)).map(
      ({ col, width }) => [col - 180, width],
    );
  };

  test('covers the quarter of longitudes that a corner at the pole opens, up to the pole', () => {
    expect(at(0, 0, 1e6, 1e6)).toEqual([[45, 90]]);
    expect(at(-1e6, -1e6, 0, 0)).toEqual([[-135, 90]]);
  });

  test('covers half of them where an edge runs over the pole, on either side of 180', () => {
    expect(at(0, -1e6, 1e6, 1e6)).toEqual([[-45, 180]]);
    expect(at(-1e6, 0, 1e6, 1e6)).toEqual([
      [45, 135],
      [-180, 45],
    ]);
  });

  test('covers all of them where the pole lies inside', () => {
    expect(at(-1e6, -1e6, 1e6, 1e6)).toEqual([[-180, 360]]);
  });
});

function gridOfTile(row: number, col: number): Grid {
  return new Grid(TENS.tileGeoBox({ row, col }), { height: 20, width: 20 });
}

describe('GeoJSON that is none is refused with one clear line', () => {
  test.each([
    ['another type', { type: 'Circle' }, 'a GeoJSON geometry, Feature or FeatureCollection'],
    ['no coordinates', { type: 'Polygon' }, 'an array for "coordinates"'],
    ['a position of one number', { type: 'Point', coordinates: [1] }, 'a position [x, y]'],
    ['numbers as text', { type: 'Point', coordinates: ['1', '2'] }, 'a position [x, y]'],
    [
      'a ring that is open',
      polygon([
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ]),
      'the last the same as the first',
    ],
    ['nothing in it', { type: 'FeatureCollection', features: [] }, 'at least one position'],
    [
      'latitude first',
      {
        type: 'LineString',
        coordinates: [
          [60, 120],
          [61, 121],
        ],
      },
      'Longitude goes first',
    ],
    ['an edge of 340 degrees', polygon(box(-170, 0, 170, 10)), 'at most 180 degrees of longitude'],
    ['a linked CRS', { type: 'Point', coordinates: [0, 0], crs: { type: 'link' } }, 'a crs member'],
    [
      'an unknown CRS',
      {
        type: 'Point',
        coordinates: [0, 0],
        crs: { type: 'name', properties: { name: 'EPSG:99999' } },
      },
      'a known EPSG code',
    ],
    ['no region at all', { left: 1 }, 'a geobox, a bounding box or GeoJSON'],
  ])('%s', (_name, input, message) => {
    expect(() => ids(input as GeoJsonRegion)).toThrow(InvalidInputError);
    expect(() => ids(input as GeoJsonRegion)).toThrow(message);
  });

  test('collections nested without end are refused, not followed', () => {
    let nested: unknown = { type: 'Point', coordinates: [0, 0] };
    for (let i = 0; i < 100_000; i++) nested = { type: 'GeometryCollection', geometries: [nested] };
    expect(() => ids(nested as GeoJsonRegion)).toThrow('nested collections');
  });

  test('a polygon outside the cube is refused with the bounds of the cube', () => {
    expect(() => ids(polygon(box(0, 0, 5, 5)), gridOfTile(2, 3))).toThrow(
      'Expected a region that touches the cube (EPSG:4326 -150,60,-140,70) for the region of interest but received "GeoJSON Polygon".',
    );
  });
});
