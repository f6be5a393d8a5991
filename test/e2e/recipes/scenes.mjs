/** The scenes beside this file as a folder that the loopback server can serve: for vitest, and for test/interop. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };

const here = (/** @type {string} */ name) => readFileSync(new URL(name, import.meta.url));

/**
 * Writes a GeoTIFF for each scene.
 *
 * @param {string} folder
 * @param {{ GeoBox: { fromRecord(record: any): any }, encodeGeoTiff: (geobox: any, pixels: any, dtype: any, nodata?: number) => Uint8Array }} project
 *   of its sources or of what was compiled of them
 * @returns {object[]} the assets, for the manifest
 */
export function writeScenes(folder, { GeoBox, encodeGeoTiff }) {
  const scenes = JSON.parse(here('scenes.json').toString());
  const { buffer, byteOffset } = new Uint8Array(gunzipSync(here('scenes.bin.gz')));
  const assets = [];
  for (const [id, images] of Object.entries(scenes)) {
    const place = id.replaceAll('/', '_');
    mkdirSync(join(folder, place));
    for (const { index, bands, dtype, offset, geobox, nodata } of images) {
      const [height, width] = geobox.shape;
      const array = ARRAYS[dtype];
      const bytes = height * width * array.BYTES_PER_ELEMENT;
      const pixels = bands.map((_, at) =>
        new array(buffer, byteOffset + offset + at * bytes, height * width).slice(),
      );
      const tiff = encodeGeoTiff(GeoBox.fromRecord(geobox), pixels, dtype, nodata);
      writeFileSync(join(folder, place, `${index}.tif`), tiff);
    }
    assets.push({
      id,
      type: 'IMAGE_COLLECTION',
      images: images.map(({ index, bands, start, properties }) => ({
        ...{ file: `${place}/${index}.tif`, bands, start, properties },
      })),
    });
  }
  return assets;
}
