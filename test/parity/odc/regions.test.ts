import type { Position } from 'geojson';
import { describe, expect, test } from 'vitest';
import { planReprojection } from '../../../src/grid/onto/reproject-plan.js';
import { tilesOf } from '../../../src/grid/roi.js';
import { Grid } from '../../../src/grid/tiling.js';
import { contains, type Window } from '../../../src/grid/window.js';
import { boxOf, FIXTURES, shapeOf, windowOf } from './fixtures.js';

describe('a geobox cut into tiles, as odc-geo', () => {
  test.each(FIXTURES.tiles.map((one, i) => [i, one.geobox.crs, one.crs, one] as const))(
    'case %i: the tiles of a geobox in %s that a polygon in %s reaches into, and no others',
    (_i, _crs, _query, { geobox, tile, shape, chunks, geometry, crs, touched, onlyByEdge }) => {
      const grid = new Grid(boxOf(geobox), shapeOf(tile));
      expect([grid.rows, grid.cols]).toEqual(shape);
      const sizes = {
        rows: Array.from(
          { length: grid.rows },
          (_, row) => grid.tileWindow({ row, col: 0 }).height,
        ),
        cols: Array.from({ length: grid.cols }, (_, col) => grid.tileWindow({ row: 0, col }).width),
      };
      expect([sizes.rows, sizes.cols]).toEqual(chunks);
      const parts = [...grid.geobox.tiles(shapeOf(tile))];
      expect(parts.length).toBe(grid.rows * grid.cols);
      expect(
        parts.at(-1)?.geobox.equals(grid.tileGeoBox({ row: grid.rows - 1, col: grid.cols - 1 })),
      ).toBe(true);
      const region = { ...geometry, crs: { type: 'name', properties: { name: crs } } };
      const found = [...tilesOf(region, grid)].map(({ row, col }) => [row, col]);
      expect(found).toEqual(touched);
      // odc-geo counts tiles that only share an edge; those are no tiles of the region.
      for (const [row, col] of onlyByEdge)
        expect(found.some(([r, c]) => r === row && c === col)).toBe(false);
    },
  );
});

describe('the plan to reproject, as odc-geo', () => {
  const name = ({ source, destination, options }: (typeof FIXTURES.overlaps)[number]) =>
    `${source.crs} ${source.shape} to ${destination.crs} ${destination.shape} ${destination.affine[2]} ${JSON.stringify(options)}`;

  /** Where ours rightly differs. */
  const EXCEPTIONS: Readonly<Record<string, string>> = {
    '11': 'the shrunk source has a partial last pixel, and reading stops at the source',
    '17': 'the top edge of the source bulges between the five points that odc-geo samples',
    '25': 'the destination crosses the antimeridian: two parts',
    '27': 'the destination surrounds the pole: all columns, and rows up to it',
    '30': 'the source runs past 180 degrees, where odc-geo cuts it off',
  };
  const cases = FIXTURES.overlaps.map((one, i) => ({ i: String(i), title: name(one), ...one }));
  const plain = cases.filter(({ i }) => EXCEPTIONS[i] === undefined);

  test.each(plain.map((one) => [one.i, one.title, one] as const))(
    'case %s: %s has the same windows',
    (_i, _title, one) => {
      const plan = planReprojection(boxOf(one.source), boxOf(one.destination), one.options);
      const wanted = {
        source: windowOf(one.sourceWindow),
        destination: windowOf(one.destinationWindow),
      };
      const isEmpty = Object.values(wanted).some(({ height, width }) => height * width === 0);
      expect(plan.parts).toEqual(isEmpty ? [] : [wanted]);
    },
  );

  const meets = cases.filter(({ scale, i }) => scale > 0 && i !== '30');
  test.each(meets.map((one) => [one.i, one.title, one] as const))(
    'case %s: %s has the same scale, shrink factor and answer whether to paste',
    (_i, _title, one) => {
      const plan = planReprojection(boxOf(one.source), boxOf(one.destination), one.options);
      expect(plan).toMatchObject({ isPaste: one.isPaste, shrink: one.shrink });
      // The middle at which scales are measured moves by half a pixel with a window's edge.
      expect(plan.scale).toBeCloseTo(one.scale, EXCEPTIONS[one.i] === undefined ? 9 : 4);
      expect(plan.scaleXY[0]).toBeCloseTo(one.scaleXY[0], EXCEPTIONS[one.i] === undefined ? 9 : 4);
    },
  );

  const partsOf = (i: string): readonly { source: Window; destination: Window }[] => {
    const one = cases[Number(i)];
    if (one === undefined) throw new Error(`no case ${i}`);
    return planReprojection(boxOf(one.source), boxOf(one.destination), one.options).parts;
  };

  test(`exception: ${EXCEPTIONS['11']}`, () => {
    const [part] = partsOf('11');
    const wanted = windowOf(cases[11]?.sourceWindow ?? [0, 0, 0, 0]);
    const whole = { row: 0, col: 0, height: 5490, width: 5490 };
    expect(contains(whole, wanted)).toBe(false);
    expect(part).toEqual({
      source: { ...wanted, height: 5490 - wanted.row, width: 5490 - wanted.col },
      destination: windowOf(cases[11]?.destinationWindow ?? [0, 0, 0, 0]),
    });
  });

  test(`exception: ${EXCEPTIONS['17']}`, () => {
    const [part] = partsOf('17');
    const wanted = windowOf(cases[17]?.destinationWindow ?? [0, 0, 0, 0]);
    expect(part?.source).toEqual(windowOf(cases[17]?.sourceWindow ?? [0, 0, 0, 0]));
    expect(part?.destination).toEqual({
      ...wanted,
      row: wanted.row - 1,
      height: wanted.height + 1,
    });
  });

  test(`exception: ${EXCEPTIONS['25']}`, () => {
    const parts = partsOf('25');
    expect(parts.length).toBe(2);
    // East of 170 and west of -153 degrees, in columns of a quarter of a degree, and one more to read.
    expect(parts.map(({ source }) => [source.col, source.width])).toEqual([
      [1401, 39],
      [0, 108],
    ]);
  });

  test(`exception: ${EXCEPTIONS['27']}`, () => {
    const [part, ...more] = partsOf('27');
    expect(more).toEqual([]);
    expect(part?.source).toMatchObject({ row: 0, col: 0, width: 1440 });
  });

  test(`exception: ${EXCEPTIONS['30']}`, () => {
    const [part] = partsOf('30');
    expect(part?.source).toEqual({ row: 0, col: 0, height: 434, width: 2267 });
  });
});

describe('the geographic extent, as odc-geo', () => {
  const POLES: Readonly<Record<string, 90 | -90>> = {
    'pole-3413': 90,
    'arcticdem-3413': 90,
    'antarctica-3031': -90,
  };
  /** Geographic geoboxes past 180 degrees, which odc-geo leaves as they are. */
  const PAST_180 = ['tctrend', 'fiji-degrees', 'wrangel-degrees'];

  const ringsOf = (box: (typeof FIXTURES.extents)[number]) => {
    const extent = boxOf(box.geobox).geographicExtent;
    const polygons = extent.type === 'Polygon' ? [extent.coordinates] : extent.coordinates;
    return polygons.map(([ring]) => ring ?? []);
  };

  test.each(
    FIXTURES.extents
      .filter(({ box }) => POLES[box] === undefined && !PAST_180.includes(box))
      .map((one) => [one.box, one] as const),
  )('%s has the same parts and area, to the precision of its edges', (_box, one) => {
    const rings = ringsOf(one);
    const edges = rings.map(boundsOfRing).sort(byWest);
    expect(edges.length).toBe(one.parts.length);
    const [widest] = [...one.parts]
      .map(([w, s, e, n]) => Math.max(e - w, n - s))
      .sort((a, b) => b - a);
    for (const [i, part] of [...one.parts].sort(byWest).entries())
      for (const side of [0, 1, 2, 3])
        expect(
          Math.abs((edges[i]?.[side] ?? Number.NaN) - (part[side] ?? Number.NaN)),
        ).toBeLessThan(
          // odc-geo finds the antimeridian to a tenth of a degree along an edge.
          (one.parts.length > 1 ? 1e-4 : 2e-5) * (widest ?? 0),
        );
    expect(Math.abs(areaOf(rings) / one.area - 1)).toBeLessThan(1e-4);
  });

  test.each(Object.entries(POLES))(
    '%s, exception: the polygon runs along the pole, where that of odc-geo cuts itself',
    (box, pole) => {
      const one = FIXTURES.extents.find((extent) => extent.box === box);
      if (one === undefined) throw new Error(`no extent of ${box}`);
      expect(one.valid).toBe(false);
      const [ring, ...more] = ringsOf(one);
      expect(more).toEqual([]);
      const [west, south, east, north] = boundsOfRing(ring ?? []);
      expect([west, east]).toEqual([-180, 180]);
      expect(pole === 90 ? north : south).toBe(pole);
      const [, theirSouth = Number.NaN, , theirNorth = Number.NaN] = one.parts[0] ?? [];
      expect(pole === 90 ? south : north).toBeCloseTo(pole === 90 ? theirSouth : theirNorth, 6);
    },
  );

  test('exception: a geographic geobox past 180 degrees is cut there, and part of a pixel past the world left out', () => {
    const parts = (box: string) =>
      ringsOf(FIXTURES.extents.find((extent) => extent.box === box) ?? raise(box)).map(
        boundsOfRing,
      );
    expect(parts('tctrend')).toEqual([[-180, -90, 180, 90]]);
    const [east, west] = parts('fiji-degrees');
    expect([east?.[0], east?.[2], west?.[0]]).toEqual([176.1, 180, -180]);
    expect(west?.[2]).toBeCloseTo(183.7 - 360, 9);
  });
});

function raise(box: string): never {
  throw new Error(`no extent of ${box}`);
}

type Edges = readonly [number, number, number, number];
const byWest = ([one]: Edges, [other]: Edges) => one - other;

function boundsOfRing(ring: readonly Position[]): Edges {
  const xs = ring.map(([x]) => x ?? Number.NaN);
  const ys = ring.map(([, y]) => y ?? Number.NaN);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** In square degrees; outer rings are counterclockwise. */
function areaOf(rings: readonly (readonly Position[])[]): number {
  let sum = 0;
  for (const ring of rings)
    for (const [i, [x = 0, y = 0]] of ring.entries()) {
      const [x2 = 0, y2 = 0] = ring[i + 1] ?? ring[0] ?? [];
      sum += (x * y2 - x2 * y) / 2;
    }
  return sum;
}
