/** The commands that put a raster on another grid, as words of a command line. */
import { fileURLToPath } from 'node:url';
import { CREATION } from '../inputs/scene.mjs';
import { runTimed } from './command.mjs';

const SCRIPT = fileURLToPath(new URL('../python/warp.py', import.meta.url));

/**
 * @typedef {object} Warp
 * @property {string} source path of a GeoTIFF, or of a cube where the contender reads one
 * @property {string} out path to write
 * @property {import('../inputs/scene.mjs').Grid} grid to put it on
 * @property {string} resampling
 * @property {Record<string, number>} scale widths of the kernel, as GDAL's warp options
 * @property {number} threads
 * @property {readonly string[]} [creation] options of the GeoTIFF. Default: {@link CREATION}
 */

/**
 * `gdalwarp` with all threads, for computing and for compressing, and half a gigabyte of memory.
 *
 * @param {Warp} warp
 * @param {...(string | number)} more options
 */
export function gdalwarp(
  { source, out, grid, resampling, scale, threads, creation = CREATION },
  ...more
) {
  const { crs, affine, shape } = grid;
  const [width, , west, , height, north] = affine;
  return [
    ...['gdalwarp', '-q', '-overwrite', '-multi', '-wo', `NUM_THREADS=${threads}`, '-wm', '512'],
    ...Object.entries(scale).flatMap(([name, value]) => ['-wo', `${name}=${value}`]),
    ...['-r', resampling, '-t_srs', crs, '-tr', width, -height, ...more],
    ...['-te', west, north + shape[0] * height, west + shape[1] * width, north],
    ...[...creation, `NUM_THREADS=${threads}`].flatMap((option) => ['-co', option]),
    ...[source, out],
  ].map(String);
}

/**
 * What one would type in Python: rasterio's `reproject`, or odc-geo in dask's threads.
 *
 * @param {string} python
 * @param {'rasterio' | 'odc-import' | 'odc-load'} kind
 * @param {Warp} warp
 * @param {object} [more] what the script is told besides the grid
 */
export function pythonWarp(
  python,
  kind,
  { source, out, grid, resampling, scale, threads },
  more = {},
) {
  const told = JSON.stringify({ ...grid, scale, ...more });
  return [python, SCRIPT, kind, source, out, told, resampling, `${threads}`];
}

/** @param {string} command @returns {Promise<string | undefined>} its version, as it says it; `undefined` where it is not installed */
export function isInstalled(command) {
  return runTimed([command, '--version']).then(
    () => true,
    () => false,
  );
}
