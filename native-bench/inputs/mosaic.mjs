/** A cube's worth of pixels for the loopback server: four tiles on disk, repeated by a VRT. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDataset } from '../../dist/index.js';
import { encodeGeoTiff } from './geotiff.mjs';
import { drawRaster } from './rasters.mjs';

const IMAGE = 'users/bench/mosaic';
const BANDS = ['red', 'green', 'blue'];
const [METRES, WEST, NORTH] = [30, -1_200_000, 1_200_000];
/** Share of the pixels that are gaps. */
const GAPS = 0.002;

/**
 * Writes a folder that `geocubes loopback --folder` serves.
 *
 * @param {string} folder
 * @param {{ side: number, rows: number, cols: number, seed: number }} size pixels along a tile, tiles down and across
 * @returns the dataset whose cube takes all of it: three uint8 bands, masks as bits, nearest fill
 */
export function writeMosaic(folder, { side, rows, cols, seed }) {
  mkdirSync(folder, { recursive: true });
  const base = 2 * side;
  const raster = drawRaster({ side: base, gaps: GAPS, seed });
  for (const [band, mask] of raster.masks.entries()) {
    for (let i = mask.indexOf(0); i !== -1; i = mask.indexOf(0, i + 1)) raster.bands[band][i] = 0;
  }
  const geobox = {
    ...raster.geobox,
    crs: 'EPSG:3413',
    affine: [METRES, 0, WEST, 0, -METRES, NORTH],
  };
  // Blocks in which the server finds a tile's pixels without reading its neighbours'.
  const options = [
    'TILED=YES',
    'BLOCKXSIZE=512',
    'BLOCKYSIZE=512',
    'INTERLEAVE=BAND',
    'PHOTOMETRIC=MINISBLACK',
    'ALPHA=NO',
  ];
  writeFileSync(join(folder, 'base.tif'), encodeGeoTiff(geobox, raster.bands, 'uint8', options, 0));
  writeFileSync(join(folder, 'mosaic.vrt'), vrt(base, rows * side, cols * side));
  const assets = [{ id: IMAGE, type: 'IMAGE', images: [{ file: 'mosaic.vrt', bands: BANDS }] }];
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ assets }));
  const bounds = [WEST, NORTH - rows * side * METRES, WEST + cols * side * METRES, NORTH];
  return parseDataset({
    title: 'Benchmark',
    image: IMAGE,
    bands: BANDS,
    dtype: 'uint8',
    grid: { crs: 'EPSG:3413', bounds, resolution: METRES, chunk: side },
    fill: 'nearest',
    maxFillDistance: null,
    clipToObserved: true,
  });
}

function vrt(base, height, width) {
  const bands = BANDS.map((_, i) => {
    const sources = [];
    for (let y = 0; y < height; y += base) {
      for (let x = 0; x < width; x += base) {
        const size = `xSize="${Math.min(base, width - x)}" ySize="${Math.min(base, height - y)}"`;
        sources.push(
          `<SimpleSource><SourceFilename relativeToVRT="1">base.tif</SourceFilename><SourceBand>${i + 1}</SourceBand><SrcRect xOff="0" yOff="0" ${size}/><DstRect xOff="${x}" yOff="${y}" ${size}/></SimpleSource>`,
        );
      }
    }
    return `<VRTRasterBand dataType="Byte" band="${i + 1}"><NoDataValue>0</NoDataValue>${sources.join('')}</VRTRasterBand>`;
  });
  return `<VRTDataset rasterXSize="${width}" rasterYSize="${height}"><SRS>EPSG:3413</SRS><GeoTransform>${WEST}, ${METRES}, 0, ${NORTH}, 0, ${-METRES}</GeoTransform>${bands.join('')}</VRTDataset>`;
}
