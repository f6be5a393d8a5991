import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/grid/affine.js';
import type { Grid } from '../../../src/grid/tiling.js';
import { drawStateMap, renderPng } from '../../../src/picture/state-map.js';
import { boundedGrid, squareGrid, worldGrid } from './grids.js';
import { boxOf, frameOf, longestSegment, pathsOf, piecesOf, textsOf } from './read-svg.js';

/** Tiles rows x cols from a corner, all in one state. */
function block(row: number, col: number, rows: number, cols: number, state: number) {
  return Array.from({ length: rows * cols }, (_, i) => ({
    row: row + Math.floor(i / cols),
    col: col + (i % cols),
    state,
  }));
}

function checkerboard(grid: Grid): Uint8Array {
  return Uint8Array.from({ length: grid.rows * grid.cols }, (_, i) => i % 4);
}

// Whole views, so that the finest coastlines are not read: they cost half a second.
const SUBJECTS: readonly (readonly [name: string, grid: Grid])[] = [
  ['a geographic world', worldGrid()],
  ['EPSG:3031, the South Pole inside', squareGrid('EPSG:3031', 3950000, 25000, 32)],
  ['EPSG:3413, the North Pole inside', squareGrid('EPSG:3413', 4194304, 4096, 256)],
  ['a geographic grid from 150 to 210', boundedGrid('EPSG:4326', [150, 40, 210, 80], 0.05, 200)],
  ['UTM zone 60, across 180', boundedGrid('EPSG:32660', [-1e6, 6e6, 2e6, 8.5e6], 1000, 250)],
  ['Web Mercator, a whole world', squareGrid('EPSG:3857', 20037508, 10000, 512)],
  [
    'EASE-Grid 2.0, a whole world',
    boundedGrid('EPSG:6933', [-1.73e7, -7.3e6, 1.73e7, 7.3e6], 25000, 100),
  ],
  [
    'a sinusoidal world',
    squareGrid('+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m', 2.001e7, 20000, 250),
  ],
  ['a Lambert cone with its gap', squareGrid('EPSG:3978', 6000000, 10000, 200)],
];

describe.each(SUBJECTS)('a state map of %s', (_, grid) => {
  const svg = drawStateMap({ title: 'A cube', grid, states: checkerboard(grid), widthPx: 600 });

  test('holds no text element and no number that is none', () => {
    expect(svg).not.toMatch(/<text|font-family/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|e-\d/);
  });

  test('has land and coasts, and none of their lines streaks across the map', () => {
    const drawn = ['coasts', 'borders', 'graticule'].flatMap((name) => pathsOf(svg, name));
    expect(pathsOf(svg, 'land').join('').length).toBeGreaterThan(500);
    expect(pathsOf(svg, 'coasts').join('').length).toBeGreaterThan(500);
    expect(longestSegment(drawn)).toBeGreaterThan(1);
    expect(longestSegment(drawn)).toBeLessThan(frameOf(svg).width / 2);
  });

  test('is labelled with degrees', () => {
    const degrees = textsOf(svg).filter((text) => /^\d+(\.\d+)?°[NSEW]?$/.test(text));
    expect(degrees.length).toBeGreaterThanOrEqual(5);
  });
});

describe('drawStateMap', () => {
  const world = worldGrid();

  test('counts every tile of the cube in the legend, seen or not', () => {
    const states = [
      ...block(55, 300, 20, 25, 1),
      ...block(75, 300, 2, 2, 2),
      { row: 56, col: 301, state: 3 },
      { row: 100, col: 100, state: 0 },
    ];
    const svg = drawStateMap({ title: 'Counts', grid: world, states });
    const texts = textsOf(svg);
    const legend = texts.slice(texts.indexOf('Tiles') + 1).slice(0, 8);
    expect(legend).toEqual([
      'loaded',
      '499',
      'loaded, empty',
      '4',
      'failed',
      '1',
      'not loaded',
      '68,688',
    ]);
    expect(svg).toContain(
      '<desc>Tiles loaded 499; loaded, empty 4; failed 1; not loaded 68688.</desc>',
    );
  });

  test('draws a loaded tile where its pixels lie in the grid', () => {
    const grid = boundedGrid('EPSG:4326', [0, 0, 60, 40], 0.1, 100);
    const whole = { row: 0, col: 0, height: grid.geobox.height, width: grid.geobox.width };
    const svg = drawStateMap({
      title: 'One',
      grid,
      states: [{ row: 1, col: 2, state: 1 }],
      view: whole,
    });
    const [ring] = pathsOf(svg, 'tiles').flatMap(piecesOf);
    const { x, y, width, height } = frameOf(svg);
    const [west, north] = apply(grid.geobox.affine, 200, 100);
    const [left, top, right, bottom] = boxOf(ring ?? []);
    expect(left).toBeCloseTo(x + (west / 60) * width, 0);
    expect(right).toBeCloseTo(x + ((west + 10) / 60) * width, 0);
    expect(top).toBeCloseTo(y + ((40 - north) / 40) * height, 0);
    expect(bottom).toBeCloseTo(y + ((40 - north + 10) / 40) * height, 0);
  });

  test('shows the tiles of a huge cube and what lies around, and where in the cube that is', () => {
    const states = block(30, 300, 25, 30, 1);
    const svg = drawStateMap({ title: 'Part', grid: world, states });
    const [ring] = pathsOf(svg, 'tiles').flatMap(piecesOf);
    const [left, top, right, bottom] = boxOf(ring ?? []);
    const { x, y, width, height } = frameOf(svg);
    expect(left).toBeGreaterThan(x + width / 10);
    expect(right).toBeLessThan(x + width * 0.9);
    expect(top).toBeGreaterThan(y + height / 10);
    expect(bottom).toBeLessThan(y + height * 0.9);
    expect((right - left) * (bottom - top)).toBeGreaterThan(0.2 * width * height);
    expect(textsOf(svg)).toContain('Where in the cube');
    expect(pathsOf(svg, 'mark')).toHaveLength(1);
  });

  test('shows tiles on both sides of the antimeridian side by side', () => {
    const states = [...block(20, 357, 15, 15, 1), ...block(20, 0, 15, 15, 2)];
    const svg = drawStateMap({ title: 'Chukotka', grid: world, states });
    const rings = pathsOf(svg, 'tiles').slice(0, 2).flatMap(piecesOf);
    const [, , eastOfLoaded] = boxOf(rings[0] ?? []);
    const [westOfEmpty] = boxOf(rings[1] ?? []);
    expect(Math.abs(westOfEmpty - eastOfLoaded)).toBeLessThan(1);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['180°', '170°E', '170°W']));
  });

  test('outlines the region and names it only when there is one', () => {
    const grid = boundedGrid('EPSG:4326', [0, 0, 60, 40], 0.1, 100);
    const region = [{ row: 100, col: 100, height: 50, width: 80 }];
    const without = drawStateMap({ title: 'Without', grid, states: [] });
    const withRegion = drawStateMap({ title: 'With', grid, states: checkerboard(grid), region });
    expect(textsOf(without)).not.toContain('region of interest');
    expect(pathsOf(without, 'region')).toHaveLength(0);
    expect(textsOf(withRegion)).toContain('region of interest');
    expect(pathsOf(withRegion, 'region').flatMap(piecesOf)).toHaveLength(1);
  });

  test('keeps a title readable that XML would misread', async () => {
    const grid = boundedGrid('EPSG:4326', [0, 0, 60, 40], 0.1, 100);
    const svg = drawStateMap({
      title: 'Ice & <snow> "2024"\u0007',
      grid,
      states: [],
      widthPx: 300,
    });
    expect(svg).toContain('<title>Ice &amp; &lt;snow&gt; &quot;2024&quot;</title>');
    await expect(renderPng(svg)).resolves.toBeInstanceOf(Buffer);
  });

  test('stays small when a world of tiles is loaded', () => {
    const states = new Uint8Array(world.rows * world.cols).fill(1);
    const svg = drawStateMap({ title: 'All', grid: world, states });
    expect(svg.length).toBeLessThan(400_000);
  });

  test('refuses states that do not fit the grid', () => {
    const grid = boundedGrid('EPSG:4326', [0, 0, 60, 40], 0.1, 100);
    const draw = (states: Uint8Array | { row: number; col: number; state: number }[]) => () =>
      drawStateMap({ title: 'Bad', grid, states });
    expect(draw(new Uint8Array(3))).toThrow('Expected 24 numbers for the tile states');
    expect(draw([{ row: 0, col: 6, state: 1 }])).toThrow('Expected a tile in 4 rows and 6 columns');
    expect(draw([{ row: 0, col: 0, state: 4 }])).toThrow('Expected 0, 1, 2 or 3');
  });
});

describe('renderPng', () => {
  test('draws the document at its own size, with the land, sea and tiles it describes', async () => {
    const grid = boundedGrid('EPSG:4326', [0, 0, 60, 40], 0.1, 100);
    const states = block(0, 0, grid.rows, grid.cols, 1);
    const svg = drawStateMap({ title: 'Africa', grid, states, widthPx: 500 });
    const image = sharp(await renderPng(svg));
    const { width, height, format } = await image.metadata();
    expect([width, format]).toEqual([500, 'png']);
    expect(svg).toContain(`width="500" height="${height}"`);
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    // The map's middle lies in a loaded tile: more green than red.
    const { x, y, width: w, height: h } = frameOf(svg);
    const scale = 500 / 1200;
    const at = Math.round((y + h * 0.45) * scale) * info.width + Math.round((x + w * 0.47) * scale);
    const [red, green] = [data[at * info.channels] ?? 0, data[at * info.channels + 1] ?? 0];
    expect(green).toBeGreaterThan(red + 30);
  });
});

describe('a region as it is shaped', () => {
  const grid = boundedGrid('EPSG:4326', [0, 0, 40, 40], 0.1, 100);
  const square = (from: number, to: number) => [
    [from, from],
    [to, from],
    [to, to],
    [from, to],
  ];
  const shape = {
    points: [[350, 50]],
    lines: [],
    polygons: [[square(100, 300), square(150, 200)], [square(250, 320)]],
  } as never;
  const svg = drawStateMap({ title: 'T', grid, states: block(0, 0, 4, 4, 1), shape });

  test('is outlined with its holes, its points are circles, and each polygon is a hole in the veil', () => {
    expect(pathsOf(svg, 'region').flatMap(piecesOf)).toHaveLength(3);
    expect(svg).toMatch(/<circle class="region"/);
    const mask = /<mask id="(outside-\w+)"[\s\S]*?<\/mask>/.exec(svg);
    expect(mask?.[0].match(/<path fill="black"/g)).toHaveLength(2);
    expect(svg).toContain(`mask="url(#${mask?.[1]})"`);
    expect(textsOf(svg)).toContain('region of interest');
  });

  test('is dark where it is and dimmed around it, its hole included, also where two polygons overlap', async () => {
    const [wanted, plain] = await Promise.all(
      [svg, svg.replace(/<rect class="outside"[^>]*>/, '')].map(async (text) => {
        const { data, info } = await sharp(await renderPng(text))
          .removeAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        return { data, info };
      }),
    );
    const frame = frameOf(svg);
    const [outer = []] = pathsOf(svg, 'region').flatMap(piecesOf);
    const [left, top, right, bottom] = boxOf(outer);
    // From pixels of the grid to the picture.
    const isDimmed = (pixel: number) => {
      const x = Math.round(left + ((pixel - 100) / 200) * (right - left));
      const y = Math.round(top + ((pixel - 100) / 200) * (bottom - top));
      expect(x > frame.x && y > frame.y).toBe(true);
      const at = (y * (wanted?.info.width ?? 0) + x) * 3;
      return [0, 1, 2].some((i) => wanted?.data[at + i] !== plain?.data[at + i]);
    };
    expect([90, 125, 175, 225, 275, 310, 330].map(isDimmed)).toEqual([
      ...[true, false, true, false, false, false, true],
    ]);
  });
});
