import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';

const LONLAT = parseCrs('EPSG:4326');
const POLAR = parseCrs('EPSG:3413');

/** 20 x 10 pixels of 1 metre; the upper left corner lies at (100, 50). */
const box = new GeoBox(POLAR, { height: 10, width: 20 }, [1, 0, 100, 0, -1, 50]);

describe('GeoBox.fromBounds', () => {
  test('reproduces the grid of the TCTrend cubes that smart-geocubes makes with odc-geo', () => {
    const world = { west: -180, south: -90, east: 180, north: 90 };
    const geobox = GeoBox.fromBounds(world, LONLAT, 0.00026949458523585647);
    expect(geobox.affine).toEqual([
      0.00026949458523585647, 0, -180.00001488697754, 0, -0.00026949458523585647, 90.00014219078139,
    ]);
    expect(geobox.shape).toEqual({ height: 667_918, width: 1_335_834 });
  });

  test('snaps edges outward to multiples of the resolution', () => {
    const geobox = GeoBox.fromBounds({ west: 1, south: -5, east: 21, north: 11 }, POLAR, 10);
    expect(geobox.bounds).toEqual({ west: 0, south: -10, east: 30, north: 20 });
    expect(geobox.shape).toEqual({ height: 3, width: 3 });
  });

  test('adds no pixel for edges that lie on multiples, or stick out by under a hundredth of one', () => {
    const exact = GeoBox.fromBounds({ west: 0, south: 0, east: 20, north: 10 }, POLAR, 10);
    expect(exact.shape).toEqual({ height: 1, width: 2 });
    const sticking = { west: -0.09, south: -0.09, east: 20.09, north: 10.09 };
    expect(GeoBox.fromBounds(sticking, POLAR, 10).shape).toEqual({ height: 1, width: 2 });
    const further = { west: -0.11, south: 0, east: 20, north: 10 };
    expect(GeoBox.fromBounds(further, POLAR, 10).shape).toEqual({ height: 1, width: 3 });
  });

  test('refuses a resolution that is not positive, and bounds without an inside', () => {
    const bounds = { west: 0, south: 0, east: 1, north: 1 };
    expect(() => GeoBox.fromBounds(bounds, LONLAT, 0)).toThrow(InvalidInputError);
    expect(() => GeoBox.fromBounds(bounds, LONLAT, -1)).toThrow('positive number');
    expect(() => GeoBox.fromBounds({ ...bounds, east: 0 }, LONLAT, 1)).toThrow('west < east');
    expect(() => GeoBox.fromBounds({ ...bounds, north: -1 }, LONLAT, 1)).toThrow('0,0,1,-1');
  });
});

describe('GeoBox', () => {
  test('a shape that is no positive whole number of pixels is refused', () => {
    for (const shape of [
      { height: 0, width: 1 },
      { height: 1, width: -1 },
      { height: 1.5, width: 1 },
    ])
      expect(() => new GeoBox(LONLAT, shape, [1, 0, 0, 0, -1, 0])).toThrow(InvalidInputError);
  });

  test('pixel centres are index x resolution plus the first centre, y in row order', () => {
    expect([...box.xCentres()].slice(0, 3)).toEqual([100.5, 101.5, 102.5]);
    expect([...box.yCentres()].slice(0, 3)).toEqual([49.5, 48.5, 47.5]);
    expect(box.xCentres()).toHaveLength(20);
    expect(box.yCentres()).toHaveLength(10);
    const res = 0.1;
    const tenths = new GeoBox(LONLAT, { height: 3, width: 4 }, [res, 0, 0.3, 0, -res, 0.7]);
    expect([...tenths.xCentres()]).toEqual([0, 1, 2, 3].map((i) => i * res + (0.3 + res / 2)));
    expect([...tenths.yCentres()]).toEqual([0, 1, 2].map((i) => i * -res + (0.7 - res / 2)));
  });

  test('crop moves the corner by the window and takes its shape, outside the box too', () => {
    const cropped = box.crop({ row: 2, col: 5, height: 3, width: 4 });
    expect(cropped.bounds).toEqual({ west: 105, south: 45, east: 109, north: 48 });
    expect(box.crop({ row: -1, col: -2, height: 1, width: 1 }).bounds).toEqual({
      west: 98,
      south: 50,
      east: 99,
      north: 51,
    });
  });

  test('pad adds the same number of pixels on each side', () => {
    expect(box.pad(3).bounds).toEqual({ west: 97, south: 37, east: 123, north: 53 });
    expect(box.pad(3).shape).toEqual({ height: 16, width: 26 });
  });

  test('bounds of a south-up grid are ordered all the same', () => {
    const southUp = new GeoBox(POLAR, { height: 10, width: 20 }, [1, 0, 100, 0, 1, 40]);
    expect(southUp.bounds).toEqual({ west: 100, south: 40, east: 120, north: 50 });
  });

  test('a record of a geobox, as JSON, rebuilds the same geobox', () => {
    const again = GeoBox.fromRecord(JSON.parse(JSON.stringify(box.toRecord())));
    expect(again.toRecord()).toEqual({
      crs: 'EPSG:3413',
      shape: [10, 20],
      affine: [1, 0, 100, 0, -1, 50],
    });
    expect(again.crs).toEqual(box.crs);
  });
});

describe('GeoBox.windowOf', () => {
  test('edges that fall on pixel edges do not touch the neighbouring pixels', () => {
    expect(box.windowOf({ west: 105, south: 45, east: 109, north: 48 })).toEqual({
      row: 2,
      col: 5,
      height: 3,
      width: 4,
    });
  });

  test('edges inside a pixel take that pixel in', () => {
    expect(box.windowOf({ west: 104.9, south: 44.9, east: 109.1, north: 48.1 })).toEqual({
      row: 1,
      col: 4,
      height: 5,
      width: 6,
    });
  });

  test('an edge past a pixel edge by a rounding error does not touch the next pixel', () => {
    expect(
      box.windowOf({ west: 105 - 1e-8, south: 45 - 1e-8, east: 109 + 1e-8, north: 48 + 1e-8 }),
    ).toEqual({ row: 2, col: 5, height: 3, width: 4 });
  });

  test('a region thinner than a pixel, or without width, touches the pixel it lies in', () => {
    expect(box.windowOf({ west: 105.3, south: 45.3, east: 105.4, north: 45.4 })).toEqual({
      row: 4,
      col: 5,
      height: 1,
      width: 1,
    });
    expect(box.windowOf({ west: 105.5, south: 45.5, east: 105.5, north: 45.5 })).toEqual({
      row: 4,
      col: 5,
      height: 1,
      width: 1,
    });
  });

  test('a region that reaches past the grid is cut to it', () => {
    expect(box.windowOf({ west: 0, south: 0, east: 1000, north: 1000 })).toEqual({
      row: 0,
      col: 0,
      height: 10,
      width: 20,
    });
  });

  test('a region outside, or one that only shares an edge with the grid, touches nothing', () => {
    expect(box.windowOf({ west: 0, south: 40, east: 99, north: 50 })).toBeUndefined();
    expect(box.windowOf({ west: 90, south: 40, east: 100, north: 50 })).toBeUndefined();
    expect(box.windowOf({ west: 120, south: 40, east: 130, north: 50 })).toBeUndefined();
    expect(box.windowOf({ west: 100, south: 50, east: 120, north: 60 })).toBeUndefined();
    expect(box.windowOf({ west: 100, south: 30, east: 120, north: 40 })).toBeUndefined();
  });

  test('rows of a south-up grid count from the south', () => {
    const southUp = new GeoBox(POLAR, { height: 10, width: 20 }, [1, 0, 100, 0, 1, 40]);
    expect(southUp.windowOf({ west: 100, south: 40, east: 101, north: 42 })).toEqual({
      row: 0,
      col: 0,
      height: 2,
      width: 1,
    });
  });

  test('a rotated grid is refused', () => {
    const rotated = new GeoBox(POLAR, { height: 10, width: 20 }, [1, 0.1, 100, 0, -1, 50]);
    expect(() => rotated.windowOf({ west: 100, south: 40, east: 101, north: 42 })).toThrow(
      InvalidInputError,
    );
  });
});
