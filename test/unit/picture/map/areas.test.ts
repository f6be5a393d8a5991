import { expect, test } from 'vitest';
import { ShardCut } from '../../../../src/cube/shards/cut.js';
import { areasOf } from '../../../../src/cube/shards/cut-areas.js';
import type { Area } from '../../../../src/picture/map/areas.js';
import { drawStateMap } from '../../../../src/picture/state-map.js';
import { boundedGrid } from '../grids.js';
import { boxOf, frameOf, pathsOf, piecesOf, textsOf } from '../read-svg.js';

/** 4 x 6 tiles. */
const grid = boundedGrid('EPSG:4326', [0, 0, 60, 40], 0.1, 100);
const view = { row: 0, col: 0, height: grid.geobox.height, width: grid.geobox.width };

const box = (row: number, col: number, rows: number, cols: number) =>
  Array.from({ length: rows * cols }, (_, i) => ({
    row: row + Math.floor(i / cols),
    col: col + (i % cols),
  }));

const draw = (each: readonly Area[], states: { row: number; col: number; state: number }[] = []) =>
  drawStateMap({ title: 'Cut', grid, states, view, areas: { name: 'shards', each } });

/** The colour at a tile, by which of the coloured rectangles it lies in. */
function coloursAt(svg: string, row: number, col: number): string[] {
  const { x, y, width, height } = frameOf(svg);
  const at = [x + ((col + 0.5) / 6) * width, y + ((row + 0.5) / 4) * height] as const;
  return [...svg.matchAll(/<path class="areas" fill="([^"]+)"[^>]* d="([^"]*)"/g)].flatMap(
    ([, colour = '', data = '']) =>
      piecesOf(data)
        .map(boxOf)
        .filter(([left, top, right, bottom]) => {
          return at[0] > left && at[0] < right && at[1] > top && at[1] < bottom;
        })
        .map(() => colour),
  );
}

test('areas side by side have different colours, each its name, and all of their tiles are drawn once', () => {
  const each = [
    { label: 'part 1', tiles: box(0, 0, 2, 3) },
    { label: 'part 2', tiles: box(0, 3, 2, 3) },
    { label: 'part 3', tiles: box(2, 0, 2, 3) },
    { label: 'part 4', tiles: box(2, 3, 2, 3) },
  ];
  const svg = draw(each);
  const colours = each.map(({ tiles }) => {
    const found = new Set(tiles.flatMap(({ row, col }) => coloursAt(svg, row, col)));
    expect(tiles.every(({ row, col }) => coloursAt(svg, row, col).length === 1)).toBe(true);
    expect(found.size).toBe(1);
    return [...found][0];
  });
  expect(new Set(colours).size).toBe(4);
  const texts = textsOf(svg);
  for (const { label } of each) expect(texts.filter((text) => text === label)).toHaveLength(1);
  expect(texts[texts.indexOf('shards') + 1]).toBe('4');
});

test('a tile with a state keeps its own colour, and its area its border', () => {
  const each = [{ label: '1', tiles: box(0, 0, 4, 6) }];
  const svg = draw(each, [{ row: 1, col: 2, state: 1 }]);
  expect(coloursAt(svg, 1, 2)).toEqual([]);
  expect(coloursAt(svg, 1, 3)).toHaveLength(1);
  expect(pathsOf(svg, 'tiles').flatMap(piecesOf)).toHaveLength(1);
  // Around the whole, and nowhere inside of it.
  expect(pathsOf(svg, 'area-borders').flatMap(piecesOf)).toHaveLength(4);
});

test('the border between two areas is drawn once, along all of it', () => {
  const svg = draw([
    { label: '1', tiles: box(0, 0, 4, 2) },
    { label: '2', tiles: box(0, 2, 4, 4) },
  ]);
  const { x, y, width, height } = frameOf(svg);
  const inside = pathsOf(svg, 'area-borders')
    .flatMap(piecesOf)
    .map(boxOf)
    .filter(([left, , right]) => left > x + 10 && right < x + width - 10);
  expect(inside).toHaveLength(1);
  const [[left, top, , bottom] = [0, 0, 0, 0]] = inside;
  expect(left).toBeCloseTo(x + width / 3, 0);
  expect([top <= y + 1, bottom >= y + height - 1]).toEqual([true, true]);
});

test('an area that lies in two places has its name in both', () => {
  const svg = draw([{ label: 'apart', tiles: [...box(0, 0, 2, 2), ...box(2, 2, 2, 4)] }]);
  expect(textsOf(svg).filter((text) => text === 'apart')).toHaveLength(2);
});

test('an area too small for its name has none, and a long name is written smaller', () => {
  const world = boundedGrid('EPSG:4326', [-180, -90, 180, 90], 0.5, 2);
  const svg = drawStateMap({
    ...{ title: 'World', grid: world, states: [] },
    areas: {
      name: 'shards',
      each: [
        { label: '7', tiles: [{ row: 10, col: 10 }] },
        { label: '8', tiles: box(60, 60, 60, 60) },
      ],
    },
  });
  expect(textsOf(svg)).not.toContain('7');
  expect(textsOf(svg)).toContain('8');
});

test('a tile in two areas, or outside of the grid, is refused', () => {
  const tiles = [{ row: 0, col: 0 }];
  expect(() =>
    draw([
      { label: '1', tiles },
      { label: '2', tiles },
    ]),
  ).toThrow(/one area for each tile for the tile 0-0.*1 and 2/);
  expect(() => draw([{ label: '1', tiles: [{ row: 4, col: 0 }] }])).toThrow('4 rows and 6 columns');
});

test("a cut's areas are its shards, and where each has time steps of its own, all that fill the same place", () => {
  const tiles = box(0, 0, 4, 6);
  const inSpace = new ShardCut({ rows: 4, cols: 6, tiles, stepsOfCube: 1, steps: undefined }, 3);
  const drawn = areasOf(inSpace, grid);
  expect(drawn).toMatchObject({ name: 'shards', count: 3 });
  expect(drawn.each.map(({ label, tiles: { length } }) => [label, length])).toEqual(
    [0, 1, 2].map((shard) => [`${shard + 1}`, inSpace.tilesOf(shard)]),
  );
  const steps = Array.from({ length: 8 }, (_, t) => t);
  const inTime = new ShardCut({ rows: 4, cols: 6, tiles, stepsOfCube: 8, steps }, 4);
  expect(areasOf(inTime, grid).each).toEqual([
    { label: '1-4', tiles: expect.arrayContaining(tiles) },
  ]);
});
