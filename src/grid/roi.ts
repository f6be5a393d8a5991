import { expected } from '../errors.js';
import type { XY } from './affine.js';
import { type Crs, EPSG_4326, parseCrs } from './crs/crs.js';
import { boundsOf } from './frame.js';
import type { GeoBox } from './geobox.js';
import type { GeoJsonRegion } from './shapes/geojson.js';
import { boundingWindows } from './shapes/pixel-windows.js';
import { placeOn } from './shapes/place.js';
import { type BoundingBox, checkBoundingBox, placeRegion, shapesOf } from './shapes/region.js';
import { type CellGrid, type CellPosition, touchedCells } from './shapes/touched-cells.js';
import type { Window } from './window.js';

export type { GeoJsonRegion } from './shapes/geojson.js';
export type { BoundingBox } from './shapes/region.js';

/** What a region of interest may be given as. */
export type Roi = GeoBox | BoundingBox | GeoJsonRegion;

/**
 * Reads `xmin,ymin,xmax,ymax`.
 *
 * @throws {InvalidInputError} when there are not four numbers, when south >= north, or when
 * west > east without crossing the antimeridian: in a projected CRS, or spanning over 180 degrees,
 * where swapped edges are the likelier reading.
 */
export function parseBoundingBox(text: string, crs: Crs = parseCrs(EPSG_4326)): BoundingBox {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [west, south, east, north] = numbers;
  if (
    numbers.length !== 4 ||
    numbers.some((number) => !Number.isFinite(number)) ||
    west === undefined ||
    south === undefined ||
    east === undefined ||
    north === undefined
  ) {
    throw expected('four numbers xmin,ymin,xmax,ymax', 'the bounding box', text);
  }
  const box = { west, south, east, north, crs };
  checkBoundingBox(box);
  return box;
}

/**
 * The bounding windows of the pixels of `grid` that a region touches: one window, or two where the
 * region crosses the antimeridian of a geographic grid around the earth (its western part first).
 *
 * A region in another CRS is projected with its edges densified, to a hundredth of a pixel. Longitudes
 * 360 degrees apart are taken for the same place.
 *
 * @throws {InvalidInputError} when the region lies wholly outside the grid, or is no region.
 */
export function roiWindows(roi: Roi, grid: GeoBox): Window[] {
  const windows = boundingWindows(placeRegion(grid, roi), grid);
  if (windows.length === 0) throw outside(roi, grid);
  return windows;
}

/** A grid of tiles; a `Grid` is one. */
export interface TileGrid extends CellGrid {
  readonly geobox: GeoBox;
}

/**
 * The tiles that a region touches, each once, in row-major order. Tiles of a polygon are those that
 * its inside reaches into, holes respected, not those of its bounding box; an edge along a tile's edge
 * does not touch the tile beyond. A point or a line on a tile's edge belongs to the tile with the higher
 * row or column, and at the end of the grid to the last.
 *
 * Only rows and columns that hold a part of the region are looked at.
 *
 * @throws {InvalidInputError} when the region touches no tile, or is no region.
 */
export function* tilesOf(roi: Roi, grid: TileGrid): Generator<CellPosition> {
  yield* tilesIn(roi, grid);
}

/**
 * As {@link tilesOf}, but can be gone through again and again: the region is put onto the grid once.
 * @throws {InvalidInputError} at once.
 */
export function tilesIn(roi: Roi, grid: TileGrid): Iterable<CellPosition> {
  const tiles = touchedCells(placeRegion(grid.geobox, roi), grid);
  const [first] = tiles;
  if (first === undefined) throw outside(roi, grid.geobox);
  return tiles;
}

function outside(roi: Roi, grid: GeoBox) {
  const { west, south, east, north } = boundsOf(grid);
  return expected(
    `a region that touches the cube (${grid.crs.name} ${west},${south},${east},${north})`,
    'the region of interest',
    describe(roi),
    looksSwapped(roi, grid)
      ? 'With latitude and longitude swapped it would touch it: longitudes come first.'
      : undefined,
  );
}

/** Whether a geographic region lies on the grid when its latitudes are taken for longitudes. */
export function looksSwapped(roi: Roi, grid: GeoBox): boolean {
  if ('affine' in roi) return false;
  const { shapes, crs } = shapesOf(roi);
  if (!crs.isGeographic) return false;
  const swap = ([x, y]: XY): XY => [y, x];
  const swapped = {
    points: shapes.points.map(swap),
    lines: shapes.lines.map((line) => line.map(swap)),
    polygons: shapes.polygons.map((rings) => rings.map((ring) => ring.map(swap))),
  };
  const places = [swapped.points, ...swapped.lines, ...swapped.polygons.flat()].flat();
  return (
    places.every(([, latitude]) => Math.abs(latitude) <= 90) &&
    boundingWindows(placeOn(grid, swapped, crs), grid).length > 0
  );
}

function describe(roi: Roi): string {
  if ('type' in roi) return `GeoJSON ${roi.type}`;
  const { west, south, east, north } = 'affine' in roi ? boundsOf(roi) : roi;
  return `${roi.crs.name} ${west},${south},${east},${north}`;
}
