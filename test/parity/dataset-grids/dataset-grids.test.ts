/** Dataset files held to odc-geo, rasterio, pyproj and shapely: see make-fixtures.py. */
import '../../../src/kernel/gdal/proj/points.js';
import { readFileSync } from 'node:fs';
import type { Polygon } from 'geojson';
import { describe, expect, test } from 'vitest';
import { parseDataset } from '../../../src/dataset/parse.js';
import { parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { type Roi, roiWindows, tilesIn } from '../../../src/grid/roi.js';
import { Grid, tileId } from '../../../src/grid/tiling.js';

interface Fixtures {
  readonly grids: {
    readonly entry: object;
    /** False where odc-geo has no such option, and another says it but for rounding. */
    readonly exact: boolean;
    readonly shape: readonly [number, number];
    readonly affine: readonly number[];
    /** First, middle and last pixel centre. */
    readonly x: readonly number[];
    readonly y: readonly number[];
  }[];
  readonly systems: {
    readonly crs: string | object;
    readonly unit: string;
    readonly places: { readonly lonlat: [number, number]; readonly xy: [number, number] }[];
  }[];
  readonly regions: {
    readonly entry: { readonly crs: string };
    readonly chunk: number;
    readonly regions: {
      readonly bbox?: [number, number, number, number];
      readonly geojson?: Polygon;
      readonly window: readonly number[];
      readonly tiles: string[];
    }[];
  }[];
}

const { grids, systems, regions } = JSON.parse(
  readFileSync(new URL('fixtures.json', import.meta.url), 'utf8'),
) as Fixtures;

const REST = { title: 'Grid', local: true, bands: ['v'], dtype: 'uint8' };

function gridOf(entry: object, chunk = 64): Grid {
  return Grid.fromRecord(parseDataset({ ...REST, grid: { ...entry, chunk } }).grid);
}

describe('a grid of a dataset file is that of odc-geo or rasterio', () => {
  test.each(grids.map((grid) => [JSON.stringify(grid.entry), grid] as const))('%s', (_, grid) => {
    const { geobox } = gridOf(grid.entry);
    expect([geobox.height, geobox.width]).toEqual(grid.shape);
    const { x, y } = geobox.coordinates;
    const found = {
      affine: [...geobox.affine],
      ...{ x: threeOf(x), y: threeOf(y) },
    };
    const size = Math.min(...geobox.resolution.map(Math.abs));
    // To the last bit, or to a billionth of a pixel.
    for (const name of ['affine', 'x', 'y'] as const)
      for (const [i, value] of grid[name].entries())
        if (grid.exact) expect({ name, i, value: found[name][i] }).toEqual({ name, i, value });
        else expect(Math.abs((found[name][i] as number) - value)).toBeLessThan(1e-9 * size + 1e-9);
  });
});

function threeOf(values: Float64Array): (number | undefined)[] {
  return [values[0], values[Math.floor(values.length / 2)], values.at(-1)];
}

describe('a system has the coordinates of pyproj, and is stored as a code or as WKT', () => {
  test.each(systems.map((system) => [JSON.stringify(system.crs).slice(0, 70), system] as const))(
    '%s',
    (_, { crs, unit, places }) => {
      const bounds = [0, 0, 10, 10];
      const { geobox } = gridOf({ crs, bounds, resolution: 1 });
      expect(geobox.crs.name).toMatch(/^(?:[A-Z_0-9]+:\w+$|[A-Z]+CRS\[)/);
      expect(geobox.crs.wkt).toMatch(/^[A-Z]+\[/);
      expect(geobox.crs.unit.toLowerCase()).toBe(unit.toLowerCase());
      // What a cube stores is read again.
      const stored = GeoBox.fromRecord(geobox.toRecord()).crs;
      const project = transformer(parseCrs('EPSG:4326'), stored);
      const isInDegrees = /degree/i.test(unit);
      for (const { lonlat, xy } of places) {
        const found = project(...lonlat);
        for (const axis of [0, 1] as const)
          expect(Math.abs(found[axis] - xy[axis])).toBeLessThan(isInDegrees ? 1e-7 : 0.01);
      }
    },
  );
});

describe('a region of longitudes and latitudes has its pixels and tiles in', () => {
  test.each(regions.map((one) => [one.entry.crs, one] as const))('%s', (_, one) => {
    const grid = gridOf(one.entry, one.chunk);
    for (const { bbox, geojson, window, tiles } of one.regions) {
      const [west, south, east, north] = bbox ?? [0, 0, 0, 0];
      const crs = parseCrs('EPSG:4326');
      const roi: Roi = geojson ?? { west, south, east, north, crs };
      const [{ row, col, height, width } = { row: -1, col: -1, height: 0, width: 0 }, ...others] =
        roiWindows(roi, grid.geobox);
      expect(others).toEqual([]);
      expect([row, col, height, width]).toEqual(window);
      expect([...tilesIn(roi, grid)].map(tileId)).toEqual(tiles);
    }
  });
});
