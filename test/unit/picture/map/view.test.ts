import { describe, expect, test } from 'vitest';
import { fitRatio, viewOf, wholeView } from '../../../../src/picture/map/view.js';
import { boundedGrid, worldGrid } from '../grids.js';

describe('viewOf', () => {
  const world = worldGrid();

  test('surrounds what is shown by thirty parts in a hundred on each side', () => {
    const grid = boundedGrid('EPSG:32633', [0, 0, 1e6, 1e6], 100, 100);
    const { bounds } = viewOf(grid, [{ row: 4000, col: 5000, height: 1000, width: 2000 }]);
    expect(bounds).toEqual({ west: 440000, south: 470000, east: 760000, north: 630000 });
  });

  test('is the whole cube when nothing is to be shown, or nearly everything', () => {
    const grid = boundedGrid('EPSG:32633', [0, 0, 1e6, 1e6], 100, 100);
    const nearly = [{ row: 500, col: 500, height: 9000, width: 9000 }];
    expect(viewOf(grid, [])).toEqual(wholeView(grid));
    expect(viewOf(grid, nearly)).toEqual(wholeView(grid));
  });

  test('reaches over the antimeridian when that is the shorter way round', () => {
    const tiles = [world.tileWindow({ row: 20, col: 2 }), world.tileWindow({ row: 20, col: 368 })];
    const { bounds } = viewOf(world, tiles);
    expect(bounds.west).toBeGreaterThan(170);
    expect(bounds.east).toBeGreaterThan(180);
    expect(bounds.east).toBeLessThan(190);
  });

  test('never shows a place twice', () => {
    const tiles = [10, 130, 250, 360].map((col) => world.tileWindow({ row: 90, col }));
    const { bounds } = viewOf(world, tiles);
    expect(bounds.east - bounds.west).toBeLessThanOrEqual(360.001);
  });
});

describe('fitRatio', () => {
  test('shows more of the surroundings instead of a strip or a tower', () => {
    const strip = { bounds: { west: 0, south: 0, east: 100, north: 1 }, stretch: 1 };
    const tower = { bounds: { west: 0, south: 0, east: 1, north: 100 }, stretch: 1 };
    expect(fitRatio(strip, false, { least: 1, most: 2 })).toEqual({
      bounds: { west: 0, south: -24.5, east: 100, north: 25.5 },
      ratio: 2,
    });
    expect(fitRatio(tower, false, { least: 1, most: 2 })).toEqual({
      bounds: { west: -49.5, south: 0, east: 50.5, north: 100 },
      ratio: 1,
    });
  });

  test('stays between the poles', () => {
    const arctic = { bounds: { west: -180, south: 70, east: 180, north: 88 }, stretch: 3 };
    const { bounds } = fitRatio(arctic, true, { least: 1, most: 2 });
    expect(bounds.north).toBe(90);
    expect(bounds.south).toBeCloseTo(30, 6);
  });
});
