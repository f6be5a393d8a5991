/** Tiles as a source would have fetched them, as files that every contender can read. */
import { readFileSync, writeFileSync } from 'node:fs';
import { planRequests } from '../../dist/earth-engine/plan-requests.js';
import { encodeGeoTiff } from './geotiff.mjs';

/**
 * @typedef {object} Raster
 * @property {{ crs: string, shape: readonly [height: number, width: number], affine: readonly number[] }} geobox
 * @property {'uint8' | 'float32'} dtype
 * @property {readonly (Uint8Array | Float32Array)[]} bands each `[y, x]`
 * @property {readonly Uint8Array[]} masks for each band 1 where it is valid, 0 in gaps
 */

/**
 * Writes the replies to the requests that `target` needs, and a list of them.
 *
 * @param {string} stem path without an extension
 * @param {Raster} raster
 * @param {object} transport how masks travel, as in `MaskTransport`
 * @param {readonly string[]} options GDAL's creation options
 * @param {Raster['geobox']} [target] the tile's grid, where it is not the raster's: one reply then, of the whole raster
 * @returns {{ path: string, bytes: number, requests: number }}
 */
export function writeTile(stem, raster, transport, options, target) {
  const { geobox, dtype, bands } = raster;
  const all = bands.map((_, band) => band);
  const requests =
    target === undefined
      ? planRequests(geobox, { bands: bands.length, dtype, mask: transport })
      : [{ window: windowOf(target.shape), geobox: target, bands: all, bytes: 0 }];
  let bytes = 0;
  const parts = requests.map((request, i) => {
    const window = target === undefined ? request.window : windowOf(geobox.shape);
    const reply = encodeGeoTiff(
      target === undefined ? request.geobox : geobox,
      replyBands(raster, request.bands, window, transport),
      dtype,
      options,
      transport.kind === 'file' ? Number.NaN : undefined,
    );
    bytes += reply.length;
    const file = `${stem}-${i}.tif`;
    writeFileSync(file, reply);
    return { request, file };
  });
  const path = `${stem}.json`;
  const tile = { id: '0-0', index: { row: 0, col: 0 }, geobox: target ?? geobox, parts };
  writeFileSync(path, JSON.stringify(tile));
  return { path, bytes, requests: requests.length };
}

function windowOf([height, width]) {
  return { row: 0, col: 0, height, width };
}

function replyBands({ geobox, bands, masks }, chosen, window, transport) {
  const cut = (pixels) => cutWindow(pixels, geobox.shape[1], window);
  const data = chosen.map((band) => {
    const pixels = cut(bands[band]);
    const mask = cut(masks[band]);
    const masked = { bits: 0, sentinel: transport.value, file: Number.NaN }[transport.kind];
    for (let i = mask.indexOf(0); i !== -1; i = mask.indexOf(0, i + 1)) pixels[i] = masked;
    return pixels;
  });
  if (transport.kind !== 'bits') return data;
  const bits = new Uint8Array(window.height * window.width);
  for (const [bit, band] of chosen.entries()) {
    const mask = cut(masks[band]);
    for (let i = 0; i < bits.length; i++) bits[i] |= mask[i] << bit;
  }
  return [...data, bits];
}

function cutWindow(pixels, stride, { row, col, height, width }) {
  const out = new pixels.constructor(height * width);
  for (let y = 0; y < height; y++) {
    const start = (row + y) * stride + col;
    out.set(pixels.subarray(start, start + width), y * width);
  }
  return out;
}

/**
 * A tile that {@link writeTile} wrote, in shared memory, as the project's own source lends it: kernels
 * read it where it lies, and leave it as it is.
 *
 * @param {string} path
 */
export function readTile(path) {
  const { parts, ...tile } = JSON.parse(readFileSync(path, 'utf8'));
  return {
    state: 'fetched',
    ...tile,
    parts: parts.map(({ request, file }) => {
      const stored = readFileSync(file);
      const bytes = new Uint8Array(new SharedArrayBuffer(stored.length));
      bytes.set(stored);
      return { request, bytes };
    }),
  };
}
