import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Grid, tileId } from '../../../src/grid/tiling.js';

describe('the TCTrend grid', () => {
  const world = { west: -180, south: -90, east: 180, north: 90 };
  const geobox = GeoBox.fromBounds(world, parseCrs('EPSG:4326'), 0.00026949458523585647);
  const grid = new Grid(geobox, { height: 3600, width: 3600 });

  test('has 186 rows and 372 columns of tiles', () => {
    expect([grid.rows, grid.cols]).toEqual([186, 372]);
  });

  test('its last column is 234 pixels wide and its last row 1918 pixels high', () => {
    expect(grid.tileWindow({ row: 185, col: 371 })).toEqual({
      row: 185 * 3600,
      col: 371 * 3600,
      height: 1918,
      width: 234,
    });
    expect(grid.tileWindow({ row: 184, col: 370 })).toMatchObject({ height: 3600, width: 3600 });
  });

  test('all its tiles together have the pixels of the grid', () => {
    let pixels = 0;
    for (let row = 0; row < grid.rows; row++)
      for (let col = 0; col < grid.cols; col++) {
        const { height, width } = grid.tileWindow({ row, col });
        pixels += height * width;
      }
    expect(pixels).toBe(667_918 * 1_335_834);
  });
});

describe('Grid', () => {
  const geobox = new GeoBox(
    parseCrs('EPSG:3413'),
    { height: 25, width: 30 },
    [1, 0, 100, 0, -1, 50],
  );
  const grid = new Grid(geobox, { height: 10, width: 15 });

  test('a grid that chunks divide without rest has no partial tiles', () => {
    const even = new Grid(geobox, { height: 5, width: 15 });
    expect([even.rows, even.cols]).toEqual([5, 2]);
    expect(even.tileWindow({ row: 4, col: 1 })).toMatchObject({ height: 5, width: 15 });
  });

  test('the geobox of a tile starts at its own pixels', () => {
    const tile = grid.tileGeoBox({ row: 2, col: 1 });
    expect(tile.bounds).toEqual({ west: 115, south: 25, east: 130, north: 30 });
  });

  test('an index outside the grid is refused with the size of the grid', () => {
    for (const index of [
      { row: 3, col: 0 },
      { row: 0, col: 2 },
      { row: -1, col: 0 },
      { row: 0, col: Number.NaN },
    ])
      expect(() => grid.tileWindow(index)).toThrow(InvalidInputError);
    expect(() => grid.tileWindow({ row: 3, col: 0 })).toThrow('3 rows and 2 columns');
  });

  test('a chunk without pixels is refused', () => {
    for (const chunk of [
      { height: 0, width: 1 },
      { height: 1, width: 1.5 },
    ])
      expect(() => new Grid(geobox, chunk)).toThrow('chunk shape');
  });

  test('a window that ends on a chunk edge does not touch the next tile', () => {
    expect([...grid.tilesIn([{ row: 0, col: 0, height: 10, width: 15 }])]).toEqual([
      { row: 0, col: 0 },
    ]);
    expect([...grid.tilesIn([{ row: 9, col: 14, height: 2, width: 2 }])]).toEqual([
      { row: 0, col: 0 },
      { row: 0, col: 1 },
      { row: 1, col: 0 },
      { row: 1, col: 1 },
    ]);
  });

  test('no windows touch no tiles', () => {
    expect([...grid.tilesIn([])]).toEqual([]);
  });

  test('a record of a grid, as JSON, rebuilds the same grid', () => {
    const again = Grid.fromRecord(JSON.parse(JSON.stringify(grid.toRecord())));
    expect(again.toRecord()).toEqual(grid.toRecord());
    expect([again.rows, again.cols]).toEqual([3, 2]);
  });

  test('the id of a tile is row-col, and t-row-col where there are time steps', () => {
    expect(tileId({ row: 7, col: 12 })).toBe('7-12');
    expect(tileId({ t: 0, row: 7, col: 12 })).toBe('0-7-12');
  });
});
