import { endianness } from 'node:os';
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

/** Bytes of a line of points, before these. */
const HEADER = 9;
const LINE_STRING = 2;

/** A line of points as GDAL takes and gives it, whose coordinates are also seen as numbers. */
class Line {
  readonly bytes: Buffer;
  readonly coordinates: Float64Array;

  constructor(count: number) {
    // So that the coordinates begin at a multiple of their size.
    const memory = new ArrayBuffer(16 + 16 * count);
    this.bytes = Buffer.from(memory, 16 - HEADER);
    this.coordinates = new Float64Array(memory, 16);
    this.bytes.writeUInt8(endianness() === 'LE' ? 1 : 0, 0);
    if (endianness() === 'LE') {
      this.bytes.writeUInt32LE(LINE_STRING, 1);
      this.bytes.writeUInt32LE(count, 5);
    } else {
      this.bytes.writeUInt32BE(LINE_STRING, 1);
      this.bytes.writeUInt32BE(count, 5);
    }
  }
}

/** A line of points crosses to GDAL and back as one geometry, four times as fast as point by point. */
function byLines(transformation: CoordinateTransformation): Project {
  const { Geometry } = loadGdal();
  const order = (endianness() === 'LE' ? 'LSB' : 'MSB') as never;
  let line = new Line(0);
  return (xs, ys) => {
    const count = xs.length;
    if (count === 1 || !areFinite(xs) || !areFinite(ys))
      return onePointAtATime(transformation, xs, ys);
    if (line.coordinates.length !== 2 * count) line = new Line(count);
    const { bytes, coordinates } = line;
    for (let i = 0; i < count; i++) {
      coordinates[2 * i] = xs[i] as number;
      coordinates[2 * i + 1] = ys[i] as number;
    }
    let moved: Buffer;
    try {
      const geometry = Geometry.fromWKB(bytes);
      geometry.transform(transformation);
      moved = geometry.toWKB(order) as Buffer;
    } catch {
      // One of the points has no image.
      return onePointAtATime(transformation, xs, ys);
    }
    if (moved.length !== bytes.length) return onePointAtATime(transformation, xs, ys);
    bytes.set(moved);
    for (let i = 0; i < count; i++) {
      xs[i] = coordinates[2 * i] as number;
      ys[i] = coordinates[2 * i + 1] as number;
    }
  };
}

function areFinite(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
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
