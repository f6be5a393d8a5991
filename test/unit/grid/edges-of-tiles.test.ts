import type { Geometry, Position } from 'geojson';
import { expect, test } from 'vitest';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { roiWindows, tilesOf } from '../../../src/grid/roi.js';
import { Grid } from '../../../src/grid/tiling.js';

/** 16 x 16 degrees of 0.1; tiles of 1 degree, row 0 from latitude 16 to 15. */
const box = GeoBox.fromBounds(
  { west: 0, south: 0, east: 16, north: 16 },
  parseCrs('EPSG:4326'),
  0.1,
);
const grid = new Grid(box, { height: 10, width: 10 });

const point = (...coordinates: Position): Geometry => ({ type: 'Point', coordinates });
const line = (...coordinates: Position[]): Geometry => ({ type: 'LineString', coordinates });
const ring = (...coordinates: Position[]): Geometry => ({
  type: 'Polygon',
  coordinates: [[...coordinates, coordinates[0] as Position]],
});

test.each<[string, Geometry, string, [row: number, col: number, height: number, width: number]]>([
  ['a point inside', point(7.52, 9.48), '6-7', [65, 75, 1, 1]],
  ['a point on a corner of four tiles', point(7, 9), '7-7', [70, 70, 1, 1]],
  ['a point with a height', point(7, 9, 812), '7-7', [70, 70, 1, 1]],
  ['a point on the first corner', point(0, 16), '0-0', [0, 0, 1, 1]],
  ['a point on the last corner', point(16, 0), '15-15', [159, 159, 1, 1]],
  ['a line along rows', line([3, 9], [5, 9]), '7-3 7-4', [70, 30, 1, 20]],
  ['a line along rows, backwards', line([5, 9], [3, 9]), '7-3 7-4', [70, 30, 1, 20]],
  ['a line along columns', line([3, 9], [3, 7]), '7-3 8-3', [70, 30, 20, 1]],
  ['a line along the last row', line([3, 0], [5, 0]), '15-3 15-4', [159, 30, 1, 20]],
  ['a line along the last column', line([16, 9], [16, 7]), '7-15 8-15', [70, 159, 20, 1]],
  ['a line that stays in a point', line([7, 9], [7, 9]), '7-7', [70, 70, 1, 1]],
  ['a line that goes there and back', line([3, 9], [5, 9], [3, 9]), '7-3 7-4', [70, 30, 1, 20]],
  ['a ring of one point', ring([7, 9], [7, 9], [7, 9]), '7-7', [70, 70, 1, 1]],
  ['a ring of two points', ring([3, 9], [5, 9], [5, 9]), '7-3 7-4', [70, 30, 1, 20]],
  [
    'a sliver below the edge',
    ring([3.25, 9], [4.75, 9], [4.75, 8.9999999], [3.25, 8.9999999]),
    '7-3 7-4',
    [70, 32, 1, 16],
  ],
  [
    'a polygon thinner than a pixel',
    ring([3.25, 8.46], [4.75, 8.46], [4.75, 8.44], [3.25, 8.44]),
    '7-3 7-4',
    [75, 32, 1, 16],
  ],
  [
    'doubled vertices',
    ring([3.25, 8.5], [3.25, 8.5], [4.75, 8.5], [4.75, 8.5], [4.75, 8.25], [4.75, 8.25]),
    '7-3 7-4',
    [75, 32, 3, 16],
  ],
  ['the outline of a tile', ring([3, 9], [4, 9], [4, 8], [3, 8]), '7-3', [70, 30, 10, 10]],
])(
  '%s: what lies on an edge belongs right of it and below, at the end to the last',
  (_, region, tiles, window) => {
    expect([...tilesOf(region, grid)].map(({ row, col }) => `${row}-${col}`).join(' ')).toBe(tiles);
    const [row, col, height, width] = window;
    expect(roiWindows(region, box)).toEqual([{ row, col, height, width }]);
  },
);
