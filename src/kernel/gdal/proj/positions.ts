import type { CoordinateTransformation, SpatialReference } from 'gdal-async';
import { interpolatedBy } from '../../resample/interpolated.js';
import type { Lattice } from '../../resample/lattice.js';
import { type Positions, type Project, positionsBy, toPixels } from '../../resample/positions.js';
import { loadGdal } from '../load.js';
import { nativeLoops } from '../resample-addon.js';
import { pointsBy } from './srs.js';

/**
 * Positions in a raster by PROJ, for a whole row at a time. Which of several operations is taken depends on
 * the place alone: GDAL's warper would also tell PROJ the area of the raster, which changes as files are cut,
 * and which it has wrong where longitudes do not count from Greenwich.
 */
export function positionsIn(
  source: { readonly srs: SpatialReference; readonly lattice: Lattice },
  target: { readonly srs: SpatialReference; readonly lattice: Lattice },
): Positions {
  const pixels = toPixels(source.lattice.affine);
  if (source.srs.isSame(target.srs)) return positionsBy(target.lattice, pixels);
  const gdal = loadGdal();
  const project = byLines(new gdal.CoordinateTransformation(target.srs, source.srs));
  const intoPixels: Project = (xs, ys) => {
    project(xs, ys);
    pixels(xs, ys);
  };
  return interpolatedBy(target.lattice, intoPixels, nativeLoops());
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
  const image = pointsBy(transformation);
  for (let i = 0; i < xs.length; i++)
    [xs[i], ys[i]] = image(xs[i] as number, ys[i] as number) as [number, number];
}
