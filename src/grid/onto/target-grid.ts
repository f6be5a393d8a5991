import { expected } from '../../errors.js';
import { apply, type XY } from '../affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../crs/crs.js';
import { fullTurnOf } from '../crs/full-turn.js';
import { type Bounds, boundsOfPoints, type Shape } from '../frame.js';
import { GeoBox } from '../geobox.js';
import type { Roi } from '../roi.js';
import { placeRegion } from '../shapes/region.js';
import type { Resolution } from '../snap.js';

/** A grid as people ask for one: by its system, and the size of its pixels or their number. */
export interface TargetGridOptions {
  /** Default: the region's own, as the cube has it. */
  readonly crs?: Crs | undefined;
  /**
   * Of a pixel, in units of that CRS; edges are snapped outward to multiples of it, as by gdalwarp's `-tr` with `-tap`.
   * Default: pixels as large as the cube's are there (see `GeoBox.toCrs`).
   */
  readonly resolution?: Resolution | undefined;
  /** Columns and rows; the bounds are then exactly the region's, as by gdalwarp's `-te` with `-ts`. */
  readonly shape?: Shape | undefined;
}

/**
 * The north-up grid that covers a region in a CRS. Across the antimeridian longitudes (and x of cylindrical
 * projections) go on past the edge of the map; a region around a pole has all of them.
 *
 * @param own the region's pixels on the cube's grid
 * @throws {InvalidInputError} when a part of it has no place in that CRS, or the numbers make no grid.
 */
export function targetGrid(own: GeoBox, roi: Roi, options: TargetGridOptions): GeoBox {
  const { crs = own.crs, shape } = options;
  const { resolution = shape === undefined ? pixelIn(own, crs) : undefined } = options;
  if (options.resolution !== undefined && shape !== undefined)
    throw expected('a resolution or a size', 'the grid to write', 'both');
  const bounds = boundsIn(own, roi, crs);
  const grid = GeoBox.fromBounds(bounds, crs, {
    ...(shape === undefined ? {} : { shape, anchor: 'floating' }),
    ...(resolution === undefined ? {} : { resolution }),
  });
  if (Math.max(grid.height, grid.width) > LONGEST_SIDE)
    throw expected(
      `at most ${LONGEST_SIDE} pixels on a side`,
      'the grid to write',
      `${grid.width} x ${grid.height}`,
      'The resolution is in units of its CRS.',
    );
  return grid;
}

/** The size that a pixel of the middle rows has in another CRS. */
function pixelIn(own: GeoBox, crs: Crs): XY {
  if (sameCrs(own.crs, crs)) return own.resolution;
  const [row, middle] = [Math.floor(own.height / 2), Math.floor(own.width / 2)];
  // Cylindrical projections have one scale along a row; in the middle, an edge of the map may part a pixel.
  const col = fullTurnOf(crs) === undefined ? middle : 0;
  return own.crop({ row, col, height: 1, width: 1 }).toCrs(crs, { resolution: 'fit' }).resolution;
}

/** Rows and columns that GDAL counts. */
const LONGEST_SIDE = 2 ** 31 - 1;

function boundsIn(own: GeoBox, roi: Roi, crs: Crs): Bounds {
  const frame = frameFor(own, crs);
  const { polygons, lines, points } = placeRegion(frame, roi, 'world');
  const all = [...points, ...lines.flat(), ...polygons.flat(2)] as XY[];
  if (all.length === 0) throw expected('a region with a place there', crs.name, 'none');
  // Those are pixels of the frame.
  const world = all.map(([col, row]) => apply(frame.affine, col, row));
  const bounds = boundsOfPoints(world);
  const turn = crs.isGeographic ? { length: 360, middle: 0 } : fullTurnOf(crs);
  if (turn === undefined || bounds.west >= turn.middle - turn.length / 2) return bounds;
  const isAround = bounds.east - bounds.west >= turn.length;
  const by = isAround ? 0 : turn.length;
  return { ...bounds, west: bounds.west + by, east: bounds.east + by };
}

/**
 * A small frame in the middle of the region, so that what lies across the edge of a map of the world stays
 * together; in the middle of the map where the region goes around the earth.
 */
function frameFor(own: GeoBox, crs: Crs): GeoBox {
  if (!crs.isGeographic && fullTurnOf(crs) === undefined) return own.toCrs(crs);
  const geographic = parseCrs(EPSG_4326);
  const { west, east, south, north } = own.toCrs(geographic).bounds;
  const longitude = east - west >= 360 ? 0 : (west + east) / 2;
  const convert = transformer(geographic, crs);
  const [x, y] = convert(longitude, (south + north) / 2);
  const [across, down] = pixelIn(own, crs);
  return new GeoBox(crs, { height: 2, width: 2 }, [across, 0, x - across, 0, down, y - down]);
}
