import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isUtm, systemOf, utmZone } from '../../../../src/dataset/choose/zone.js';

const { places } = JSON.parse(
  readFileSync(new URL('fixtures/zones.json', import.meta.url), 'utf8'),
) as { places: [longitude: number, latitude: number, zone: number][] };

test('zones are those of utm and of GEOTRANS, off Norway and around Svalbard too', () => {
  expect(places.length).toBeGreaterThan(1500);
  const wrong = places.filter(
    ([longitude, latitude, zone]) => utmZone(longitude, latitude) !== zone,
  );
  expect(wrong).toEqual([]);
});

test('longitudes of another turn have the same zone', () => {
  expect([126, 486, -234].map((longitude) => utmZone(longitude, 72))).toEqual([52, 52, 52]);
  expect(utmZone(180, 0)).toBe(1);
});

test.each([
  ['the Lena delta', [126.5, 72.3, 126.6, 72.35], 'EPSG:32652'],
  ['Tasmania', [146, -43, 147, -42], 'EPSG:32755'],
  ['Bergen', [4, 60, 5, 61], 'EPSG:32632'],
  ['Spitsbergen', [14, 78, 16, 79], 'EPSG:32633'],
  ['a place across the equator, by its centre', [36, -2, 37, 1], 'EPSG:32737'],
  ['a place across the antimeridian', [179.5, -17, 180.9, -16], 'EPSG:32701'],
  ['the north of Greenland beyond 84 N', [-40, 83, -30, 85], 'EPSG:3413'],
  ['the pole whole', [-180, 84.5, 180, 90], 'EPSG:3413'],
  ['the Ross ice shelf', [170, -82, 180, -78], 'EPSG:3031'],
] as const)('the system of %s', (_, [west, south, east, north], crs) => {
  expect(systemOf({ west, south, east, north })?.crs).toBe(crs);
});

test('a region wider than a zone, or one that reaches to both poles, has no zone', () => {
  expect(systemOf({ west: 100, south: 10, east: 120, north: 20 })).toBeUndefined();
  expect(systemOf({ west: -180, south: -90, east: 180, north: 90 })).toBeUndefined();
  // Eight degrees near the pole are no wider than one at the equator.
  expect(systemOf({ west: 100, south: 80, east: 108, north: 83 })?.crs).toBe('EPSG:32648');
});

test('codes of zones are told from others', () => {
  const codes = ['EPSG:32601', 'EPSG:32760', 'EPSG:32661', 'EPSG:32600', 'EPSG:4326', 'EPSG:3413'];
  expect(codes.map(isUtm)).toEqual([true, true, false, false, false, false]);
});
