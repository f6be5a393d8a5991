/** What can be asked of a projection, and projections made of others. */
import { compose, scalesOf } from '../../grid/affine.js';
import { parseCrs } from '../../grid/crs/crs.js';
import { loadGdal } from '../../kernel/gdal/load.js';
import { IDENTITY, type Projection } from './geometry.js';

/** Metres in a degree at the equator of WGS84, which is what Earth Engine takes for a degree's size. */
const METRES_PER_DEGREE = (6378137 * Math.PI) / 180;

/** Metres in one unit of the CRS. */
export function metresPerUnit(crs: string): number {
  const srs = loadGdal().SpatialReference.fromUserInput(parseCrs(crs).name);
  if (srs.isGeographic()) return METRES_PER_DEGREE;
  return srs.getLinearUnits().value;
}

/** Metres across a pixel of the projection: the root of its area. */
export function nominalScale({ crs, transform }: Projection): number {
  const [x, y] = scalesOf(transform);
  return Math.sqrt(Math.abs(x * y)) * metresPerUnit(crs);
}

/** The projection with pixels `x` and `y` times as large, about the pixel corner at 0, 0. */
export function scaled(projection: Projection, x: number, y: number): Projection {
  return { ...projection, transform: compose(projection.transform, [x, 0, 0, 0, y, 0]) };
}

/** With pixels of so many metres, about the origin of the CRS. */
export function atScale(projection: Projection, metres: number): Projection {
  const factor = metres / nominalScale(projection);
  const [a, b, , d, e] = projection.transform;
  return { ...projection, transform: [a * factor, b * factor, 0, d * factor, e * factor, 0] };
}

export function withoutTransform(projection: Projection): Projection {
  return { ...projection, transform: IDENTITY };
}
