import { describe, expect, test } from 'vitest';
import { planIngest, planTile } from '../../../../src/cube/fill/plan.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { Grid, type TileIndex } from '../../../../src/grid/tiling.js';
import { DATASET, fakeSource } from '../fake-source.js';

const grid = Grid.fromRecord(DATASET.grid);
const WHOLE = [...grid.tilesIn([{ row: 0, col: 0, height: 25, width: 34 }])];
const nothingLoaded = async () => false;

describe('planIngest', () => {
  test('counts tiles, requests and bytes of everything that is not loaded', async () => {
    const plan = await planIngest(grid, WHOLE, fakeSource(), nothingLoaded);
    expect(plan).toMatchObject({
      tiles: 9,
      alreadyLoaded: 0,
      pending: 9,
      requests: 18,
      bytes: 25 * 34 * 6,
    });
  });

  test('leaves out what is loaded, and plans the rest in row-major order', async () => {
    const isLoaded = async ({ row, col }: TileIndex) => (row + col) % 2 === 0;
    const plan = await planIngest(grid, WHOLE, fakeSource(), isLoaded);
    expect(plan).toMatchObject({ tiles: 9, alreadyLoaded: 5, pending: 4, requests: 8 });
    expect([...plan.plannedTiles()].map(({ id }) => id)).toEqual(['0-1', '1-0', '1-2', '2-1']);
  });

  test('its counts are those of the tiles it gives, partial ones included', async () => {
    const windows = [{ row: 5, col: 13, height: 20, width: 21 }];
    const plan = await planIngest(grid, grid.tilesIn(windows), fakeSource(), nothingLoaded);
    const tiles = [...plan.plannedTiles()];
    const requests = tiles.flatMap((tile) => tile.requests);
    expect(plan).toMatchObject({
      pending: tiles.length,
      requests: requests.length,
      bytes: requests.reduce((sum, { bytes }) => sum + bytes, 0),
    });
    expect(tiles).toHaveLength(6);
  });

  test('a sample of it is spread evenly over what is pending, and no larger than that', async () => {
    const isLoaded = async ({ row, col }: TileIndex) => row === 0 && col === 0;
    const plan = await planIngest(grid, WHOLE, fakeSource(), isLoaded);
    const ids = (count: number) => plan.sampleTiles(count).map(({ id }) => id);
    expect(ids(2)).toEqual(['1-0', '2-1']);
    expect(ids(8)).toEqual([...plan.plannedTiles()].map(({ id }) => id));
    expect(ids(100)).toEqual(ids(8));
    expect(plan.sampleTiles(1)).toEqual([[...plan.plannedTiles()][4]]);
  });

  test('can be walked again from the start', async () => {
    const plan = await planIngest(grid, WHOLE, fakeSource(), nothingLoaded);
    expect([...plan.plannedTiles()]).toEqual([...plan.plannedTiles()]);
  });
});

test('a planned tile covers the pixels of its cell, cut at the last row and column', () => {
  const tile = planTile(grid, { row: 2, col: 2 }, fakeSource());
  expect(tile).toMatchObject({ state: 'planned', id: '2-2', index: { row: 2, col: 2 } });
  expect(GeoBox.fromRecord(tile.geobox).bounds).toEqual({
    west: 240,
    south: 0,
    east: 340,
    north: 50,
  });
});
