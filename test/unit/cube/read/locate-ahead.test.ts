import { expect, test, vi } from 'vitest';
import { type CubeView, locateAhead, prepareLoad } from '../../../../src/cube/read/load.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { Grid } from '../../../../src/grid/tiling.js';
import type { Pool } from '../../../../src/pool/pool.js';

// Chunks of 8 MB, 16 of them for a band.
const dataset = parseDataset({
  title: 'Located',
  local: true,
  bands: ['one', 'two'],
  dtype: 'uint16',
  nodata: 0,
  grid: {
    crs: 'EPSG:32633',
    transform: [10, 0, 500_000, 0, -10, 7_000_000],
    shape: [8192, 8192],
    chunk: 2048,
  },
});
const grid = Grid.fromRecord(dataset.grid);
const threads = { size: 2 } as Pool;
const none = { size: 0 } as Pool;

test.each([
  { what: 'a few pixels of one chunk', window: [5, 5, 10, 10], pool: threads, isAsked: false },
  {
    what: 'a few pixels of four chunks',
    window: [2040, 2040, 10, 10],
    pool: threads,
    isAsked: true,
  },
  { what: 'the same without threads', window: [2040, 2040, 10, 10], pool: none, isAsked: false },
  {
    what: 'the same without a pool',
    window: [2040, 2040, 10, 10],
    pool: undefined,
    isAsked: false,
  },
  { what: 'all without a pool', window: [0, 0, 8192, 8192], pool: undefined, isAsked: true },
])(
  'the files of chunks are looked for ahead of a load of 32 MB of them, of 128 MB where the caller waits: $what',
  ({ window: [row = 0, col = 0, height = 0, width = 0], pool, isAsked }) => {
    const locate = vi.fn(async () => []);
    const view = { grid, dataset, timeAxis: undefined, session: { locate } } as unknown as CubeView;
    const roi = grid.geobox.crop({ row, col, height, width });
    locateAhead(view, prepareLoad(view, roi, {}), { pool });
    expect(locate.mock.calls).toEqual(isAsked ? [[[]]] : []);
  },
);

test('on another grid it is the pixels that count, since what is read for them is found later', () => {
  const locate = vi.fn(async () => []);
  const view = { grid, dataset, timeAxis: undefined, session: { locate } } as unknown as CubeView;
  const like = (side: number) =>
    parseDataset({
      ...{ title: 'Like', local: true, bands: ['one'], dtype: 'uint16', nodata: 0 },
      grid: {
        crs: 'EPSG:32633',
        transform: [7, 0, 510_000, 0, -7, 6_990_000],
        shape: [side, side],
        chunk: side,
      },
    });
  for (const side of [1024, 3072]) {
    const box = Grid.fromRecord(like(side).grid).geobox;
    locateAhead(view, prepareLoad(view, box, { like: box }), { pool: threads });
  }
  expect(locate.mock.calls).toEqual([[[]]]);
});
