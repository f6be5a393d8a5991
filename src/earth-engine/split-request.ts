import { GeoBox } from '../grid/geobox.js';
import type { Window } from '../grid/window.js';
import type { PixelRequest } from '../tile.js';
import { bytesPerPixel, type RequestShape } from './plan-requests.js';

/** Blocks below this many pixels on their longer side are not cut further in space: the fault lies elsewhere. */
export const SPLIT_FLOOR = 64;

/**
 * Two requests for what was too much for one: the upper and the lower half (whole rows are the
 * cheapest to compute and to read), the left and the right half where rows run out, and at last half
 * of the bands each. `undefined` when there is nothing left to cut.
 */
export function splitRequest(
  request: PixelRequest,
  shape: RequestShape,
): [PixelRequest, PixelRequest] | undefined {
  const { window, bands } = request;
  if (window.height > SPLIT_FLOOR) {
    const half = Math.ceil(window.height / 2);
    return cut(
      request,
      shape,
      { ...window, height: half },
      { ...window, row: window.row + half, height: window.height - half },
    );
  }
  if (window.width > SPLIT_FLOOR) {
    const half = Math.ceil(window.width / 2);
    return cut(
      request,
      shape,
      { ...window, width: half },
      { ...window, col: window.col + half, width: window.width - half },
    );
  }
  if (bands.length < 2) return undefined;
  const half = Math.ceil(bands.length / 2);
  const take = (some: readonly number[]): PixelRequest => ({
    ...request,
    bands: some,
    bytes: window.height * window.width * bytesPerPixel(some.length, shape),
  });
  return [take(bands.slice(0, half)), take(bands.slice(half))];
}

function cut(
  request: PixelRequest,
  shape: RequestShape,
  ...windows: [Window, Window]
): [PixelRequest, PixelRequest] {
  const whole = GeoBox.fromRecord(request.geobox);
  const part = (window: Window): PixelRequest => ({
    ...request,
    window,
    geobox: whole
      .crop({
        ...window,
        row: window.row - request.window.row,
        col: window.col - request.window.col,
      })
      .toRecord(),
    bytes: window.height * window.width * bytesPerPixel(request.bands.length, shape),
  });
  return [part(windows[0]), part(windows[1])];
}
