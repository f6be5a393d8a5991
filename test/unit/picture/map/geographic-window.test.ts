import { describe, expect, test } from 'vitest';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { geographicWindow } from '../../../../src/picture/map/geographic-window.js';
import { MapProjection } from '../../../../src/picture/map/projection.js';

function windowOf(
  crs: string,
  [west, south, east, north]: readonly [number, number, number, number],
) {
  const frame = { x: 0, y: 0, width: 800, height: 600 };
  return geographicWindow(new MapProjection(parseCrs(crs), { west, south, east, north }, frame));
}

describe('geographicWindow', () => {
  test('of degrees is the view itself, unwrapped past the antimeridian', () => {
    expect(windowOf('EPSG:4326', [170, 60, 200, 75])).toEqual({
      west: 170,
      south: 60,
      east: 200,
      north: 75,
    });
  });

  test.each([
    ['EPSG:3031', -90],
    ['EPSG:3413', 90],
    ['EPSG:6931', 90],
  ] as const)('round the pole of %s is the full circle up to the pole', (crs, expectedPole) => {
    const window = windowOf(crs, [-3e6, -3e6, 3e6, 3e6]);
    const [pole, edge] =
      expectedPole < 0 ? [window.south, window.north] : [window.north, window.south];
    expect(window.pole).toBe(expectedPole);
    expect(window.isTorn).toBe(false);
    expect(pole).toBe(expectedPole);
    expect(Math.abs(edge)).toBeGreaterThan(45);
    expect(Math.abs(edge)).toBeLessThan(60);
    expect(window.east - window.west).toBeGreaterThanOrEqual(360);
  });

  test('of a UTM view is a narrow box, also across the antimeridian', () => {
    const { west, east, south, north, pole } = windowOf('EPSG:32660', [4e5, 7.7e6, 7e5, 7.9e6]);
    expect(pole).toBeUndefined();
    expect(west).toBeGreaterThan(173);
    expect(west).toBeLessThan(175);
    expect(east).toBeGreaterThan(181);
    expect(east).toBeLessThan(184);
    expect(south).toBeGreaterThan(68);
    expect(north).toBeLessThan(72);
  });

  test.each([
    ['EPSG:6933', [-1.8e7, -8e6, 1.8e7, 8e6], 180],
    [
      '+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m',
      [-2.1e7, -1.1e7, 2.1e7, 1.1e7],
      180,
    ],
    [
      '+proj=cea +lon_0=150 +lat_ts=30 +x_0=0 +y_0=0 +datum=WGS84 +units=m',
      [-1.8e7, -8e6, 1.8e7, 8e6],
      330,
    ],
  ] as const)('of a whole world in %s begins where that map is torn', (crs, bounds, tear) => {
    const { west, east, south, north, isTorn, pole } = windowOf(crs, bounds);
    expect(isTorn).toBe(true);
    expect(pole).toBeUndefined();
    expect((((west - tear) % 360) + 360.5) % 360).toBeCloseTo(0.5, 3);
    expect(east - west).toBeCloseTo(360, 3);
    expect([south, north]).toEqual([-90, 90]);
  });
});
