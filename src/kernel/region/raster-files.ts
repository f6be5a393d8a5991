import { SetupError } from '../../errors.js';
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { DType } from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';

/** Rasters as files. */
export interface RasterFiles {
  /** Writes the whole file or none. @throws {RasterError} */
  writeGeoTiff(job: GeoTiffJob): void;
  /**
   * Where a raster lies.
   * @throws {InvalidInputError} for a file that is none, is not georeferenced, or leads elsewhere.
   */
  readGeoBox(file: string, options: GeoBoxOptions): GeoBoxRecord;
}

/** How a raster is looked at. */
export interface GeoBoxOptions {
  readonly trustInputs?: boolean | undefined;
  /** From which relative names are meant. Default: where the process runs. */
  readonly folder?: string | undefined;
  /** What the raster is for, in messages. Default: `the raster`. */
  readonly subject?: string | undefined;
}

export interface GeoTiffJob {
  readonly file: string;
  /** `geotiff`: tiled, DEFLATE. `cog`: the same with overviews, laid out to be read over a network. */
  readonly format: 'geotiff' | 'cog';
  readonly geobox: GeoBoxRecord;
  readonly dtype: DType;
  /** Absent: every pixel has a value. */
  readonly nodata?: number;
  /** In the file's order; pixels `[y, x]`. */
  readonly bands: readonly { readonly name: string; readonly pixels: LoadedPixels }[];
}

/** The JavaScript kernel leaves files to GDAL. */
export const NO_RASTER_FILES: RasterFiles = {
  writeGeoTiff: refuse,
  readGeoBox: refuse,
};

function refuse(): never {
  throw new SetupError(
    'Expected GDAL for rasters in files but the JavaScript kernel has none. Use the kernel "gdal"; "geocubes doctor" tells more.',
  );
}
