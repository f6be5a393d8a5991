import { toGeoTransform } from '../../../src/grid/affine.js';
import { GeoBox, type GeoBoxRecord } from '../../../src/grid/geobox.js';
import { loadGdal, uniqueName } from '../../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../../src/kernel/gdal/raw-dataset.js';
import { bloscFor } from '../../../src/raster/codec.js';
import { allocate, type PixelArray, type WorkType } from '../../../src/raster/dtype.js';
import type { FetchedPart, FetchedTile, MaskTransport, Recipe } from '../../../src/tile.js';

export interface GeoTiffOptions {
  readonly geobox: GeoBoxRecord;
  readonly dtype: WorkType;
  /** Each of the geobox's shape, `[y, x]`. */
  readonly bands: readonly ArrayLike<number>[];
  readonly nodata?: number;
  readonly options?: readonly string[];
}

/** A GeoTIFF as a reply would bring it. */
export function writeGeoTiff({
  geobox: record,
  dtype,
  bands,
  nodata,
  options = ['TILED=YES', 'COMPRESS=DEFLATE'],
}: GeoTiffOptions): Uint8Array<ArrayBuffer> {
  const gdal = loadGdal();
  const geobox = GeoBox.fromRecord(record);
  const { height, width } = geobox;
  const name = uniqueName('.tif');
  const file = gdal.drivers
    .get('GTiff')
    .create(name, width, height, bands.length, GDAL_TYPES[dtype], [...options]);
  file.geoTransform = [...toGeoTransform(geobox.affine)];
  file.srs = gdal.SpatialReference.fromEPSG(geobox.crs.epsg ?? 4326);
  for (const [i, values] of bands.entries()) {
    const band = file.bands.get(i + 1);
    if (nodata !== undefined) band.noDataValue = nodata;
    band.pixels.write(0, 0, width, height, pixelsOf(dtype, values));
  }
  file.close();
  return new Uint8Array(gdal.vsimem.release(name));
}

export function pixelsOf(dtype: WorkType, values: ArrayLike<number>): PixelArray {
  const pixels = allocate(dtype, values.length);
  pixels.set(Array.from(values));
  return pixels;
}

/** A north-up geobox of 30 m pixels in EPSG:3413. */
export function geoboxOf(height: number, width: number): GeoBoxRecord {
  return { crs: 'EPSG:3413', shape: [height, width], affine: [30, 0, 3000, 0, -30, 9000] };
}

/** A tile whose one part covers all of it. */
export function tileOf(
  geobox: GeoBoxRecord,
  bytes: Uint8Array<ArrayBuffer>,
  bands: number,
): FetchedTile {
  const [height, width] = geobox.shape;
  return tileOfParts(geobox, [
    {
      bytes,
      request: {
        window: { row: 0, col: 0, height, width },
        geobox,
        bands: Array.from({ length: bands }, (_, i) => i),
        bytes: 0,
      },
    },
  ]);
}

export function tileOfParts(geobox: GeoBoxRecord, parts: readonly FetchedPart[]): FetchedTile {
  return { state: 'fetched', id: '0-0', index: { row: 0, col: 0 }, geobox, parts };
}

/** A recipe that changes nothing: no fill, chunks of the tile's own shape, uncompressed. */
export function recipeOf(
  dtype: WorkType,
  [height, width]: readonly [number, number],
  change: Partial<Recipe> = {},
): Recipe {
  return {
    bands: 1,
    dtype,
    fillValue: dtype.startsWith('float') ? Number.NaN : 0,
    mask: { kind: 'file' } satisfies MaskTransport,
    processing: { fill: 'none', maxFillDistance: 100, clipToObserved: false, resampling: 'near' },
    chunk: [height, width],
    codec: { name: 'uncompressed' },
    ...change,
  };
}

export const blosc = (dtype: WorkType) => bloscFor(dtype, 1);
