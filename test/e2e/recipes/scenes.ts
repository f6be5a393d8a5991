/** The scenes beside this file as a folder that the loopback server can serve. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GeoBox, type GeoBoxRecord } from '../../../src/grid/geobox.js';
import { encodeGeoTiff } from '../../../src/loopback/index.js';
import type { DType, PixelArray } from '../../../src/raster/dtype.js';

interface Scene {
  readonly index: string;
  readonly bands: readonly string[];
  readonly dtype: DType;
  /** Of the first band's bytes. */
  readonly offset: number;
  readonly start: string;
  readonly properties: Readonly<Record<string, string | number>>;
  readonly geobox: GeoBoxRecord;
  readonly nodata?: number;
}

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array } as const;

const here = (name: string) => readFileSync(new URL(name, import.meta.url));

/** Writes a GeoTIFF for each scene, and the manifest. */
export async function writeScenes(folder: string): Promise<void> {
  const scenes = JSON.parse(here('scenes.json').toString()) as Record<string, Scene[]>;
  const { buffer, byteOffset } = new Uint8Array(gunzipSync(here('scenes.bin.gz')));
  const assets = [];
  for (const [id, images] of Object.entries(scenes)) {
    const place = id.replaceAll('/', '_');
    await mkdir(join(folder, place));
    for (const { index, bands, dtype, offset, geobox, nodata } of images) {
      const [height, width] = geobox.shape;
      const length = height * width;
      const array = ARRAYS[dtype as keyof typeof ARRAYS];
      const pixels = bands.map(
        (_, at): PixelArray =>
          new array(
            buffer,
            byteOffset + offset + at * length * array.BYTES_PER_ELEMENT,
            length,
          ).slice(),
      );
      const tiff = encodeGeoTiff(GeoBox.fromRecord(geobox), pixels, dtype, nodata);
      await writeFile(join(folder, place, `${index}.tif`), tiff);
    }
    assets.push({
      id,
      type: 'IMAGE_COLLECTION',
      images: images.map(({ index, bands, start, properties }) => ({
        ...{ file: `${place}/${index}.tif`, bands, start, properties },
      })),
    });
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ assets }));
}
