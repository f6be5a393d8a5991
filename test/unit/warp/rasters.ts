import { Cube, defineDataset, type Pool } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../../src/kernel/gdal/raw-dataset.js';
import { type LocalFilesOptions, localFiles } from '../../../src/local/source.js';
import type { WorkType } from '../../../src/raster/dtype.js';
import { pixelsOf } from '../kernel/geotiff.js';

export interface Written {
  readonly dtype?: WorkType;
  /** By band, row by row. */
  readonly bands: readonly (readonly number[])[];
  readonly width: number;
  /** GDAL's order. */
  readonly transform: readonly number[];
  readonly crs?: string;
  /** Of the band at the same place. */
  readonly nodata?: readonly (number | undefined)[];
  /** 0 or 255 for each pixel; in the file, or beside it as .msk. */
  readonly mask?: { readonly values: readonly number[]; readonly isInside: boolean };
  /** The last band is alpha. */
  readonly hasAlpha?: boolean;
  /** What the numbers stand for: number * scale + offset. */
  readonly packing?: { readonly scale: number; readonly offset: number };
  /** The bytes are int8. */
  readonly isSigned?: boolean;
}

/** A GeoTIFF; returns its path. */
export function writeRaster(path: string, written: Written): string {
  const { dtype = 'float32', bands, width, transform, crs = 'EPSG:32633', mask } = written;
  const gdal = loadGdal();
  const height = (bands[0]?.length ?? 0) / width;
  const options = written.hasAlpha === true ? ['ALPHA=YES'] : [];
  if (written.isSigned === true) options.push('PIXELTYPE=SIGNEDBYTE');
  const file = gdal.drivers
    .get('GTiff')
    .create(path, width, height, bands.length, GDAL_TYPES[dtype], options);
  file.geoTransform = [...transform];
  file.srs = gdal.SpatialReference.fromUserInput(crs);
  for (const [i, values] of bands.entries()) {
    const band = file.bands.get(i + 1);
    const nodata = written.nodata?.[i];
    if (nodata !== undefined) band.noDataValue = nodata;
    if (written.packing !== undefined) Object.assign(band, written.packing);
    band.pixels.write(0, 0, width, height, pixelsOf(dtype, values));
  }
  if (mask !== undefined) {
    gdal.config.set('GDAL_TIFF_INTERNAL_MASK', mask.isInside ? 'YES' : 'NO');
    const [first] = file.bands.map((band) => band);
    first?.createMaskBand(2);
    first?.getMaskBand()?.pixels.write(0, 0, width, height, Uint8Array.from(mask.values));
  }
  file.close();
  return path;
}

/** Imports files into a new cube in memory; each band's pixels. */
export async function imported(
  pool: Pool,
  dataset: Partial<Parameters<typeof defineDataset>[0]>,
  files: readonly string[],
  options: LocalFilesOptions = {},
): Promise<number[][]> {
  const whole = { title: 'warped', local: true, bands: ['v'], dtype: 'float32', ...dataset };
  const definition = defineDataset(whole as Parameters<typeof defineDataset>[0]);
  const cube = await Cube.create('memory:', definition, { pool });
  const source = await localFiles(cube.dataset, files, options);
  const summary = await cube.ingest(cube.grid.geobox, { source, pool });
  if (summary.failed.length > 0) throw new Error(summary.failed[0]?.error.message);
  const { bands } = await cube.load(cube.grid.geobox);
  return [...bands.values()].map((pixels) => [...pixels]);
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
