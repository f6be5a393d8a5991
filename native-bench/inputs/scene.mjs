/** A scene as satellites leave it: four bands of uint16 in UTM, in a tiled GeoTIFF; and grids to put it on. */
import { writeFileSync } from 'node:fs';
import proj4 from 'proj4';
import { parseDataset } from '../../dist/index.js';
import { loadGdal } from '../../dist/kernel/gdal/load.js';
import { drawBand } from './pixels.mjs';

/** @typedef {{ crs: string, shape: readonly [height: number, width: number], affine: readonly number[] }} Grid */

const BANDS = ['a', 'b', 'c', 'd'];
const METRES = 10;
/** Its upper left corner, in zone 33. */
const [WEST, NORTH] = [400_000, 5_700_000];
const UTM = '+proj=utm +zone=33 +datum=WGS84';
const DEGREES = 0.00011;
/** Room around the scene in degrees, which its turned edges leave empty. */
const MARGIN = 0.005;
/** Numbers from 1 to this: what 16 bits of a reflectance use. */
const HIGHEST = 10_000;

/** Pixels on a side of a block. */
const BLOCK = 512;

/** How every GeoTIFF that is written is laid out, whoever writes it. */
export const LAYOUT = [
  ...['TILED=YES', `BLOCKXSIZE=${BLOCK}`, `BLOCKYSIZE=${BLOCK}`],
  'INTERLEAVE=BAND',
];

/** Of every GeoTIFF that is written: fast to compress, so that warps weigh more. All is said that one of the writers has a default of its own for. */
export const CREATION = [...LAYOUT, 'COMPRESS=DEFLATE', 'ZLEVEL=1', 'PREDICTOR=2'];

/** Of the scene: as satellites leave it. */
const OF_SCENE = [...CREATION.filter((each) => !/^(INTER|PRED)/.test(each)), 'INTERLEAVE=PIXEL'];

/**
 * Writes the scene: pixels of 10 m in EPSG:32633, every one valid, though 0 is declared to mean "no value".
 *
 * @param {string} file
 * @param {{ side: number, seed: number, threads: number }} options
 * @returns {Grid & { bands: readonly string[] }}
 */
export function writeScene(file, { side, seed, threads }) {
  const gdal = loadGdal();
  const options = [...OF_SCENE, `NUM_THREADS=${threads}`];
  const raster = gdal.drivers
    .get('GTiff')
    .create(file, side, side, BANDS.length, 'UInt16', [
      ...options,
      'PHOTOMETRIC=MINISBLACK',
      'ALPHA=NO',
    ]);
  raster.geoTransform = [WEST, METRES, 0, NORTH, 0, -METRES];
  raster.srs = gdal.SpatialReference.fromUserInput('EPSG:32633');
  const bands = BANDS.map((_, i) => numbers(drawBand(side, side, 'float32', seed + i)));
  // All bands of a row of blocks at once: a block is compressed when the next row is begun, and once.
  for (let row = 0; row < side; row += BLOCK) {
    const height = Math.min(BLOCK, side - row);
    for (const [i, pixels] of bands.entries()) {
      const band = raster.bands.get(i + 1);
      if (row === 0) band.noDataValue = 0;
      const part = pixels.subarray(row * side, (row + height) * side);
      band.pixels.write(0, row, side, height, part);
    }
    raster.flush();
  }
  raster.close();
  return {
    ...{ crs: 'EPSG:32633', shape: [side, side], bands: BANDS },
    affine: [METRES, 0, WEST, 0, -METRES, NORTH],
  };
}

function numbers(shares) {
  const pixels = new Uint16Array(shares.length);
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = Math.min(Math.max(Math.round(shares[i] * HIGHEST), 1), HIGHEST);
  return pixels;
}

/**
 * Writes the file of a dataset whose grid in degrees has room for the scene.
 *
 * @param {string} file
 * @param {{ side: number, chunk: number }} size of the scene, of chunks
 * @returns {import('../../dist/index.js').Dataset}
 */
export function writeSceneDataset(file, { side, chunk }) {
  const [east, south] = [WEST + side * METRES, NORTH - side * METRES];
  const corners = [WEST, east].flatMap((x) => [NORTH, south].map((y) => [x, y]));
  const places = corners.map((corner) => proj4(UTM).inverse(corner));
  const [lons, lats] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const bounds = [
    ...[Math.min(...lons) - MARGIN, Math.min(...lats) - MARGIN],
    ...[Math.max(...lons) + MARGIN, Math.max(...lats) + MARGIN],
  ];
  const dataset = {
    ...{ title: 'Scene', local: true, bands: BANDS, dtype: 'uint16', nodata: 0 },
    grid: { crs: 'EPSG:4326', bounds, resolution: DEGREES, chunk },
  };
  writeFileSync(file, JSON.stringify(dataset));
  return parseDataset(dataset);
}
