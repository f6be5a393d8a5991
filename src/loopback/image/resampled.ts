/** Bands computed on a grid of their own, and then sampled by the grid that is asked for. */
import { apply, invert, shift } from '../../grid/affine.js';
import { parseCrs, transformer } from '../../grid/crs/crs.js';
import { GeoBox } from '../../grid/geobox.js';
import { allocate } from '../../raster/dtype.js';
import { refuse } from '../refusal.js';
import { type BandGrid, type BandSource, Frame, type Mask, type Plane } from './image.js';
import { dtypeOf, type PixelType } from './pixel-type.js';

/** Pixels of the largest intermediate grid; the service has limits of its own, of which little is known. */
const MAX_PIXELS = 16 * 1024 * 1024;

/** The intermediate frame, and for each pixel of the outer one the index of its pixel there, or -1. */
interface View {
  readonly frame: Frame;
  readonly indices: Int32Array;
}

/**
 * Each pixel gets the one of `grid` that its centre falls on, as that is computed on `grid` itself.
 * Outside of the grid's shape, where it has one, all is masked.
 *
 * @param key shared by the bands that lie on one grid, so that a frame looks for the pixels once
 */
export function resampled(
  source: BandSource,
  type: PixelType,
  grid: BandGrid,
  key: object,
): BandSource {
  const viewOf = (frame: Frame) => frame.once(key, () => makeView(frame, grid));
  return {
    compute(frame): Plane {
      const view = viewOf(frame);
      const plane = view.frame.planeOf(source);
      const mask = new Uint8Array(frame.length);
      const pixels = allocate(dtypeOf(type), frame.length);
      for (let i = 0; i < frame.length; i++) {
        const at = view.indices[i] as number;
        if (at < 0 || plane.mask?.[at] === 0) continue;
        mask[i] = 1;
        pixels[i] = typeof plane.pixels === 'number' ? plane.pixels : (plane.pixels[at] as number);
      }
      return { pixels, mask };
    },
    footprint(frame): Mask {
      const view = viewOf(frame);
      const inner = source.footprint?.(view.frame);
      return Uint8Array.from(view.indices, (at) => (at < 0 || inner?.[at] === 0 ? 0 : 1));
    },
  };
}

function makeView(frame: Frame, grid: BandGrid): View {
  const crs = parseCrs(grid.crs);
  const toCrs = transformer(frame.geobox.crs, crs);
  const toPixels = invert(grid.affine);
  const [left, top] = grid.origin ?? [0, 0];
  const [rows, cols] = grid.shape ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const isBounded = grid.shape !== undefined;
  const places = new Float64Array(2 * frame.length).fill(Number.NaN);
  let [west, north] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [east, south] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0, i = 0; row < frame.height; row++) {
    for (let col = 0; col < frame.width; col++, i++) {
      const [x, y] = toCrs(...apply(frame.geobox.affine, col + 0.5, row + 0.5));
      const [px, py] = apply(toPixels, x, y).map(Math.floor) as [number, number];
      const isInside =
        !isBounded || (px >= left && px < left + cols && py >= top && py < top + rows);
      if (!isInside || !Number.isFinite(px + py)) continue;
      places[2 * i] = px;
      places[2 * i + 1] = py;
      west = Math.min(west, px);
      east = Math.max(east, px);
      north = Math.min(north, py);
      south = Math.max(south, py);
    }
  }
  const indices = new Int32Array(frame.length).fill(-1);
  // Nothing of the grid is asked for: one pixel of it, which nobody looks at.
  if (west > east) [west, east, north, south] = [0, 0, 0, 0];
  const width = east - west + 1;
  const height = south - north + 1;
  if (width * height > MAX_PIXELS) throw refuse('User memory limit exceeded.');
  for (let i = 0; i < frame.length; i++) {
    const px = places[2 * i] as number;
    if (!Number.isNaN(px)) indices[i] = ((places[2 * i + 1] as number) - north) * width + px - west;
  }
  const geobox = new GeoBox(crs, { width, height }, shift(grid.affine, west, north));
  return { frame: new Frame(geobox, frame), indices };
}
