import { expected } from '../../errors.js';
import { apply, isAxisAligned, type XY } from '../affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../crs/crs.js';
import {
  type Bounds,
  boundsOf,
  boundsOfPoints,
  cornersOf,
  type Frame,
  pixelSize,
  type Shape,
} from '../frame.js';
import { hasImage, isPolarCap, piecesOf, toGeographic } from '../shapes/geographic.js';
import { isFinitePoint, mapPath } from '../shapes/path.js';
import { clipRings, type Ring } from '../shapes/ring.js';
import { frameOf, pixelVector, type Resolution, type SnapOptions } from '../snap.js';
import { scaleAt } from './pixel-map.js';

/** Which pixels a geobox has in another CRS. */
export interface ToCrsOptions extends SnapOptions {
  /**
   * - `auto`: `same` where both systems have the same unit, else `fit`; the default
   * - `same`: the numbers of this geobox's own resolution
   * - `fit`: square pixels as large as this geobox's middle pixel is there
   * - or a resolution in units of the other CRS
   */
  readonly resolution?: 'auto' | 'same' | 'fit' | Resolution;
  /** Rows and columns, or pixels along the longer side; goes before `resolution`. */
  readonly shape?: Shape | number;
}

/** By how many pixels the outline is widened before it is projected: odc-geo's number. */
const BUFFER = 0.9;
/** Segments of a quarter circle at a widened corner: those of the library under odc-geo. */
const CORNER_SEGMENTS = 16;
/** By how much of a pixel a projected edge may miss the true one. */
const FLATNESS = 1e-4;

/**
 * The north-up frame that covers `frame` in another CRS: the rule of odc-geo's `GeoBox.to_crs`. The
 * outline, widened by 0.9 pixels, is projected with its edges densified; its bounds are snapped outward.
 *
 * Resolution `fit`: let P be the bounds of the projected middle pixel (row floor(height / 2), column
 * floor(width / 2)), and (sx, sy) the scales at its middle of the map from P, taken as one pixel, to
 * that pixel. The new pixels are squares with a side of (width of P / sx + height of P / sy) / 2.
 *
 * Within one CRS and with default options the frame itself is returned. Differences from odc-geo: across
 * the antimeridian longitudes run past 180 degrees instead of spanning the world; a pole inside is
 * covered, with all longitudes. What lies across the edge of a map of the world (the antimeridian of
 * EPSG:3857) comes out as wide as the map.
 *
 * @throws {InvalidInputError} when a part of the outline has no place in the other CRS.
 */
export function frameInCrs(frame: Frame, crs: Crs, options: ToCrsOptions): Frame {
  const { resolution = 'auto', shape, anchor, origin, tolerance } = options;
  const isAuto = resolution === 'auto' || resolution === 'same';
  const isAsItIs = isAuto && shape === undefined && anchor === undefined && origin === undefined;
  if (sameCrs(frame.crs, crs) && isAsItIs) return frame;
  const outline = widened(frame);
  if (!sameCrs(frame.crs, crs) && !hasImage(cornersOf(frame), frame.crs, crs))
    throw noImage(frame, crs);
  const size = shape === undefined ? resolutionIn(frame, crs, resolution) : undefined;
  const flatness = size === undefined ? roughSize(frame, crs) : pixelVector(size).map(Math.abs);
  const bounds = boundsIn(outline, frame.crs, crs, FLATNESS * Math.min(...flatness));
  if (bounds === undefined) throw noImage(frame, crs);
  return frameOf(bounds, crs, {
    ...(shape === undefined ? {} : { shape }),
    ...(size === undefined ? {} : { resolution: size }),
    ...(anchor === undefined ? {} : { anchor }),
    ...(origin === undefined ? {} : { origin }),
    ...(tolerance === undefined ? {} : { tolerance }),
  });
}

function noImage(frame: Frame, crs: Crs) {
  return expected(
    `a geobox whose whole outline has a place in ${crs.name.slice(0, 60)}`,
    'the reprojection',
    `${frame.crs.name.slice(0, 60)} ${Object.values(boundsOf(frame))}`,
    'Crop it.',
  );
}

function resolutionIn(
  frame: Frame,
  crs: Crs,
  resolution: NonNullable<ToCrsOptions['resolution']>,
): Resolution {
  if (typeof resolution !== 'string') return resolution;
  const isSame = resolution === 'same' || (resolution === 'auto' && frame.crs.unit === crs.unit);
  if (!isSame) return fittedSize(frame, crs);
  const { affine } = frame;
  if (!isAxisAligned(affine))
    throw expected('a grid without rotation', 'the resolution "same"', affine.join(', '));
  return [affine[0], affine[4]];
}

/** See `frameInCrs`. */
function fittedSize(frame: Frame, crs: Crs): number {
  const { height, width } = frame.shape;
  const [row, col] = [Math.floor(height / 2), Math.floor(width / 2)];
  const [a, b, , d, e] = frame.affine;
  const [c, f] = apply(frame.affine, col, row);
  const pixel: Frame = { ...frame, shape: { height: 1, width: 1 }, affine: [a, b, c, d, e, f] };
  const convert = transformer(frame.crs, crs);
  const corners = cornersOf(pixel).map(([x, y]) => convert(x, y));
  if (!corners.every(isFinitePoint)) {
    throw expected(
      `a geobox whose middle has a place in ${crs.name}`,
      'the reprojection',
      frame.crs.name,
    );
  }
  const { west, south, east, north } = boundsOfPoints(corners);
  const around: Frame = {
    crs,
    shape: { height: 1, width: 1 },
    affine: [east - west, 0, west, 0, south - north, north],
  };
  const [sx, sy] = scaleAt(around, pixel, [0.5, 0.5]);
  return ((east - west) / sx + (north - south) / sy) / 2;
}

function roughSize(frame: Frame, crs: Crs): XY {
  const size = fittedSize(frame, crs);
  return [size, size];
}

/** The outline in world coordinates, moved outward, with rounded corners. */
function widened(frame: Frame): Ring {
  const [rx, ry] = isAxisAligned(frame.affine)
    ? [frame.affine[0], frame.affine[4]]
    : pixelSize(frame);
  const radius = BUFFER * Math.max(rx, ry);
  const corners = cornersOf(frame);
  const { west, south, east, north } = boundsOfPoints(corners);
  const ring = isAxisAligned(frame.affine)
    ? roundedBox({ west, south, east, north }, radius)
    : awayFrom([(west + east) / 2, (south + north) / 2], corners, radius);
  if (!frame.crs.isGeographic) return ring;
  return ring.map(([x, y]) => [x, Math.max(Math.min(y, 90), -90)]);
}

function roundedBox({ west, south, east, north }: Bounds, radius: number): Ring {
  const quarters = [
    [east, north, 0],
    [west, north, 1],
    [west, south, 2],
    [east, south, 3],
  ] as const;
  return quarters.flatMap(([x, y, quarter]) =>
    Array.from({ length: CORNER_SEGMENTS + 1 }, (_, i): XY => {
      const angle = (Math.PI / 2) * (quarter + i / CORNER_SEGMENTS);
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    }),
  );
}

/** Corners of a rotated outline, moved away from its middle by at least `distance` along each axis. */
function awayFrom([cx, cy]: XY, corners: readonly XY[], distance: number): Ring {
  return corners.map(([x, y]) => [
    x + Math.SQRT2 * distance * Math.sign(x - cx),
    y + Math.SQRT2 * distance * Math.sign(y - cy),
  ]);
}

/** The bounds of an outline in another CRS, pole and antimeridian minded; `undefined` where they are not finite. */
function boundsIn(ring: Ring, from: Crs, to: Crs, tolerance: number): Bounds | undefined {
  const bounds = boundsOfPoints(outlineIn(ring, from, to, tolerance));
  const { west, south, east, north } = bounds;
  if (!(east > west && north > south && Number.isFinite(east - west + north - south)))
    return undefined;
  if (!to.isGeographic) return bounds;
  const isWhole = isPolarCap(bounds) || east - west >= 360;
  return {
    west: isWhole ? -180 : west,
    south: Math.max(south, -90),
    east: isWhole ? 180 : east,
    north: Math.min(north, 90),
  };
}

function outlineIn(ring: Ring, from: Crs, to: Crs, tolerance: number): Ring {
  if (sameCrs(from, to)) return ring;
  if (to.isGeographic) return toGeographic(from, to, [tolerance, tolerance], true).ring(ring);
  const convert = transformer(from, to);
  const map = (points: Ring, crs: Crs, image: (point: XY) => XY) =>
    mapPath(points, true, {
      image,
      isFlat: ([x1, y1], [x, y], [x2, y2]) =>
        Math.hypot(x - (x1 + x2) / 2, y - (y1 + y2) / 2) <= tolerance,
      pieces: piecesOf(points, crs),
    });
  if (from.isGeographic) return map(ring, from, ([x, y]) => convert(x, y));
  const geographic = parseCrs(EPSG_4326);
  const degrees = toGeographic(from, geographic, [1e-4, 1e-4], false).ring(ring);
  const { west, east } = boundsOfPoints(degrees);
  // In one piece on any map: the straight way loses nothing to an intermediate step.
  if (west >= -180 && east <= 180) return map(ring, from, ([x, y]) => convert(x, y));
  const project = transformer(geographic, to);
  const turns = isPolarCap({ west, east }) ? [0] : [-1, 0, 1];
  return turns
    .flatMap((turn) => clipRings([degrees.map(([x, y]): XY => [x + 360 * turn, y])], 0, -180, 180))
    .flatMap((part) => map(part, geographic, ([x, y]) => project(x, y)));
}
