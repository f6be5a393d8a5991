import type { MultiPolygon, Polygon } from 'geojson';
import { check } from '../arguments.js';
import { expected } from '../errors.js';
import { type Affine, apply, invert, shift, type XY } from './affine.js';
import { type Crs, parseCrs, sameCrs, titleOf } from './crs/crs.js';
import { geographicExtent } from './extent.js';
import {
  type Bounds,
  boundsOf,
  boundsOfPoints,
  cornersOf,
  EDGE_TOLERANCE,
  type Frame,
  isUpright,
  pixelsTouched,
  type Shape,
  within,
} from './frame.js';
import { frameInCrs, type ToCrsOptions } from './onto/reproject.js';
import { boundingWindows } from './shapes/pixel-windows.js';
import { placeRegion, type Region } from './shapes/region.js';
import { checkShape, type FrameOptions, frameOf, type Resolution } from './snap.js';
import type { Window } from './window.js';
import { zoomedOut, zoomedTo } from './zoom.js';

export type { Bounds, Shape } from './frame.js';
export type { ToCrsOptions } from './onto/reproject.js';
export type { Anchor, FrameOptions, Resolution, SnapOptions } from './snap.js';

/** A GeoBox as plain data, for threads, attributes and JSON. */
export interface GeoBoxRecord {
  readonly crs: string;
  readonly shape: readonly [height: number, width: number];
  readonly affine: Affine;
}

/** World coordinates of pixel centres along each axis. */
export interface Coordinates {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** One of the parts a geobox is cut into. */
export interface GeoBoxTile {
  /** From the first row and column, from 0. */
  readonly row: number;
  readonly col: number;
  /** Its pixels in the geobox. */
  readonly window: Window;
  readonly geobox: GeoBox;
}

/**
 * Where a raster lies: its CRS, the affine transform of its outer corner, and its shape.
 *
 * The same idea as odc-geo's `GeoBox`, and the same numbers where it has the same method. Immutable. A
 * geographic geobox crosses the antimeridian by longitudes past 180 degrees.
 */
export class GeoBox {
  constructor(
    readonly crs: Crs,
    readonly shape: Shape,
    readonly affine: Affine,
  ) {
    check('record', crs, 'the CRS of a geobox');
    check('shape', shape, 'the shape of a geobox');
    check('six', affine, 'the affine of a geobox');
    checkShape(shape);
  }

  static fromRecord({ crs, shape: [height, width], affine }: GeoBoxRecord): GeoBox {
    return new GeoBox(parseCrs(crs), { height, width }, affine);
  }

  /**
   * The geobox that covers `bounds` with pixels of a given size (square and north-up when it is one
   * number, edges snapped outward to multiples of it) or with a given shape. The rule is that of odc-geo's
   * `GeoBox.from_bbox`; see `frameOf` for anchors and tolerance.
   *
   * In a geographic CRS `west > east` crosses the antimeridian: the geobox runs past 180 degrees.
   *
   * @throws {InvalidInputError} for bounds without an inside, or numbers that make no grid.
   */
  static fromBounds(bounds: Bounds, crs: Crs, options: number | FrameOptions): GeoBox {
    const { west, east } = bounds;
    const crosses = crs.isGeographic && west > east && east + 360 - west <= 180;
    const whole = crosses ? { ...bounds, east: east + 360 } : bounds;
    return of(frameOf(whole, crs, typeof options === 'number' ? { resolution: options } : options));
  }

  get height(): number {
    return this.shape.height;
  }

  get width(): number {
    return this.shape.width;
  }

  /** Pixel size as [x, y]; y is negative when north is up. */
  get resolution(): XY {
    return [this.affine[0], this.affine[4]];
  }

  /** Outer edges in the geobox's own CRS. */
  get bounds(): Bounds {
    return boundsOf(this);
  }

  /** The outline in the geobox's own CRS: a closed ring of its four corners, each [x, y]. */
  get extent(): Polygon {
    const corners = cornersOf(this).map(([x, y]) => [x, y]);
    return { type: 'Polygon', coordinates: [[...corners, ...corners.slice(0, 1)]] };
  }

  /**
   * The outline in EPSG:4326 as GeoJSON, edges densified, outer rings counterclockwise (RFC 7946). Cut
   * at the antimeridian where it crosses: a MultiPolygon. Around a pole, the polygon runs along it.
   *
   * @throws {InvalidInputError} when a part of the outline is no place on earth.
   */
  get geographicExtent(): Polygon | MultiPolygon {
    return geographicExtent(this);
  }

  /** True for the same CRS, shape and transform, to the last bit. */
  equals(other: GeoBox): boolean {
    return (
      sameCrs(this.crs, other.crs) &&
      this.height === other.height &&
      this.width === other.width &&
      this.affine.every((value, i) => value === other.affine[i])
    );
  }

  /**
   * The geobox that covers this one in another CRS, axis-aligned and north-up; see `frameInCrs`
   * for how the resolution is chosen.
   *
   * @throws {InvalidInputError} when this geobox has no finite outline there.
   */
  toCrs(crs: Crs | string, options: ToCrsOptions = {}): GeoBox {
    return of(frameInCrs(this, typeof crs === 'string' ? parseCrs(crs) : crs, options));
  }

  /** The geobox of a window of this one. The window may reach outside: that is how padding is made. */
  crop(window: Window): GeoBox {
    return new GeoBox(
      this.crs,
      { height: window.height, width: window.width },
      shift(this.affine, window.col, window.row),
    );
  }

  /** The same grid with `x` pixels more on the left and on the right, and `y` above and below. */
  pad(x: number, y: number = x): GeoBox {
    return this.crop({
      row: -y,
      col: -x,
      height: this.height + 2 * y,
      width: this.width + 2 * x,
    });
  }

  /** The same origin with as many pixels more at the far edges as make width and height multiples. */
  padToMultiples(x: number, y: number = x): GeoBox {
    checkShape({ height: y, width: x });
    return this.expand({
      height: Math.ceil(this.height / y) * y,
      width: Math.ceil(this.width / x) * x,
    });
  }

  /** The same origin and pixel size with another shape, larger or smaller. */
  expand(shape: Shape): GeoBox {
    return new GeoBox(this.crs, shape, this.affine);
  }

  /**
   * The same grid with as many pixels more on each side as hold `x` and `y` units of the CRS; a tenth of
   * a pixel short is near enough.
   */
  buffer(x: number, y: number = x): GeoBox {
    const [rx, ry] = this.resolution.map(Math.abs) as [number, number];
    return this.pad(Math.ceil(x / rx - 0.1), Math.ceil(y / ry - 0.1));
  }

  /** The same area and pixels with rows in the other order. */
  flipY(): GeoBox {
    const [a, b, , d, e] = this.affine;
    const [c, f] = apply(this.affine, 0, this.height);
    return new GeoBox(this.crs, this.shape, [a, -b, c, d, -e, f]);
  }

  /** The same area and pixels with columns in the other order. */
  flipX(): GeoBox {
    const [a, b, , d, e] = this.affine;
    const [c, f] = apply(this.affine, this.width, 0);
    return new GeoBox(this.crs, this.shape, [-a, b, c, -d, e, f]);
  }

  /** Fewer and larger pixels of the same origin: `factor` of the old ones along each side (below 1: more and smaller). */
  zoomOut(factor: number): GeoBox {
    return of(zoomedOut(this, factor));
  }

  /**
   * Other pixels for the same area: of a given size, or in a given shape (one number is the pixels along
   * the longer side).
   */
  zoomTo(target: { resolution: Resolution } | { shape: Shape | number }): GeoBox {
    return of(zoomedTo(this, target));
  }

  /** The geobox cut into parts of that shape, in row-major order; the last row and column may be smaller. */
  *tiles(shape: Shape): Generator<GeoBoxTile> {
    checkShape(shape);
    for (let top = 0, row = 0; top < this.height; top += shape.height, row++) {
      for (let left = 0, col = 0; left < this.width; left += shape.width, col++) {
        const window = {
          row: top,
          col: left,
          height: Math.min(shape.height, this.height - top),
          width: Math.min(shape.width, this.width - left),
        };
        yield { row, col, window, geobox: this.crop(window) };
      }
    }
  }

  /**
   * The geobox on this one's pixel grid that just covers a region, inside this one or not.
   *
   * @throws {InvalidInputError} for what is no region.
   */
  enclosing(region: Region): GeoBox {
    const { points, lines, polygons } = placeRegion(this, region, 'world');
    const all = [...points, ...lines.flat(), ...polygons.flat(2)] as XY[];
    if (all.length === 0)
      throw expected(`a region that has a place in ${this.crs.name}`, 'the geobox', 'none');
    return this.crop(pixelsTouched(boundsOfPoints(all), EDGE_TOLERANCE));
  }

  /**
   * The bounding windows of the pixels that a region touches, cut to this geobox: none, one, or two
   * when this geobox goes around the earth and the region crosses its edge.
   *
   * @throws {InvalidInputError} for what is no region.
   */
  overlap(region: Region): Window[] {
    return boundingWindows(placeRegion(this, region), this);
  }

  /**
   * The pixels of this geobox that `bounds` (same CRS) touches, cut to the geobox; `undefined` when
   * it touches none. An edge that falls on a pixel edge, to within `tolerance` of a pixel, does not
   * touch the next pixel.
   *
   * @throws {InvalidInputError} for rotated grids.
   */
  windowOf(bounds: Bounds, tolerance = EDGE_TOLERANCE): Window | undefined {
    if (!isUpright(this))
      throw expected('a grid without rotation', 'the geobox', this.affine.join(', '));
    const toPixel = invert(this.affine);
    const ends = [
      apply(toPixel, bounds.west, bounds.north),
      apply(toPixel, bounds.east, bounds.south),
    ];
    return within(pixelsTouched(boundsOfPoints(ends), tolerance), this.shape);
  }

  /** World coordinates of pixel centres along x, west to east, computed as odc-geo does: `index * resolution + first centre`. */
  xCentres(): Float64Array {
    const [a, , c] = this.affine;
    return Float64Array.from({ length: this.width }, (_, col) => col * a + (c + a / 2));
  }

  /** World coordinates of pixel centres along y, in row order (decreasing when north is up). */
  yCentres(): Float64Array {
    const [, , , , e, f] = this.affine;
    return Float64Array.from({ length: this.height }, (_, row) => row * e + (f + e / 2));
  }

  /** World coordinates of pixel centres along both axes. @throws {InvalidInputError} for rotated grids. */
  get coordinates(): Coordinates {
    if (!isUpright(this))
      throw expected('a grid without rotation', 'the coordinates', this.affine.join(', '));
    return { x: this.xCentres(), y: this.yCentres() };
  }

  toRecord(): GeoBoxRecord {
    return { crs: this.crs.name, shape: [this.height, this.width], affine: this.affine };
  }

  toString(): string {
    const { west, south, east, north } = this.bounds;
    return `${this.width} x ${this.height} px of ${titleOf(this.crs)} at ${west},${south},${east},${north}`;
  }
}

function of({ crs, shape, affine }: Frame): GeoBox {
  return new GeoBox(crs, shape, affine);
}
