import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { planLoad } from '../../../../src/cube/read/load.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { targetGrid } from '../../../../src/grid/onto/target-grid.js';
import type { BoundingBox } from '../../../../src/grid/roi.js';

interface Case {
  readonly box: [number, number, number, number];
  readonly crs: string;
  readonly resolution: number;
  readonly bounds: number[];
  readonly snapped: number[];
}

/** Of a pixel. */
const SIDE = 5000;
const CASES: Case[] = JSON.parse(
  readFileSync(new URL('target-grids.json', import.meta.url), 'utf8'),
);
const EARTH = parseCrs('EPSG:4326');
const WORLD = GeoBox.fromBounds({ west: -180, south: -90, east: 180, north: 90 }, EARTH, 0.05);
const POLAR = GeoBox.fromBounds(
  { west: -4e6, south: -4e6, east: 4e6, north: 4e6 },
  parseCrs('EPSG:3413'),
  SIDE,
);

function regionOf([west, south, east, north]: Case['box']): BoundingBox {
  return { west, south, east: east > 180 ? east - 360 : east, north, crs: EARTH };
}

function ownOf(cube: GeoBox, region: BoundingBox): GeoBox {
  const plan = planLoad(cube, region, {});
  return plan.kind === 'own-grid' ? plan.geobox : plan.target;
}

function edgesOf({ bounds: { west, south, east, north } }: GeoBox): number[] {
  return [west, south, east, north];
}

/** Of degrees and metres. */
const DIGITS = 9;

describe('the grid to write', () => {
  test.each(CASES)(
    'in $crs of $box has the bounds PROJ finds, snapped to its resolution',
    (each) => {
      const [region, crs] = [regionOf(each.box), parseCrs(each.crs)];
      const own = ownOf(WORLD, region);
      const snapped = targetGrid(own, region, { crs, resolution: each.resolution });
      expect(edgesOf(snapped)).toEqual(each.snapped);
      expect(snapped.resolution).toEqual([each.resolution, -each.resolution]);
      const exact = targetGrid(own, region, { crs, shape: { height: 10, width: 20 } });
      expect([exact.height, exact.width]).toEqual([10, 20]);
      for (const [i, edge] of edgesOf(exact).entries()) {
        const hundredth = 0.01 * Math.max(...targetGrid(own, region, { crs }).resolution);
        expect(Math.abs(edge - (each.bounds[i] as number))).toBeLessThanOrEqual(hundredth);
      }
    },
  );

  test.each([
    [
      [-180, 60, 180, 90],
      [3600, 300],
    ],
    [
      [170, 60, 190, 70],
      [200, 100],
    ],
    [
      [-5, 80, 5, 85],
      [100, 50],
    ],
  ] as const)('of a polar cube has the longitudes of %s once', (box, shape) => {
    const region = regionOf([...box]);
    const grid = targetGrid(ownOf(POLAR, region), region, { crs: EARTH, resolution: 0.1 });
    expect([grid.width, grid.height]).toEqual(shape);
    for (const [i, edge] of edgesOf(grid).entries())
      expect(edge).toBeCloseTo(box[i] as number, DIGITS);
  });

  test('is refused where it has more rows than GDAL counts, or two sizes', () => {
    const region = regionOf([126, 72, 128, 73]);
    const own = ownOf(WORLD, region);
    const crs = parseCrs('EPSG:3413');
    expect(() => targetGrid(own, region, { crs, resolution: 1e-6 })).toThrow('pixels on a side');
    const shape = { height: 1, width: 1 };
    expect(() => targetGrid(own, region, { crs, resolution: 10, shape })).toThrow('both');
  });
});
