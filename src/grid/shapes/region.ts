import { expected } from '../../errors.js';
import { apply } from '../affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../crs/crs.js';
import { fullTurnOf } from '../crs/full-turn.js';
import { type Bounds, cornersOf, type Frame, isUpright, toPixels } from '../frame.js';
import { footprint, type PixelMap } from './footprint.js';
import { isOnEarth } from './geographic.js';
import { type GeoJsonRegion, readGeoJson } from './geojson.js';
import { placeOn, type Shapes } from './place.js';

/**
 * A region of interest given by its outer edges. In geographic coordinates `west > east` means that
 * the region crosses the antimeridian, as in GeoJSON and STAC.
 */
export interface BoundingBox extends Bounds {
  readonly crs: Crs;
}

/**
 * A region of the earth: a geobox (its outline), a bounding box with its CRS, or GeoJSON.
 * Edges are straight in the region's own CRS.
 */
export type Region = Frame | BoundingBox | GeoJsonRegion;

/** The shapes of a region in its own CRS. @throws {InvalidInputError} when it is none. */
export function shapesOf(region: Region): { readonly shapes: Shapes; readonly crs: Crs } {
  if ('affine' in region) return { crs: region.crs, shapes: polygonOf(cornersOf(region)) };
  if ('type' in region) return readGeoJson(region);
  if (!('west' in region))
    throw expected('a geobox, a bounding box or GeoJSON', 'the region of interest', typeof region);
  checkBoundingBox(region);
  const { west, south, north, crs } = region;
  const east = west > region.east ? region.east + 360 : region.east;
  return {
    crs,
    shapes: polygonOf([
      [west, north],
      [east, north],
      [east, south],
      [west, south],
    ]),
  };
}

/**
 * A region in pixel coordinates of a frame; see {@link placeOn}. A geobox that reaches off the earth, as a
 * map of the world with round corners does, covers what of it lies there.
 *
 * @throws {InvalidInputError} when it is no region.
 */
export function placeRegion(frame: Frame, region: Region, reach?: 'frame' | 'world'): Shapes {
  const { shapes, crs } = shapesOf(region);
  if ('affine' in region && !sameCrs(crs, frame.crs) && !isOnEarth(region, parseCrs(EPSG_4326))) {
    const whole = { row: 0, col: 0, ...frame.shape };
    const polygons = [...footprint(mapOnEarth(region, frame), region.shape, whole)];
    return { points: [], lines: [], polygons: polygons.map(({ ring }) => [ring]) };
  }
  return placeOn(frame, shapes, crs, reach);
}

/** By how much of a pixel a place must come back to where it was. */
const RETURNS = 0.1;

/** The map from a raster to a frame, of places on earth only: projections give numbers for others too. */
function mapOnEarth(raster: Frame, frame: Frame): PixelMap {
  const [there, back] = [transformer(raster.crs, frame.crs), transformer(frame.crs, raster.crs)];
  const [toRaster, toFrame] = [toPixels(raster), toPixels(frame)];
  const turn = isUpright(frame) ? fullTurnOf(frame.crs) : undefined;
  return {
    turn: turn === undefined ? undefined : turn.length / frame.affine[0],
    image: ([col, row]) => {
      const world = there(...apply(raster.affine, col, row));
      const [x, y] = toRaster(back(...world));
      return Math.hypot(x - col, y - row) <= RETURNS ? toFrame(world) : [Number.NaN, Number.NaN];
    },
  };
}

function polygonOf(ring: Shapes['polygons'][number][number]): Shapes {
  return { points: [], lines: [], polygons: [[ring]] };
}

/** @throws {InvalidInputError} when edges are swapped, not finite, or leave no inside. */
export function checkBoundingBox({ west, south, east, north, crs }: BoundingBox): void {
  const shown = `${west},${south},${east},${north}`;
  if (![west, south, east, north].every(Number.isFinite))
    throw expected('four finite numbers', 'the bounding box', shown);
  if (!(south < north))
    throw expected(
      'ymin < ymax',
      'the bounding box',
      shown,
      'Swap the second and the fourth number.',
    );
  if (west === east) throw expected('xmin and xmax to differ', 'the bounding box', shown);
  if (west < east) return;
  if (!crs.isGeographic) {
    throw expected(
      `xmin < xmax (${crs.name} has no antimeridian to cross)`,
      'the bounding box',
      shown,
      'Swap the first and the third number.',
    );
  }
  if (east + 360 - west > 180) {
    throw expected(
      'xmin < xmax, or a box across the antimeridian at most 180 degrees wide',
      'the bounding box',
      shown,
      'Swap the first and the third number.',
    );
  }
}
