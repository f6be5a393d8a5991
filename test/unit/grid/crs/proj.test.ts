import '../../../../src/kernel/gdal/proj/points.js';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.js';
import { parseCrs, transformer } from '../../../../src/grid/crs/crs.js';
import { pointTransform } from '../../../../src/grid/crs/point-transforms.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { requestGeoBox } from '../../../../src/grid/onto/request-grid.js';
import { parseBoundingBox, roiWindows } from '../../../../src/grid/roi.js';

const WGS84 = parseCrs('EPSG:4326');

/** Each a system of WGS 84's datum, or of that of the system beside it, and a place in it. */
const OF_ONE_DATUM: readonly (readonly [string, string, readonly [number, number]])[] = [
  ['EPSG:4326', 'EPSG:3857', [12.5, 41.9]],
  ['EPSG:4326', 'EPSG:3395', [-122, 37]],
  ['EPSG:4326', 'EPSG:4087', [179, -60]],
  ['EPSG:4326', 'EPSG:6933', [24.5, -33]],
  ['EPSG:4326', 'EPSG:3413', [130, 72]],
  ['EPSG:4326', 'EPSG:3031', [166, -78]],
  ['EPSG:4326', 'EPSG:3571', [-170, 68]],
  ['EPSG:4326', 'EPSG:32633', [14, 52]],
  ['EPSG:4326', 'EPSG:32760', [179, -38]],
  ['EPSG:4258', 'EPSG:25832', [9, 50]],
  ['EPSG:4258', 'EPSG:3035', [20, 60]],
  ['EPSG:4171', 'EPSG:2154', [2, 47]],
  ['EPSG:4269', 'EPSG:5070', [-100, 40]],
  ['EPSG:4269', 'EPSG:2263', [-74, 40.7]],
  ['EPSG:4289', 'EPSG:28992', [5.4, 52.2]],
  ['EPSG:4277', 'EPSG:27700', [-2, 53]],
  ['EPSG:4313', 'EPSG:31370', [4.4, 50.8]],
  ['EPSG:4149', 'EPSG:21781', [7.5, 47]],
  ['EPSG:4156', 'EPSG:5514', [15, 50]],
  ['EPSG:4322', 'EPSG:32233', [14, 52]],
  ['EPSG:4314', 'EPSG:31467', [9, 50]],
];

test.each(OF_ONE_DATUM)(
  '%s to %s has the same numbers from proj4 as from PROJ, to a millimetre, there and back',
  (one, other, point) => {
    const [from, to] = [parseCrs(one), parseCrs(other)];
    const there = transformer(from, to)(...point);
    const wanted = pointTransform(from, to)?.(...point) ?? [Number.NaN, Number.NaN];
    expect(Math.hypot(there[0] - wanted[0], there[1] - wanted[1])).toBeLessThan(1e-3);
    const back = transformer(to, from)(...there);
    expect(Math.hypot(back[0] - point[0], back[1] - point[1])).toBeLessThan(1e-7);
  },
);

/*
 * pyproj 3.4.1 with PROJ 9.1.1, without grids:
 *   Transformer.from_crs(4326, 2048, always_xy=True).transform(19.1, -33)
 */
describe('what proj4 does not compute, or wrongly, is computed by PROJ', () => {
  test.each<[string, [number, number], [number, number], number]>([
    ['EPSG:2048', [19.1, -33], [-9345.3234, 3652752.4849], 2],
    ['EPSG:2053', [19.1, 48], [738394.1687, -5366060.4911], 2],
    ['EPSG:2065', [19.1, 48], [1309820.1566, 427253.3843], 200],
    ['EPSG:5513', [19.1, 48], [1309820.1566, 427253.3843], 200],
    ['EPSG:4807', [19.1, 48], [18.625327, 53.333344], 2e-3],
    ['EPSG:4805', [19.1, 48], [36.766667, 48], 2e-3],
    ['EPSG:6244', [-75, 7], [566569.5645, 1267979.0194], 2],
  ])('%s', (code, point, wanted, tolerance) => {
    const crs = parseCrs(code);
    expect(crs.needsProj || code === 'EPSG:4805').toBe(true);
    const [x, y] = transformer(WGS84, crs)(...point);
    expect(Math.hypot(x - wanted[0], y - wanted[1])).toBeLessThanOrEqual(tolerance);
    const [lon, lat] = transformer(crs, WGS84)(x, y);
    expect(Math.hypot(lon - point[0], lat - point[1])).toBeLessThan(1e-6);
  });

  test('a datum shift by a grid file: with the grid or, without, as PROJ does', () => {
    const british = parseCrs('EPSG:27700');
    const [x, y] = transformer(WGS84, british)(-2, 53);
    // Within 5 m of Ordnance Survey's OSTN15, whichever way PROJ has.
    expect(Math.hypot(x - 400097.5, y - 344742.1)).toBeLessThan(20);
    const [lon, lat] = transformer(british, WGS84)(x, y);
    expect(Math.hypot(lon + 2, lat - 53)).toBeLessThan(1e-7);
  });
});

test('a cube of the British grid takes regions in degrees, and asks for pixels in degrees', () => {
  const cube = GeoBox.fromBounds(
    { west: 400_000, south: 340_000, east: 410_000, north: 350_000 },
    parseCrs('EPSG:27700'),
    10,
  );
  const [window, ...others] = roiWindows(parseBoundingBox('-2,53,-1.99,53.01'), cube);
  expect(others).toEqual([]);
  // 0.01 degrees there are 671 x 1113 m; the box leans by the convergence of meridians, 0.
  expect(window).toMatchObject({ col: 9, width: 68, height: 112 });
  const { bounds } = requestGeoBox(cube, { crs: 'EPSG:4326', resolution: 1e-4 }, 1);
  const back = transformer(cube.crs, WGS84);
  for (const [x, y] of [
    [400_000, 340_000],
    [410_000, 340_000],
    [410_000, 350_000],
    [400_000, 350_000],
  ] as const) {
    const [lon, lat] = back(x, y);
    expect(lon > bounds.west && lon < bounds.east).toBe(true);
    expect(lat > bounds.south && lat < bounds.north).toBe(true);
  }
  expect(bounds.east - bounds.west).toBeLessThan(0.16);
});

describe('codes of systems with heights', () => {
  test.each([
    ['EPSG:4979', 'EPSG:4326'],
    ['EPSG:4937', 'EPSG:4258'],
    ['EPSG:7415', 'EPSG:28992'],
    ['EPSG:5972', 'EPSG:25832'],
    ['urn:ogc:def:crs:EPSG::4979', 'EPSG:4326'],
    ['urn:ogc:def:crs:OGC:1.3:CRS84h', 'EPSG:4326'],
  ])('%s is taken for its horizontal part, %s', (code, flat) => {
    expect(parseCrs(code)).toMatchObject({ name: flat, epsg: Number(flat.slice(5)) });
  });

  test('a compound WKT is taken for its horizontal part', () => {
    const { wkt } = parseCrs('EPSG:28992');
    const compound = `COMPD_CS["both [and]",${wkt},VERT_CS["NAP height",VERT_DATUM["NAP",2005],UNIT["metre",1]]]`;
    expect(parseCrs(compound)).toMatchObject({ name: 'EPSG:28992' });
  });

  test.each(['EPSG:4978', 'EPSG:5773', 'EPSG:5817', '+proj=geocent +datum=WGS84'])(
    '%s has none and is refused',
    (code) => {
      expect(() => parseCrs(code)).toThrow(InvalidInputError);
      expect(() => parseCrs(code)).toThrow('horizontal coordinates');
    },
  );
});

test('grads are no degrees: such a system has their unit, and no longitudes in degrees', () => {
  expect(parseCrs('EPSG:4807')).toMatchObject({ unit: 'grad', isGeographic: false });
});

test('codes of ESRI are read by their own name, and by the one that the register lends them', () => {
  for (const name of ['ESRI:54009', 'EPSG:54009']) {
    const [x, y] = transformer(WGS84, parseCrs(name))(19.1, 48);
    expect(Math.hypot(x - 1490064.896682, y - 5662449.720378)).toBeLessThan(1e-3);
  }
});
