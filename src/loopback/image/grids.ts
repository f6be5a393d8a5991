/** Where the bands of an image lie by default. */
import { apply, shift } from '../../grid/affine.js';
import { boundsIn, type Geometry, type Projection, WGS84 } from '../geometry/geometry.js';
import { refuse } from '../refusal.js';
import type { BandGrid, Image, ImageBand } from './image.js';

/** The projection of the band's pixels; that of composites and constants has pixels of one degree. */
export function projectionOf({ grid }: ImageBand): Projection {
  if (grid === undefined) return WGS84;
  return { kind: 'Projection', crs: grid.crs, transform: grid.affine };
}

/** The one projection of all bands. @throws {EarthEngineError} when there is none. */
export function commonProjection({ bands }: Image): Projection {
  const [first, ...others] = bands.map(projectionOf);
  if (first === undefined) throw refuse('Image.projection: The image has no bands.');
  const isOne = others.every(
    ({ crs, transform }) =>
      crs === first.crs && transform.every((x, at) => x === first.transform[at]),
  );
  if (isOne) return first;
  throw refuse(
    'Image.projection: The bands of the specified image contains different projections. Use Image.select to pick exactly one band.',
  );
}

/** The grid with its first pixel at 0, 0, so that its affine is that of its upper left corner. */
export function withoutOrigin({ origin, ...grid }: BandGrid): BandGrid {
  if (origin === undefined) return grid;
  return { ...grid, affine: shift(grid.affine, ...origin) };
}

/** Pixels of a projection that touch a geometry, as far as `within` has them; without one when none does. */
export function cropped(projection: Projection, geometry: Geometry, within?: BandGrid): BandGrid {
  const whole: BandGrid = { crs: projection.crs, affine: projection.transform };
  const box = boundsIn(geometry, projection);
  if (box === undefined) return { ...whole, shape: [0, 0] };
  // A bound that is a pixel's edge but for rounding must not add a pixel.
  let west = Math.floor(box.west + ROUNDING);
  let south = Math.floor(box.south + ROUNDING);
  let east = Math.ceil(box.east - ROUNDING);
  let north = Math.ceil(box.north - ROUNDING);
  if (within?.shape !== undefined) {
    const [height, width] = within.shape;
    const [col, row] = within.origin ?? [0, 0];
    west = Math.max(west, col);
    south = Math.max(south, row);
    east = Math.min(east, col + width);
    north = Math.min(north, row + height);
  }
  const shape = [Math.max(0, north - south), Math.max(0, east - west)] as const;
  return west === 0 && south === 0
    ? { ...whole, shape }
    : { ...whole, shape, origin: [west, south] };
}

/** Parts of a pixel. */
const ROUNDING = 1e-6;

/** The outline of the grid, in its own CRS. */
export function footprintOf(grid: BandGrid): Geometry | undefined {
  if (grid.shape === undefined) return undefined;
  const { crs, affine, shape } = withoutOrigin(grid);
  const [height, width] = shape ?? [0, 0];
  const ring = [
    [0, height],
    [width, height],
    [width, 0],
    [0, 0],
    [0, height],
  ].map(([col = 0, row = 0]) => apply(affine, col, row));
  return {
    kind: 'Geometry',
    type: 'Polygon',
    coordinates: [ring],
    projection: { kind: 'Projection', crs, transform: WGS84.transform },
    geodesic: false,
  };
}
