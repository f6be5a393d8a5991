import { expected } from '../errors.js';
import { type Affine, apply, invert, isAxisAligned, shift, type XY } from './affine.js';
import { type Crs, parseCrs } from './crs.js';
import { intersect, type Window } from './window.js';

/** Rows before columns, as in every shape here. */
export interface Shape {
  readonly height: number;
  readonly width: number;
}

/** Outer edges in world coordinates; `west > east` is not allowed here (see roi.ts for the antimeridian). */
export interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** A GeoBox as plain data, for threads, attributes and JSON. */
export interface GeoBoxRecord {
  readonly crs: string;
  readonly shape: readonly [height: number, width: number];
  readonly affine: Affine;
}

/**
 * Where a raster lies: its CRS, the affine transform of its outer corner, and its shape.
 *
 * The same idea as odc-geo's `GeoBox`. Immutable.
 */
export class GeoBox {
  constructor(
    readonly crs: Crs,
    readonly shape: Shape,
    readonly affine: Affine,
  ) {
    const { height, width } = shape;
    if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0)) {
      throw expected(
        'a positive whole height and width',
        'the geobox shape',
        `${height} x ${width}`,
      );
    }
  }

  static fromRecord({ crs, shape: [height, width], affine }: GeoBoxRecord): GeoBox {
    return new GeoBox(parseCrs(crs), { height, width }, affine);
  }

  /**
   * The smallest north-up grid of square pixels of size `resolution` that covers `bounds`, snapped
   * outward so that pixel edges fall on multiples of the resolution.
   *
   * `tolerance` is the part of a pixel by which an edge may stick out without a further pixel being
   * added; 0.01 is what odc-geo's `GeoBox.from_bbox(..., anchor=edge, tol=0.01)` uses, and it takes a
   * value here so that grids made by either agree.
   */
  static fromBounds(bounds: Bounds, crs: Crs, resolution: number, tolerance = 0.01): GeoBox {
    if (!(resolution > 0 && Number.isFinite(resolution))) {
      throw expected('a positive number', 'the resolution', resolution);
    }
    const { west, south, east, north } = bounds;
    if (!(east > west && north > south)) {
      throw expected(
        'west < east and south < north',
        'the bounds',
        `${west},${south},${east},${north}`,
      );
    }
    const [firstCol, width] = snap(west, east, resolution, tolerance);
    const [firstRow, height] = snap(-north, -south, resolution, tolerance);
    return new GeoBox(crs, { height, width }, [
      resolution,
      0,
      firstCol * resolution,
      0,
      -resolution,
      -firstRow * resolution,
    ]);
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
    const corners = (
      [
        [0, 0],
        [this.width, 0],
        [0, this.height],
        [this.width, this.height],
      ] as const
    ).map(([col, row]) => apply(this.affine, col, row));
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    return {
      west: Math.min(...xs),
      south: Math.min(...ys),
      east: Math.max(...xs),
      north: Math.max(...ys),
    };
  }

  /** The geobox of a window of this one. The window may reach outside: that is how padding is made. */
  crop(window: Window): GeoBox {
    return new GeoBox(
      this.crs,
      { height: window.height, width: window.width },
      shift(this.affine, window.col, window.row),
    );
  }

  /** The same grid with `pixels` more on each side. */
  pad(pixels: number): GeoBox {
    return this.crop({
      row: -pixels,
      col: -pixels,
      height: this.height + 2 * pixels,
      width: this.width + 2 * pixels,
    });
  }

  /**
   * The pixels of this geobox that `bounds` (same CRS) touches, cut to the geobox; `undefined` when
   * it touches none. An edge that falls on a pixel edge, to within `tolerance` of a pixel, does not
   * touch the next pixel.
   *
   * @throws {InvalidInputError} for rotated grids.
   */
  windowOf(bounds: Bounds, tolerance = 1e-6): Window | undefined {
    if (!isAxisAligned(this.affine))
      throw expected('a grid without rotation', 'the geobox', this.affine.join(', '));
    const toPixel = invert(this.affine);
    const [col1, row1] = apply(toPixel, bounds.west, bounds.north);
    const [col2, row2] = apply(toPixel, bounds.east, bounds.south);
    const [left, right] = [Math.min(col1, col2), Math.max(col1, col2)];
    const [top, bottom] = [Math.min(row1, row2), Math.max(row1, row2)];
    const col = Math.floor(left + tolerance);
    const row = Math.floor(top + tolerance);
    // A region thinner than the tolerance still touches the pixel it lies in.
    const width = Math.max(Math.ceil(right - tolerance), col + 1) - col;
    const height = Math.max(Math.ceil(bottom - tolerance), row + 1) - row;
    return intersect(
      { row, col, height, width },
      { row: 0, col: 0, height: this.height, width: this.width },
    );
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

  toRecord(): GeoBoxRecord {
    return { crs: this.crs.name, shape: [this.height, this.width], affine: this.affine };
  }

  toString(): string {
    const { west, south, east, north } = this.bounds;
    return `${this.width} x ${this.height} px of ${this.crs.name} at ${west},${south},${east},${north}`;
  }
}

/** First index and count of the cells of size `step`, aligned to zero, that cover low..high. */
function snap(
  low: number,
  high: number,
  step: number,
  tolerance: number,
): [first: number, count: number] {
  const first = Math.floor(low / step + tolerance);
  const last = Math.ceil(high / step - tolerance);
  return [first, Math.max(last - first, 1)];
}
