import { SetupError } from '../../errors.js';
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import type { WorkType } from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import type { BandPacking } from '../../tile.js';

/** Rasters as files. */
export interface RasterFiles {
  /** Writes the whole file into the folder it is given. @throws {RasterError} */
  writeGeoTiff(job: GeoTiffJob): void;
  /** Begins a file that is written part by part, in this thread. @throws {RasterError} */
  createGeoTiff(file: GeoTiffFile): GeoTiffLayout;
  /** @throws {RasterError} */
  writeGeoTiffPart(path: string, part: GeoTiffPart): void;
  /** Ends a file, after which it is whole; or, with `isWanted` false, lets go of it. @throws {RasterError} */
  endGeoTiff(path: string, isWanted: boolean): void;
  /** Makes sure that GDAL takes the creation options for such a file. @throws {InvalidInputError} */
  checkCreationOptions(file: GeoTiffKind): void;
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

/** What decides which creation options a file takes. */
export interface GeoTiffKind {
  /** `geotiff`: tiled, DEFLATE. `cog`: the same with overviews, laid out to be read over a network. */
  readonly format: 'geotiff' | 'cog';
  readonly dtype: WorkType;
  readonly bands: number;
  /** GDAL's, as `KEY=VALUE`; they come before the ones that are set here. */
  readonly creationOptions: readonly string[];
}

/** A file to be written, and what is in it beside its pixels. */
export interface GeoTiffFile extends Omit<GeoTiffKind, 'bands'> {
  /** Where it is made; whatever else GDAL needs lies beside it, under names that begin like it. */
  readonly path: string;
  /** What it will be called, for messages. */
  readonly file: string;
  readonly geobox: GeoBoxRecord;
  /** Absent: every pixel has a value. */
  readonly nodata?: number;
  readonly bands: readonly GeoTiffBand[];
  /** That compress. */
  readonly threads: number;
}

/** In the file's order. */
export interface GeoTiffBand extends BandPacking {
  readonly name: string;
  /** Of the time step that it shows, both as ISO 8601; the end is not included. */
  readonly time?: { readonly start: string; readonly end: string } | undefined;
}

export interface GeoTiffJob extends GeoTiffFile {
  /** Of each band, `[y, x]`. */
  readonly pixels: readonly LoadedPixels[];
  /** Of all bands, `[y, x]`: 0 where they have no value, else 255. Absent: what nodata says. */
  readonly mask?: LoadedPixels | undefined;
}

/** How parts must be cut, so that no block of the file is written twice. */
export interface GeoTiffLayout {
  readonly blockHeight: number;
  readonly blockWidth: number;
  /** A block holds all bands. */
  readonly isInterleavedByPixel: boolean;
}

export interface GeoTiffPart {
  /** In pixels of the file; begins at a block, and ends at one or where the file does. */
  readonly window: Window;
  /** The first of the part's bands, from 0. */
  readonly firstBand: number;
  /** Of each of its bands, `[y, x]` of the window. */
  readonly pixels: readonly LoadedPixels[];
  /** As {@link GeoTiffJob.mask}, of the window: written when all bands are, and then of every window. */
  readonly mask?: LoadedPixels | undefined;
}

/** The JavaScript kernel leaves files to GDAL. */
export const NO_RASTER_FILES: RasterFiles = {
  writeGeoTiff: refuse,
  createGeoTiff: refuse,
  writeGeoTiffPart: refuse,
  endGeoTiff: refuse,
  checkCreationOptions: refuse,
  readGeoBox: refuse,
};

function refuse(): never {
  throw new SetupError(
    'Expected GDAL for rasters in files but the JavaScript kernel has none. Use the kernel "gdal"; "geocubes doctor" tells more.',
  );
}
