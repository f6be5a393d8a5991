import type { Dataset, RasterBand } from 'gdal-async';
import { RasterError } from '../../../errors.js';
import {
  type Affine,
  alignsWith,
  fromGeoTransform,
  type GeoTransform,
} from '../../../grid/affine.js';
import type { GeoBox, Shape } from '../../../grid/geobox.js';
import type { Window } from '../../../grid/window.js';
import {
  allocate,
  bytesOf,
  type PixelArray,
  WORK_TYPES,
  type WorkType,
} from '../../../raster/dtype.js';
import type { FetchedPart, Recipe } from '../../../tile.js';
import type { BandRaster } from '../../band-raster.js';
import { GapList } from '../../fill/gaps.js';
import { addInvalid } from '../../fill/invalid.js';
import type { Warp } from '../../resample/warp.js';
import { isPlausibleBlock } from '../../size-limits.js';
import { invalidValue, type PartFile } from '../../tile-reader.js';
import { loadGdal, uniqueName } from '../load.js';
import { spatialReference } from '../proj/srs.js';
import { GDAL_TYPES } from '../raw-dataset.js';
import { warpTo } from '../warp.js';

/** Opens a reply where it lies, without a copy. @throws {RasterError} when it is no GeoTIFF. */
export function openPart({ bytes }: FetchedPart): PartFile {
  const gdal = loadGdal();
  const name = uniqueName('.tif');
  if (bytes.length === 0)
    throw new RasterError('decode', 'Expected a GeoTIFF for the reply but received 0 bytes.');
  gdal.vsimem.set(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  let dataset: Dataset;
  try {
    dataset = gdal.open(name, 'r', 'GTiff');
  } catch (cause) {
    gdal.vsimem.release(name);
    throw new RasterError(
      'decode',
      `Expected a GeoTIFF for the reply but received ${bytes.length} bytes that GDAL cannot open: ${messageOf(cause)}`,
      { cause },
    );
  }
  const file = new GdalPartFile(dataset, name);
  try {
    checkBlocks(dataset);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * GDAL allocates a whole block, with all bands where they are interleaved, before it finds out that the
 * bytes are not there: a damaged file of 1 kB took 16 GB and a minute.
 */
export function checkBlocks(dataset: Dataset): void {
  const bands = dataset.bands.count();
  if (bands === 0) return;
  const { x: width, y: height } = dataset.rasterSize;
  const { blockSize, dataType } = dataset.bands.get(1);
  const size = Number.parseInt(/\d+$/.exec(dataType ?? '')?.[0] ?? '8', 10) / 8;
  const [blockBytes, imageBytes] = [blockSize.x * blockSize.y, width * height].map(
    (pixels) => pixels * bands * size,
  ) as [number, number];
  if (!isPlausibleBlock(blockBytes, imageBytes))
    throw new RasterError(
      'decode',
      `Expected blocks that fit ${width} x ${height} px in the GeoTIFF but received blocks of ${blockSize.x} x ${blockSize.y} px.`,
    );
}

class GdalPartFile implements PartFile {
  readonly bands: number;
  /** Asked for often, and found by the binding each time. */
  readonly #bands: RasterBand[] = [];
  /** Positions, once found, serve all bands. */
  #warp: Warp | undefined;

  constructor(
    private readonly dataset: Dataset,
    private readonly name: string,
  ) {
    this.bands = dataset.bands.count();
  }

  isOn(grid: GeoBox): boolean {
    const { x, y } = this.dataset.rasterSize;
    if (x !== grid.width || y !== grid.height) return false;
    return asRasterError(() => {
      const transform = this.dataset.geoTransform;
      if (transform === null) return false;
      return alignsWith(affineOf(transform), grid.affine, x, y) && hasCrs(this.dataset, grid);
    });
  }

  describe(): string {
    const { x, y } = this.dataset.rasterSize;
    return `${x} x ${y} px, transform ${this.dataset.geoTransform?.join(' ') ?? 'none'}`;
  }

  dtypeOf(band: number): WorkType | string {
    const { dataType } = this.#band(band);
    return WORK_TYPES.find((name) => GDAL_TYPES[name] === dataType) ?? `GDAL's ${dataType}`;
  }

  nodataOf(band: number): number | undefined {
    return this.#band(band).noDataValue ?? undefined;
  }

  read(band: number, pixels: PixelArray, start: number, stride: number): void {
    const { x, y } = this.dataset.rasterSize;
    const size = pixels.BYTES_PER_ELEMENT;
    const target = pixels.subarray(start, start + (y - 1) * stride + x) as PixelArray;
    const type = WORK_TYPES.find(
      (name) => bytesOf(name) === size && GDAL_TYPES[name] === this.#band(band).dataType,
    );
    this.#read(band, target, {
      ...(type === undefined ? {} : { data_type: GDAL_TYPES[type] }),
      pixel_space: size,
      line_space: size * stride,
    });
  }

  readBits(band: number, bits: Uint8Array<ArrayBuffer>): void {
    this.#read(band, bits, { data_type: 'Byte' });
  }

  warp(band: number, target: GeoBox, recipe: Recipe): BandRaster {
    const { srs } = this.dataset;
    if (srs === null)
      throw new RasterError('warp', 'Expected a GeoTIFF with a CRS but received one without.');
    return asRasterError(() => {
      this.#warp ??= warpTo({ srs, ...this.#frame() }, target, recipe);
      return this.#warp.band(recipe.dtype, {
        read: (window) => this.#raster(band, window, recipe),
      });
    });
  }

  #frame(): { readonly affine: Affine; readonly shape: Shape } {
    const { geoTransform, rasterSize } = this.dataset;
    if (geoTransform === null)
      throw new RasterError('warp', 'Expected a GeoTIFF with a transform but received none.');
    return {
      affine: affineOf(geoTransform),
      shape: { height: rasterSize.y, width: rasterSize.x },
    };
  }

  #raster(band: number, window: Window, recipe: Recipe): BandRaster {
    const { row, col, height, width } = window;
    const pixels = allocate(recipe.dtype, height * width);
    const options = { data_type: GDAL_TYPES[recipe.dtype] };
    this.#band(band).pixels.read(col, row, width, height, pixels, options);
    const gaps = new GapList();
    const whole = { row: 0, col: 0, height, width };
    addInvalid(gaps, pixels, width, whole, invalidValue(this, band, recipe));
    return { pixels, isGap: gaps.asRaster(pixels.length) };
  }

  close(): void {
    this.dataset.close();
    loadGdal().vsimem.release(this.name);
  }

  #band(band: number): RasterBand {
    this.#bands[band] ??= this.dataset.bands.get(band + 1);
    return this.#bands[band];
  }

  #read(band: number, pixels: PixelArray, options: object): void {
    const { x, y } = this.dataset.rasterSize;
    asRasterError(() => this.#band(band).pixels.read(0, 0, x, y, pixels, options));
  }
}

function asRasterError<T>(task: () => T): T {
  try {
    return task();
  } catch (cause) {
    if (cause instanceof RasterError) throw cause;
    throw new RasterError(
      'decode',
      `Expected a readable GeoTIFF for the reply but received: ${messageOf(cause)}`,
      { cause },
    );
  }
}

export function affineOf(transform: number[]): Affine {
  return fromGeoTransform(transform as unknown as GeoTransform);
}

export function hasCrs({ srs }: Dataset, { crs }: GeoBox): boolean {
  return srs?.isSame(spatialReference(crs.name)) ?? false;
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== ''
    ? cause.message
    : 'a file without a readable raster';
}
