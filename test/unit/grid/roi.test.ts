import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { parseBoundingBox, type Roi, roiWindows } from '../../../src/grid/roi.js';

const LONLAT = parseCrs('EPSG:4326');
/** One pixel a degree. */
const WORLD = GeoBox.fromBounds({ west: -180, south: -90, east: 180, north: 90 }, LONLAT, 1);
const ANTARCTIC = GeoBox.fromBounds(
  { west: -4e6, south: -4e6, east: 4e6, north: 4e6 },
  parseCrs('EPSG:3031'),
  1e5,
);

describe('parseBoundingBox', () => {
  test('reads xmin,ymin,xmax,ymax, in longitude and latitude unless told otherwise', () => {
    expect(parseBoundingBox('122, 71.5,130,7.4e1')).toEqual({
      west: 122,
      south: 71.5,
      east: 130,
      north: 74,
      crs: LONLAT,
    });
    expect(parseBoundingBox('-100,-50,100,50', parseCrs('EPSG:3413')).crs.epsg).toBe(3413);
  });

  test.each(['', '1,2,3', '1,2,3,4,5', '1,2,x,4', '1,,3,4', '1,2,3,Infinity', '1 2 3 4'])(
    'four numbers are asked for where "%s" is given',
    (text) => {
      expect(() => parseBoundingBox(text)).toThrow(InvalidInputError);
      expect(() => parseBoundingBox(text)).toThrow(
        `Expected four numbers xmin,ymin,xmax,ymax for the bounding box but received "${text}".`,
      );
    },
  );

  test('swapped latitudes are refused, saying which numbers to swap', () => {
    expect(() => parseBoundingBox('0,10,10,5')).toThrow(
      'Expected ymin < ymax for the bounding box but received "0,10,10,5". Swap the second and the fourth number.',
    );
    expect(() => parseBoundingBox('0,5,10,5')).toThrow('ymin < ymax');
  });

  test('a box without width is refused', () => {
    expect(() => parseBoundingBox('3,0,3,1')).toThrow('xmin and xmax to differ');
  });

  test('west > east crosses the antimeridian in degrees', () => {
    expect(parseBoundingBox('170,-20,-170,-10')).toMatchObject({ west: 170, east: -170 });
  });

  test('west > east that would span over 180 degrees is taken for swapped numbers and refused', () => {
    expect(() => parseBoundingBox('20,0,10,5')).toThrow('Swap the first and the third number.');
    expect(parseBoundingBox('90,0,-90,5')).toMatchObject({ west: 90 });
    expect(() => parseBoundingBox('90,0,-89,5')).toThrow(InvalidInputError);
  });

  test('west > east is refused in a projected CRS, which has no antimeridian', () => {
    expect(() => parseBoundingBox('20,0,10,5', parseCrs('EPSG:3413'))).toThrow(
      'EPSG:3413 has no antimeridian to cross',
    );
  });
});

describe('roiWindows on a longitude-latitude grid', () => {
  test('a box gives the one window of the pixels it touches', () => {
    expect(roiWindows(parseBoundingBox('10,20,12,23'), WORLD)).toEqual([
      { row: 67, col: 190, height: 3, width: 2 },
    ]);
  });

  test('a box across the antimeridian gives one window on each side', () => {
    expect(roiWindows(parseBoundingBox('170,-20,-170,-10'), WORLD)).toEqual([
      { row: 100, col: 350, height: 10, width: 10 },
      { row: 100, col: 0, height: 10, width: 10 },
    ]);
  });

  test('a box that reaches past 180 degrees continues on the other side, its western part first', () => {
    expect(roiWindows(parseBoundingBox('170,-20,190,-10'), WORLD)).toEqual([
      { row: 100, col: 350, height: 10, width: 10 },
      { row: 100, col: 0, height: 10, width: 10 },
    ]);
    expect(roiWindows(parseBoundingBox('-190,-20,-170,-10'), WORLD)).toEqual([
      { row: 100, col: 350, height: 10, width: 10 },
      { row: 100, col: 0, height: 10, width: 10 },
    ]);
  });

  test('a box wholly past 180 degrees is the place 360 degrees lower', () => {
    expect(roiWindows(parseBoundingBox('190,-20,200,-10'), WORLD)).toEqual([
      { row: 100, col: 10, height: 10, width: 10 },
    ]);
  });

  test('a geobox is a region: that of its own bounds', () => {
    expect(roiWindows(WORLD.crop({ row: 3, col: 4, height: 5, width: 6 }), WORLD)).toEqual([
      { row: 3, col: 4, height: 5, width: 6 },
    ]);
  });

  test('a region outside the grid is refused with the bounds of both', () => {
    const europe = WORLD.crop({ row: 20, col: 180, height: 30, width: 40 });
    const far = parseBoundingBox('100,-20,110,-10');
    expect(() => roiWindows(far, europe)).toThrow(InvalidInputError);
    expect(() => roiWindows(far, europe)).toThrow(
      'Expected a region that touches the cube (EPSG:4326 0,40,40,70) for the region of interest but received "EPSG:4326 100,-20,110,-10".',
    );
  });

  test('a bounding box made by hand is checked like one that was read', () => {
    const swapped = { west: 20, south: 0, east: 10, north: 5, crs: LONLAT };
    expect(() => roiWindows(swapped, WORLD)).toThrow(InvalidInputError);
  });

  test('a projected region is covered by the window of its reprojected points', () => {
    const region = parseBoundingBox('-1000000,-600000,-900000,-500000', parseCrs('EPSG:3413'));
    const [window] = roiWindows(region, WORLD);
    const convert = transformer(region.crs, LONLAT);
    for (const [x, y] of [
      [-1e6, -6e5],
      [-1e6, -5e5],
      [-9e5, -6e5],
      [-9e5, -5e5],
      [-95e4, -55e4],
    ] as const) {
      const [lon, lat] = convert(x, y);
      const [col, row] = [Math.floor(lon + 180), Math.floor(90 - lat)];
      expect(col).toBeGreaterThanOrEqual(window?.col ?? Number.NaN);
      expect(col).toBeLessThan((window?.col ?? 0) + (window?.width ?? 0));
      expect(row).toBeGreaterThanOrEqual(window?.row ?? Number.NaN);
      expect(row).toBeLessThan((window?.row ?? 0) + (window?.height ?? 0));
    }
  });
});

describe('roiWindows on a polar grid', () => {
  test('a box of all longitudes takes in the pole that lies inside it', () => {
    const [window, ...more] = roiWindows(parseBoundingBox('-180,-90,180,-80'), ANTARCTIC);
    expect(more).toEqual([]);
    // 10 degrees of latitude are 1.09 million metres here, so 11 pixels of 100 km to each side of the pole.
    expect(window).toEqual({ row: 29, col: 29, height: 22, width: 22 });
  });

  test('a box whose edges all miss the pole takes it in through its inside', () => {
    const box = parseBoundingBox('-1000000,-1000000,1000000,1000000', parseCrs('EPSG:3031'));
    const [window] = roiWindows(box, WORLD);
    expect((window?.row ?? 0) + (window?.height ?? 0)).toBe(180);
  });

  test('a box across the antimeridian gives overlapping or separate windows that together hold both sides', () => {
    const convert = transformer(LONLAT, ANTARCTIC.crs);
    const windows = roiWindows(parseBoundingBox('170,-78,-170,-75'), ANTARCTIC);
    for (const lon of [170.5, 175, 179.9, -179.9, -175, -170.5]) {
      const [x, y] = convert(lon, -76.5);
      const [col, row] = [Math.floor((x + 4e6) / 1e5), Math.floor((4e6 - y) / 1e5)];
      const holds = windows.some(
        (w) => row >= w.row && row < w.row + w.height && col >= w.col && col < w.col + w.width,
      );
      expect(holds, `longitude ${lon}`).toBe(true);
    }
  });

  test('a parallel bulges past the corners of its box, and the bulge is covered', () => {
    const bounds = { west: -4e6, south: -4e6, east: 4e6, north: 4e6 };
    const arctic = GeoBox.fromBounds(bounds, parseCrs('EPSG:3413'), 1000);
    const [window] = roiWindows(parseBoundingBox('-58,60,-30,70'), arctic);
    // The southernmost point is 60 N on the central meridian, 45 W: y = -3323160 by pyproj 3.7.2.
    expect((window?.row ?? 0) + (window?.height ?? 0)).toBe(7324);
  });

  test('a region on the other half of the world lies outside', () => {
    expect(() => roiWindows(parseBoundingBox('0,60,10,70'), ANTARCTIC)).toThrow(InvalidInputError);
  });
});

describe('a region outside the grid whose latitudes and longitudes look swapped is told so', () => {
  const grid = GeoBox.fromBounds({ west: 20, south: 70, east: 30, north: 75 }, LONLAT, 0.1);
  const HINT = 'With latitude and longitude swapped it would touch it: longitudes come first.';
  const ring = [
    [72, 21],
    [73, 21],
    [73, 22],
    [72, 21],
  ];

  test.each([
    parseBoundingBox('72,21,73,22'),
    parseBoundingBox('71,19,74,31'),
    { type: 'Point', coordinates: [72, 26] } satisfies Roi,
    { type: 'Polygon', coordinates: [ring] } satisfies Roi,
  ])('as %j', (roi) => {
    expect(() => roiWindows(roi, grid)).toThrow(HINT);
  });

  test.each([
    parseBoundingBox('10,50,11,51'),
    parseBoundingBox('72,76,73,77'),
    parseBoundingBox('7e5,7e6,8e5,8e6', parseCrs('EPSG:3413')),
  ])('but not as %j', (roi) => {
    expect(() => roiWindows(roi, grid)).toThrow(/received "[^"]*"\.$/);
  });
});
