import { expect, test } from 'vitest';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { fullTurnOf } from '../../../../src/grid/crs/full-turn.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { roiWindows } from '../../../../src/grid/roi.js';
import '../../../../src/kernel/gdal/proj/points.js';

/** Codes whose register entry is in grads, with a PROJ string and without. */
const CODES = [4807, 4811, 4821, 4901, 4902, 4819];

test.each(CODES)('longitudes of EPSG:%i go around in 400 grads', (code) => {
  expect(fullTurnOf(parseCrs(`EPSG:${code}`))).toEqual({ length: 400, middle: 0 });
});

test('regions on a grid in grads of Paris lie where PROJ has them', () => {
  const crs = parseCrs('EPSG:4807');
  const grid = new GeoBox(crs, { height: 100, width: 100 }, [0.1, 0, 0, 0, -0.1, 60]);
  expect(roiWindows(grid, grid)).toEqual([{ row: 0, col: 0, height: 100, width: 100 }]);
  // pyproj 3.4.1, always_xy: 8, 48 is 6.2925, 53.3334; 6, 50 is 4.0704, 55.5556.
  for (const [coordinates, row, col] of [
    [[8, 48], 66, 62],
    [[6, 50], 44, 40],
  ] as const)
    expect(roiWindows({ type: 'Point', coordinates: [...coordinates] }, grid)).toEqual([
      { row, col, height: 1, width: 1 },
    ]);
});
