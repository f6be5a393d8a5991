import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { apply, invert } from '../../../src/grid/affine.js';
import { parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { requestGeoBox } from '../../../src/grid/onto/request-grid.js';
import fc from '../../fast-check.js';

const geobox = (
  crs: string,
  height: number,
  width: number,
  [west, north, size]: readonly number[],
) =>
  new GeoBox(parseCrs(crs), { height, width }, [
    size ?? 1,
    0,
    west ?? 0,
    0,
    -(size ?? 1),
    north ?? 0,
  ]);

/** Where points of the tile lie in the box, as parts of its width and height are no matter: in pixels. */
function positions(tile: GeoBox, box: GeoBox, count: number): (readonly [number, number])[] {
  const project = transformer(tile.crs, box.crs);
  const inverse = invert(box.affine);
  const middle = box.affine[2] + (box.width * box.affine[0]) / 2;
  return Array.from({ length: count }, (_, k) => {
    const [col, row] = [((k * 7919) % 1009) / 1008, ((k * 104_729) % 1013) / 1012];
    const [x, y] = project(...apply(tile.affine, col * tile.width, row * tile.height));
    const turned = box.crs.isGeographic ? x + 360 * Math.round((middle - x) / 360) : x;
    return apply(inverse, turned, y);
  });
}

describe('the geobox that pixels of a tile are asked for on', () => {
  test('lies on the grid: whole pixels from its origin, north up', () => {
    const tile = geobox('EPSG:4326', 100, 100, [-78, 25, 0.003]);
    const grid = { crs: 'EPSG:32618', resolution: 300, origin: [101_985, 2_826_915] } as const;
    const { affine } = requestGeoBox(tile, grid, 1);
    expect([affine[0], affine[4]]).toEqual([300, -300]);
    expect(Math.abs((affine[2] - 101_985) % 300)).toBe(0);
    expect(Math.abs((affine[5] - 2_826_915) % 300)).toBe(0);
  });

  test.each([
    ['a UTM zone', geobox('EPSG:4326', 200, 300, [126, 72, 0.01]), 'EPSG:32652', 500],
    [
      'a tile across a pole',
      geobox('EPSG:3413', 100, 100, [-50_000, 50_000, 1000]),
      'EPSG:3995',
      900,
    ],
    [
      'degrees across the antimeridian',
      geobox('EPSG:32601', 90, 90, [300_000, 7_000_000, 4000]),
      'EPSG:4326',
      0.05,
    ],
    ['the same system, shifted', geobox('EPSG:3413', 50, 60, [15, 15, 30]), 'EPSG:3413', 30],
    ['pixels twenty times as fine', geobox('EPSG:3413', 20, 20, [0, 0, 600]), 'EPSG:3413', 30],
  ] as const)(
    'holds every point of the tile and the pixels a resampling looks at: %s',
    (_, tile, crs, resolution) => {
      const radius = 2;
      const box = requestGeoBox(tile, { crs, resolution }, radius);
      for (const [col, row] of positions(tile, box, 2000)) {
        expect(col).toBeGreaterThanOrEqual(radius);
        expect(row).toBeGreaterThanOrEqual(radius);
        expect(col).toBeLessThanOrEqual(box.width - radius);
        expect(row).toBeLessThanOrEqual(box.height - radius);
      }
    },
  );

  test('holds every point of tiles anywhere in a zone', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: 6, noNaN: true }),
        fc.double({ min: -79, max: 83, noNaN: true }),
        fc.integer({ min: 1, max: 400 }),
        (east, north, side) => {
          const tile = geobox('EPSG:4326', side, side, [129 + east, north, 0.01]);
          const box = requestGeoBox(tile, { crs: 'EPSG:32652', resolution: 400 }, 1);
          for (const [col, row] of positions(tile, box, 300)) {
            expect(Math.min(col, row)).toBeGreaterThanOrEqual(1);
            expect(col).toBeLessThanOrEqual(box.width - 1);
            expect(row).toBeLessThanOrEqual(box.height - 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a tile that the CRS does not cover is refused with the name of the CRS', () => {
    const tile = geobox('EPSG:4326', 10, 10, [0, 5, 1]);
    const beyond = () =>
      requestGeoBox(tile, { crs: '+proj=gnom +lat_0=-90 +lon_0=0', resolution: 1e4 }, 1);
    expect(beyond).toThrow(InvalidInputError);
    expect(beyond).toThrow(/CRS that covers the whole tile for "requestGrid".*gnom/);
  });
});
