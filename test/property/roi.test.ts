import { expect, test } from 'vitest';
import { parseCrs, transformer } from '../../src/grid/crs/crs.js';
import { GeoBox } from '../../src/grid/geobox.js';
import { type BoundingBox, roiWindows } from '../../src/grid/roi.js';
import { Grid } from '../../src/grid/tiling.js';
import fc from '../fast-check.js';

/** Points along each side of the dense sample: no divisor in common with what the code samples. */
const DENSE = 149;

/** Ids of the tiles in which a point of the region lies; points outside the grid count for none. */
function tilesTouched(box: BoundingBox, grid: Grid): Set<string> {
  const convert = transformer(box.crs, grid.geobox.crs);
  const [a, , c, , e, f] = grid.geobox.affine;
  const ids = new Set<string>();
  for (let i = 0; i < DENSE; i++) {
    for (let j = 0; j < DENSE; j++) {
      const [x, y] = convert(
        box.west + ((box.east - box.west) * (i + 0.5)) / DENSE,
        box.south + ((box.north - box.south) * (j + 0.5)) / DENSE,
      );
      const [col, row] = [Math.floor((x - c) / a), Math.floor((y - f) / e)];
      if (!(row >= 0 && row < grid.geobox.height && col >= 0 && col < grid.geobox.width)) continue;
      ids.add(`${Math.floor(row / grid.chunk.height)}-${Math.floor(col / grid.chunk.width)}`);
    }
  }
  return ids;
}

function expectCovered(box: BoundingBox, grid: Grid): void {
  const touched = tilesTouched(box, grid);
  fc.pre(touched.size > 0);
  const planned = new Set(
    [...grid.tilesIn(roiWindows(box, grid.geobox))].map(({ row, col }) => `${row}-${col}`),
  );
  expect([...touched].filter((id) => !planned.has(id))).toEqual([]);
}

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

function square(crs: string, half: number, resolution: number, chunk: number): Grid {
  const bounds = { west: -half, south: -half, east: half, north: half };
  return new Grid(GeoBox.fromBounds(bounds, parseCrs(crs), resolution), {
    height: chunk,
    width: chunk,
  });
}

const POLAR = square('EPSG:3413', 4e6, 1000, 128);
const DEGREES = new Grid(
  GeoBox.fromBounds({ west: -180, south: -90, east: 180, north: 90 }, parseCrs('EPSG:4326'), 0.01),
  { height: 100, width: 100 },
);

test('a longitude-latitude box up to 30 degrees wide gets every tile of a polar grid that a dense sample of it touches', () => {
  const boxes = fc.tuple(finite(-180, 150), finite(55, 85), finite(0.05, 30), finite(0.05, 20));
  fc.assert(
    fc.property(boxes, ([west, south, width, height]) => {
      const north = Math.min(south + height, 90);
      expectCovered({ west, south, east: west + width, north, crs: parseCrs('EPSG:4326') }, POLAR);
    }),
    { numRuns: 25 },
  );
});

test('a projected box that crosses neither the antimeridian nor the pole gets every tile of a degree grid that a dense sample of it touches', () => {
  const boxes = fc.tuple(finite(5e5, 2e6), finite(-2e6, 1e6), finite(1e3, 8e5), finite(1e3, 8e5));
  fc.assert(
    fc.property(boxes, ([west, south, width, height]) => {
      expectCovered(
        { west, south, east: west + width, north: south + height, crs: parseCrs('EPSG:3413') },
        DEGREES,
      );
    }),
    { numRuns: 25 },
  );
});

test('a projected box needs no more than the tiles its own bounding box spans, and one around it', () => {
  // Away from the antimeridian, so that longitudes are in one piece.
  const boxes = fc.tuple(
    finite(-5e5, 5e5),
    finite(-2.5e6, -1.5e6),
    finite(1e4, 3e5),
    finite(1e4, 3e5),
  );
  fc.assert(
    fc.property(boxes, ([west, south, width, height]) => {
      const box = {
        west,
        south,
        east: west + width,
        north: south + height,
        crs: parseCrs('EPSG:3413'),
      };
      const rows = [...tilesTouched(box, DEGREES)].map((id) => id.split('-').map(Number));
      const [r, c] = [rows.map(([row]) => row ?? 0), rows.map(([, col]) => col ?? 0)];
      for (const { row, col } of DEGREES.tilesIn(roiWindows(box, DEGREES.geobox))) {
        expect(row).toBeGreaterThanOrEqual(Math.min(...r) - 1);
        expect(row).toBeLessThanOrEqual(Math.max(...r) + 1);
        expect(col).toBeGreaterThanOrEqual(Math.min(...c) - 1);
        expect(col).toBeLessThanOrEqual(Math.max(...c) + 1);
      }
    }),
    { numRuns: 25 },
  );
});
