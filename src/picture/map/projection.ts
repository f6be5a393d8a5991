import type { XY } from '../../grid/affine.js';
import { type Crs, EPSG_4326, parseCrs, transformer } from '../../grid/crs/crs.js';
import type { Bounds } from '../../grid/geobox.js';
import type { ClipBox } from './clip.js';

/** A rectangle of the picture; y grows downwards. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * From the earth to the picture: the coordinates of a CRS, straight, in a frame. North of the CRS is up.
 *
 * In a geographic CRS longitudes are not wrapped: bounds from 170 to 190 are a view across the
 * antimeridian, and a point at -175 is drawn in it only as its copy at 185.
 */
export class MapProjection {
  private readonly forward: (lon: number, lat: number) => XY;
  private readonly backward: (x: number, y: number) => XY;

  constructor(
    readonly crs: Crs,
    /** What the frame shows, in the CRS's coordinates. */
    readonly bounds: Bounds,
    readonly frame: Frame,
  ) {
    const wgs84 = parseCrs(EPSG_4326);
    if (crs.isGeographic) {
      // proj4 would wrap longitudes past 180. Between datums degrees differ by less than a map
      // shows; between prime meridians they do not.
      const [meridian] = transformer(wgs84, crs)(0, 0);
      const offset = Number.isFinite(meridian) ? meridian : 0;
      this.forward = (lon, lat) => [lon + offset, lat];
      this.backward = (x, y) => [x - offset, y];
    } else {
      this.forward = transformer(wgs84, crs);
      this.backward = transformer(crs, wgs84);
    }
  }

  /** From coordinates of the CRS to the picture. */
  toPicture(x: number, y: number): XY {
    const { bounds, frame } = this;
    return [
      frame.x + ((x - bounds.west) / (bounds.east - bounds.west)) * frame.width,
      frame.y + ((bounds.north - y) / (bounds.north - bounds.south)) * frame.height,
    ];
  }

  /** From longitude and latitude to the picture; NaN or infinite where the CRS has no such place. */
  project(lon: number, lat: number): XY {
    const [x, y] = this.forward(lon, lat);
    return this.toPicture(x, y);
  }

  /** From the picture to longitude and latitude in degrees; NaN where the earth has no such place. */
  unproject(px: number, py: number): XY {
    const { bounds, frame } = this;
    const x = bounds.west + ((px - frame.x) / frame.width) * (bounds.east - bounds.west);
    const y = bounds.north - ((py - frame.y) / frame.height) * (bounds.north - bounds.south);
    const [lon, lat] = this.backward(x, y);
    if (!(Number.isFinite(lon) && Math.abs(lat) <= 90.001)) return [Number.NaN, Number.NaN];
    // Outside its domain a projection's inverse answers with a place that lies elsewhere.
    const [backX, backY] = this.project(lon, lat);
    const isSame = Math.abs(backX - px) < 1 && Math.abs(backY - py) < 1;
    return isSame ? [lon, lat] : [Number.NaN, Number.NaN];
  }

  /** The frame and `margin` around it, as a box to clip to. */
  clipBox(margin = 0): ClipBox {
    const { x, y, width, height } = this.frame;
    return {
      xLow: x - margin,
      xHigh: x + width + margin,
      yLow: y - margin,
      yHigh: y + height + margin,
    };
  }

  /** Metres on the ground of one picture unit at the frame's centre, along x; NaN where unknown. */
  groundScale(): number {
    const { x, y, width, height } = this.frame;
    const [cx, cy] = [x + width / 2, y + height / 2];
    const reach = width / 20;
    return (
      greatCircle(this.unproject(cx - reach, cy), this.unproject(cx + reach, cy)) / (2 * reach)
    );
  }
}

/** Mean radius of the earth in metres (IUGG). */
const EARTH_RADIUS = 6371008.8;

/** Metres between two points given as longitude and latitude in degrees (haversine formula). */
export function greatCircle([lon1, lat1]: XY, [lon2, lat2]: XY): number {
  const radians = Math.PI / 180;
  const dLat = Math.sin(((lat2 - lat1) * radians) / 2);
  const dLon = Math.sin(((lon2 - lon1) * radians) / 2);
  const a = dLat ** 2 + Math.cos(lat1 * radians) * Math.cos(lat2 * radians) * dLon ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(a)));
}
