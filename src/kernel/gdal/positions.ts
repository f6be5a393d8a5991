import type { CoordinateTransformation, SpatialReference } from 'gdal-async';
import { shift, toGeoTransform } from '../../grid/affine.js';
import type { Window } from '../../grid/window.js';
import type { Lattice } from '../resample/lattice.js';
import { type Positions, type Project, positionsBy, toPixels } from '../resample/positions.js';
import { loadGdal } from './load.js';

/**
 * Positions in a raster as GDAL's warper finds them, by PROJ, for a whole row at a time.
 *
 * @param source `area` is where the raster lies on its lattice: PROJ may choose among operations by it
 */
export function positionsIn(
  source: { readonly srs: SpatialReference; readonly lattice: Lattice; readonly area: Window },
  target: { readonly srs: SpatialReference; readonly lattice: Lattice },
): Positions {
  const { srs, lattice, area } = source;
  if (srs.isSame(target.srs)) return positionsBy(target.lattice, toPixels(lattice.affine));
  const gdal = loadGdal();
  const { row, col, height, width } = area;
  const transform = toGeoTransform(shift(lattice.affine, col, row));
  // Nothing of it is ever read: the driver of VRT keeps no pixels.
  const stub = gdal.open(
    `<VRTDataset rasterXSize="${Math.min(width, MOST)}" rasterYSize="${Math.min(height, MOST)}">` +
      `<GeoTransform>${transform.join(',')}</GeoTransform><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>`,
    'r+',
  );
  try {
    stub.srs = srs;
    const inArea = byLines(new gdal.CoordinateTransformation(target.srs, stub));
    const project: Project =
      row === 0 && col === 0
        ? inArea
        : (xs, ys) => {
            inArea(xs, ys);
            for (let i = 0; i < xs.length; i++) {
              xs[i] = (xs[i] as number) + col;
              ys[i] = (ys[i] as number) + row;
            }
          };
    return positionsBy(target.lattice, project);
  } finally {
    stub.close();
  }
}

/** Pixels on a side that GDAL can count. */
const MOST = 2 ** 31 - 1;

/** Coordinates of one system to those of another, in place, whatever area they are of. */
export function projectBetween(from: SpatialReference, to: SpatialReference): Project {
  const transformation = new (loadGdal().CoordinateTransformation)(from, to);
  return (xs, ys) => onePointAtATime(transformation, xs, ys);
}

const HEADER = 9;
const LINE_STRING = 2;

/** A line of points crosses to GDAL and back as one geometry, four times as fast as point by point. */
function byLines(transformation: CoordinateTransformation): Project {
  const { Geometry } = loadGdal();
  let buffer = Buffer.alloc(0);
  return (xs, ys) => {
    const count = xs.length;
    if (count === 1 || !xs.every(Number.isFinite) || !ys.every(Number.isFinite))
      return onePointAtATime(transformation, xs, ys);
    if (buffer.length !== HEADER + 16 * count) buffer = Buffer.alloc(HEADER + 16 * count);
    buffer.writeUInt8(1, 0);
    buffer.writeUInt32LE(LINE_STRING, 1);
    buffer.writeUInt32LE(count, 5);
    for (let i = 0, at = HEADER; i < count; i++, at += 16) {
      buffer.writeDoubleLE(xs[i] as number, at);
      buffer.writeDoubleLE(ys[i] as number, at + 8);
    }
    let moved: Buffer;
    try {
      const line = Geometry.fromWKB(buffer);
      line.transform(transformation);
      moved = line.toWKB('LSB' as never) as Buffer;
    } catch {
      // One of the points has no image.
      return onePointAtATime(transformation, xs, ys);
    }
    if (moved.length !== buffer.length) return onePointAtATime(transformation, xs, ys);
    for (let i = 0, at = HEADER; i < count; i++, at += 16) {
      xs[i] = moved.readDoubleLE(at);
      ys[i] = moved.readDoubleLE(at + 8);
    }
  };
}

function onePointAtATime(
  transformation: CoordinateTransformation,
  xs: Float64Array,
  ys: Float64Array,
): void {
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i] as number, ys[i] as number];
    xs[i] = Number.NaN;
    ys[i] = Number.NaN;
    if (!Number.isFinite(x + y)) continue;
    try {
      const point = transformation.transformPoint(x, y);
      xs[i] = point.x;
      ys[i] = point.y;
    } catch {
      // No image.
    }
  }
}
