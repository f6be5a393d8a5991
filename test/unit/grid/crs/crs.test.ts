import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.js';
import { parseCrs, sameCrs, transformer } from '../../../../src/grid/crs/crs.js';

describe('parseCrs', () => {
  test('EPSG codes are read with and without the prefix, in either case, and named alike', () => {
    for (const text of ['EPSG:3413', 'epsg:3413', '3413', ' EPSG:3413 '])
      expect(parseCrs(text)).toMatchObject({ name: 'EPSG:3413', epsg: 3413, unit: 'metre' });
  });

  test('geographic systems are in degrees, projected ones in their own unit', () => {
    expect(parseCrs('EPSG:4326')).toMatchObject({ isGeographic: true, unit: 'degree' });
    expect(parseCrs('EPSG:32633')).toMatchObject({ isGeographic: false, unit: 'metre' });
    expect(parseCrs('EPSG:2263')).toMatchObject({ isGeographic: false, unit: 'us-ft' });
  });

  test('a WKT gives its EPSG code where it names one', () => {
    const { wkt } = parseCrs('EPSG:3413');
    expect(wkt).toContain('AUTHORITY["EPSG","3413"]');
    expect(parseCrs(wkt)).toMatchObject({ epsg: 3413, wkt, name: wkt, isGeographic: false });
  });

  test('a PROJ string has no EPSG code, and the WKT that pyproj gives it', () => {
    const proj = '+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs';
    const crs = parseCrs(proj);
    expect(crs).toMatchObject({ name: proj, definition: proj, isGeographic: false });
    expect(crs.epsg).toBeUndefined();
    expect(crs.wkt).toContain('PROJECTION["Transverse_Mercator"]');
  });

  test.each([
    '+proj=robin +datum=WGS84',
    '+proj=utm +zone=33 +datum=WGS84 +units=us-ft',
    '+proj=longlat +ellps=GRS80 +towgs84=1,2,3',
    '+proj=stere +lat_0=52 +lon_0=5 +k=0.9999 +ellps=GRS80',
    '+proj=tmerc +lon_0=9 +datum=WGS84 +pm=paris',
  ])('a PROJ string that WKT 1 cannot say exactly has none: %s', (proj) => {
    expect(parseCrs(proj).wkt).toBe('');
  });

  test('names that GeoJSON files use are read', () => {
    expect(parseCrs('urn:ogc:def:crs:OGC:1.3:CRS84').epsg).toBe(4326);
    expect(parseCrs('urn:ogc:def:crs:EPSG::3413')).toBe(parseCrs('urn:ogc:def:crs:EPSG::3413'));
    expect(parseCrs('urn:ogc:def:crs:EPSG::3413').name).toBe('EPSG:3413');
  });

  test('an unknown EPSG code is refused with the code in the message', () => {
    expect(() => parseCrs('EPSG:99999')).toThrow(InvalidInputError);
    expect(() => parseCrs('EPSG:99999')).toThrow(
      'Expected a known EPSG code for the CRS but received "EPSG:99999".',
    );
  });

  test('a vertical system has no horizontal coordinates and is refused', () => {
    expect(() => parseCrs('EPSG:5773')).toThrow(InvalidInputError);
  });

  test('anything else is refused, naming the three forms', () => {
    for (const text of ['', 'WGS 84', 'EPSG:', '../../package'])
      expect(() => parseCrs(text)).toThrow('an EPSG code, a WKT or a PROJ string');
  });

  test('a broken WKT or PROJ string is refused as input, not as a crash', () => {
    expect(() => parseCrs('+proj=nonsense')).toThrow(InvalidInputError);
    expect(() => parseCrs('PROJCS["broken"')).toThrow(InvalidInputError);
  });
});

describe('sameCrs', () => {
  test('compares codes where both are known, whatever the spelling', () => {
    expect(sameCrs(parseCrs('EPSG:3413'), parseCrs(parseCrs('EPSG:3413').wkt))).toBe(true);
    expect(sameCrs(parseCrs('EPSG:4326'), parseCrs('EPSG:4258'))).toBe(false);
  });

  test('compares definitions otherwise', () => {
    const proj = '+proj=longlat +datum=WGS84 +no_defs';
    expect(sameCrs(parseCrs(proj), parseCrs(proj))).toBe(true);
    expect(sameCrs(parseCrs(proj), parseCrs(`${proj} +lon_0=10`))).toBe(false);
  });
});

/*
 * Reference numbers: pyproj 3.7.2 with PROJ 9.5.1 (pip install pyproj==3.7.2), printed with repr by
 *   python -c "import pyproj; print(pyproj.Transformer.from_crs(4326, 3413, always_xy=True).transform(-45, 70))"
 * and so on for each row.
 */
const REFERENCE = [
  ['EPSG:4326', 'EPSG:3413', [-45, 70], [0, -2187927.649279021]],
  ['EPSG:4326', 'EPSG:3413', [130.5, 72.25], [152031.41715950586, 1931742.3127594625]],
  ['EPSG:4326', 'EPSG:3413', [-180, 60], [-2349829.1623399756, 2349829.162339975]],
  ['EPSG:4326', 'EPSG:3031', [0, -71], [0, 2082760.1085429136]],
  ['EPSG:4326', 'EPSG:3031', [166.67, -77.85], [305467.16273227485, -1289201.537713634]],
  ['EPSG:4326', 'EPSG:3031', [12, -90], [0, 0]],
  ['EPSG:4326', 'EPSG:32633', [12.4924, 41.8902], [291962.5878898157, 4640626.111926911]],
  ['EPSG:4326', 'EPSG:3857', [-122.4194, 37.7749], [-13627665.271218073, 4547675.354340558]],
  ['EPSG:4326', 'EPSG:3995', [90, 66.5], [2588293.0909819445, 0]],
  ['EPSG:4326', 'EPSG:6933', [24.5, -33.25], [2363913.8661469645, -4013087.331471705]],
] as const;

describe('transformer', () => {
  test.each(REFERENCE)(
    '%s to %s takes %j to what PROJ computes, to within a millimetre',
    (from, to, [x, y], wanted) => {
      const [px, py] = transformer(parseCrs(from), parseCrs(to))(x, y);
      expect(Math.hypot(px - wanted[0], py - wanted[1])).toBeLessThan(1e-3);
    },
  );

  test('polar stereographic back to longitude and latitude agrees with PROJ to a nanodegree', () => {
    const [lon, lat] = transformer(parseCrs('EPSG:3413'), parseCrs('EPSG:4326'))(-1e6, -5e5);
    expect(lon).toBeCloseTo(-108.43494882292201, 9);
    expect(lat).toBeCloseTo(79.70577553786424, 9);
  });

  test('between spellings of one system coordinates pass unchanged', () => {
    const crs = parseCrs('EPSG:3413');
    expect(transformer(crs, parseCrs(crs.wkt))(0.1, 0.2)).toEqual([0.1, 0.2]);
  });

  test('a datum shift by a grid file that is not there is refused, not answered with NaN', () => {
    const british = parseCrs('EPSG:27700');
    expect(() => transformer(parseCrs('EPSG:4326'), british)).toThrow(InvalidInputError);
    expect(() => transformer(british, parseCrs('EPSG:4326'))).toThrow('+towgs84');
    expect(transformer(british, british)(1, 2)).toEqual([1, 2]);
  });

  test('a point that cannot be projected comes back without a finite number, never as an exception', () => {
    const [x, y] = transformer(parseCrs('EPSG:4326'), parseCrs('EPSG:3857'))(0, 90);
    expect(Number.isFinite(x) && Number.isFinite(y)).toBe(false);
    const bad = transformer(parseCrs('EPSG:4326'), parseCrs('EPSG:3413'))(Number.NaN, 10);
    expect(bad.every(Number.isFinite)).toBe(false);
  });
});
