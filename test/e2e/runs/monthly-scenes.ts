/** A collection under a public id, three images a month of one year, for the loopback server; and their medians. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GeoBoxRecord } from '../../../src/grid/geobox.js';
import { writeGeoTiff } from '../../unit/kernel/geotiff.js';

export const COLLECTION = 'COPERNICUS/S2_SR_HARMONIZED';
export const BANDS = ['B4', 'B3', 'B2'] as const;
export const MONTHS = 12;

/** The grid of the examples in src/dataset/README.md. */
const GEOBOX: GeoBoxRecord = {
  crs: 'EPSG:32633',
  shape: [120, 160],
  affine: [10, 0, 499_980, 0, -10, 5_700_000],
};
const PIXELS = GEOBOX.shape[0] * GEOBOX.shape[1];

/** Of a month the first millisecond, which belongs to it, some day, and the last second. */
const startsOf = (month: number): readonly number[] => [
  Date.UTC(2024, month, 1),
  Date.UTC(2024, month, 15, 10, 20),
  Date.UTC(2024, month + 1, 1) - 1000,
];

/** `[image, band, pixel]` of each month, 0 where masked: a fifth of the pixels, and one corner in all images. */
export type Scenes = readonly (readonly (readonly Uint16Array[])[])[];

/** Numbers from 0 to 2^32, the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The upper bits: the lower ones repeat soon.
    yield Math.imul(state ^ (state >>> 16), 0x45d9f3b) >>> 0;
  }
}

export function makeScenes(): Scenes {
  const random = numbers(28);
  const pixel = (i: number): number => {
    const value = 1 + (random.next().value % 9999);
    const isMasked = random.next().value % 5 === 0;
    return isMasked || (i < 200 && i % GEOBOX.shape[1] < 6) ? 0 : value;
  };
  return Array.from({ length: MONTHS }, (_, month) =>
    startsOf(month).map(() =>
      BANDS.map(() => Uint16Array.from({ length: PIXELS }, (_, i) => pixel(i))),
    ),
  );
}

/** Writes the images and their manifest into a folder, with which a loopback server starts. */
export async function writeScenes(folder: string, scenes: Scenes): Promise<void> {
  await mkdir(folder, { recursive: true });
  const images = [];
  for (const [month, shots] of scenes.entries()) {
    for (const [i, bands] of shots.entries()) {
      const file = `m${String(month + 1).padStart(2, '0')}-${i}.tif`;
      const tiff = writeGeoTiff({ geobox: GEOBOX, dtype: 'uint16', bands, nodata: 0 });
      await writeFile(join(folder, file), tiff);
      const start = new Date(startsOf(month)[i] as number).toISOString();
      images.push({ file, bands: BANDS, start });
    }
  }
  const assets = [{ id: COLLECTION, type: 'IMAGE_COLLECTION', images }];
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ assets }));
}

/** The median of one band's valid pixels, cut to whole numbers as a cast does; 0 where none is valid. */
export function medians(shots: Scenes[number], band: number): number[] {
  return Array.from({ length: PIXELS }, (_, i) => {
    const valid = shots.map((bands) => bands[band]?.[i] ?? 0).filter((value) => value > 0);
    valid.sort((one, other) => one - other);
    const [low = 0, high = 0] = [valid[(valid.length - 1) >> 1], valid[valid.length >> 1]];
    return Math.floor((low + high) / 2);
  });
}
