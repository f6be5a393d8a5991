import { rmSync } from 'node:fs';
import type { Dataset, RasterBand } from 'gdal-async';
import { RasterError } from '../../../errors.js';
import { toGeoTransform } from '../../../grid/affine.js';
import { GeoBox } from '../../../grid/geobox.js';
import { allocate, bytesOf, type PixelArray } from '../../../raster/dtype.js';
import { bytesOfPixels, type LoadedPixels } from '../../../raster/loaded-pixels.js';
import type {
  GeoTiffBand,
  GeoTiffFile,
  GeoTiffJob,
  GeoTiffLayout,
  GeoTiffPart,
} from '../../region/raster-files.js';
import { escapeXml } from '../inputs/xml.js';
import { loadGdal, uniqueName } from '../load.js';
import { spatialReference } from '../proj/srs.js';
import { GDAL_TYPES, rawBand } from '../raw-dataset.js';
import { nativeLoops } from '../resample-addon.js';
import { draftOptions, optionsOf } from './creation-options.js';

/** GDAL's GMF_PER_DATASET. */
const PER_DATASET = 2;

/** Writes a file whose pixels all lie in memory. @throws {RasterError} */
export function writeGeoTiff(job: GeoTiffJob): void {
  // A mask is made in a file that is written to.
  if (job.format === 'cog' && job.mask === undefined) {
    naming(job, () => withPixels(job, (all) => copyAsCog(job, all)));
    return;
  }
  const { height, width } = GeoBox.fromRecord(job.geobox);
  const writer = new GeoTiffWriter(job);
  try {
    const { pixels, mask } = job;
    writer.write({ window: { row: 0, col: 0, height, width }, firstBand: 0, pixels, mask });
  } catch (error) {
    writer.close();
    throw error;
  }
  writer.finish();
}

/**
 * A GeoTIFF that is written block by block, past GDAL's block cache where a block holds one band, so that nothing of it stays in memory but
 * the blocks that GDAL's threads are compressing. A COG is made of such a file when that is whole: its
 * overviews come before its pixels.
 */
export class GeoTiffWriter {
  readonly layout: GeoTiffLayout;
  readonly #dataset: Dataset;
  readonly #path: string;
  readonly #block: PixelArray;

  /** @throws {RasterError} */
  constructor(private readonly file: GeoTiffFile) {
    const { format, path, dtype, bands } = file;
    const kind = { ...file, bands: bands.length };
    this.#path = format === 'cog' ? `${path}.draft.tif` : path;
    const options =
      format === 'cog' ? draftOptions(kind, file.threads) : optionsOf(kind, file.threads);
    // A raster without pixels: GDAL copies what describes it, and goes on writing with the same options.
    this.#dataset = naming(file, () =>
      withDescription(file, [], (hollow) =>
        loadGdal().drivers.get('GTiff').createCopy(this.#path, hollow, options),
      ),
    );
    try {
      const { x: blockWidth, y: blockHeight } = this.#dataset.bands.get(1).blockSize;
      const { INTERLEAVE } = this.#dataset.getMetadata('IMAGE_STRUCTURE') as Record<string, string>;
      const isInterleavedByPixel = bands.length > 1 && INTERLEAVE === 'PIXEL';
      this.layout = { blockHeight, blockWidth, isInterleavedByPixel };
      this.#block = allocate(dtype, blockHeight * blockWidth);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @throws {RasterError} */
  write({ window, firstBand, pixels, mask }: GeoTiffPart): void {
    naming(this.file, () => {
      const { blockHeight, blockWidth } = this.layout;
      const end = { row: window.row + window.height, col: window.col + window.width };
      for (let row = window.row; row < end.row; row += blockHeight)
        for (let col = window.col; col < end.col; col += blockWidth)
          for (const [i, band] of pixels.entries()) {
            this.#cut(band, window, row - window.row, col - window.col);
            this.#put(firstBand + i + 1, row, col, end);
          }
      if (mask !== undefined) this.#writeMask(mask, window);
    });
  }

  /** One mask for all bands, within the file: what rasterio, QGIS and GDAL's commands honour. */
  #writeMask(mask: LoadedPixels, { row, col, height, width }: GeoTiffPart['window']): void {
    const band = this.#dataset.bands.get(1);
    if ((band.getMaskFlags() & PER_DATASET) === 0) {
      loadGdal().config.set('GDAL_TIFF_INTERNAL_MASK', 'YES');
      band.createMaskBand(PER_DATASET);
    }
    const { pixels } = band.getMaskBand() as RasterBand;
    const { blockHeight } = this.layout;
    for (let y = 0; y < height; y += blockHeight) {
      const rows = Math.min(blockHeight, height - y);
      // Memory of its own: GDAL's binding does not take shared memory.
      const strip = Uint8Array.from(mask.subarray(y * width, (y + rows) * width) as Uint8Array);
      pixels.write(col, row + y, width, rows, strip);
    }
  }

  /** @throws {RasterError} */
  finish(): void {
    const { file } = this;
    naming(file, () => this.#dataset.close());
    if (file.format === 'geotiff') return;
    naming(file, () => {
      const draft = loadGdal().open(this.#path, 'r', 'GTiff');
      try {
        copyAsCog(file, draft);
      } finally {
        draft.close();
      }
      rmSync(this.#path);
    });
  }

  /** Lets go of a file that is not wanted. */
  close(): void {
    try {
      this.#dataset.close();
    } catch {
      // What could not be written is not wanted either.
    }
  }

  #put(number: number, row: number, col: number, end: { row: number; col: number }): void {
    const { blockHeight, blockWidth, isInterleavedByPixel } = this.layout;
    const { pixels } = this.#dataset.bands.get(number);
    if (!isInterleavedByPixel) {
      pixels.writeBlock(col / blockWidth, row / blockHeight, this.#block);
      return;
    }
    // A block that holds all bands comes together in GDAL's cache: past it, the first band would be lost.
    const size = bytesOf(this.file.dtype);
    const [height, width] = [
      Math.min(blockHeight, end.row - row),
      Math.min(blockWidth, end.col - col),
    ];
    pixels.write(col, row, width, height, this.#block, {
      ...{ pixel_space: size, line_space: size * blockWidth },
    });
  }

  /** One block of the file. Behind its last column and row these go on: that compresses best. */
  #cut(pixels: LoadedPixels, { height, width }: GeoTiffPart['window'], row: number, col: number) {
    const { blockHeight, blockWidth } = this.layout;
    const block = this.#block;
    const size = bytesOf(this.file.dtype);
    const cols = Math.min(blockWidth, width - col);
    const rows = Math.min(blockHeight, height - row);
    nativeLoops().copyRows(
      { bytes: bytesOfPixels(pixels), start: (row * width + col) * size, stride: width * size },
      { bytes: bytesOfPixels(block), start: 0, stride: blockWidth * size },
      ...([rows, cols * size] as const),
    );
    if (cols < blockWidth)
      for (let y = 0, first = 0; y < rows; y++, first += blockWidth)
        block.fill(block[first + cols - 1] as number, first + cols, first + blockWidth);
    const last = (rows - 1) * blockWidth;
    for (let y = rows; y < blockHeight; y++)
      block.copyWithin(y * blockWidth, last, last + blockWidth);
  }
}

function copyAsCog(file: GeoTiffFile, from: Dataset): void {
  const options = optionsOf({ ...file, bands: file.bands.length }, file.threads);
  loadGdal().drivers.get('COG').createCopy(file.path, from, options).close();
}

/** Lends the pixels to GDAL as one dataset, without a copy. */
function withPixels(job: GeoTiffJob, use: (dataset: Dataset) => void): void {
  const gdal = loadGdal();
  const names: string[] = [];
  try {
    for (const band of job.pixels) {
      const { buffer, byteOffset, byteLength } = bytesOfPixels(band);
      const name = uniqueName('.bin');
      gdal.vsimem.set(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength), name);
      names.push(name);
    }
    withDescription(job, names, use);
  } finally {
    for (const name of names) gdal.vsimem.release(name);
  }
}

/** A dataset of the file's place and bands, over raw pixels where there are any. */
function withDescription<T>(
  { geobox, dtype, nodata, bands }: GeoTiffFile,
  pixels: readonly string[],
  use: (dataset: Dataset) => T,
): T {
  const { crs, affine, shape } = GeoBox.fromRecord(geobox);
  const content = bands.map((band, i) => {
    const raw = pixels[i];
    const words = describeBand(band, nodata);
    return raw === undefined
      ? `<VRTRasterBand dataType="${GDAL_TYPES[dtype]}" band="${i + 1}">${words}</VRTRasterBand>`
      : rawBand(raw, dtype, shape, `band="${i + 1}"`, words);
  });
  const dataset = loadGdal().open(
    `<VRTDataset rasterXSize="${shape.width}" rasterYSize="${shape.height}">` +
      `<GeoTransform>${toGeoTransform(affine).join(',')}</GeoTransform>` +
      `${content.join('')}</VRTDataset>`,
    'r+',
  );
  try {
    dataset.srs = spatialReference(crs.name);
    return use(dataset);
  } finally {
    dataset.close();
  }
}

function describeBand(
  { name, scale = 1, offset = 0, units, time }: GeoTiffBand,
  nodata?: number,
): string {
  const isScaled = scale !== 1 || offset !== 0;
  return [
    `<Description>${escapeXml(name)}</Description>`,
    ...(time === undefined
      ? []
      : [
          `<Metadata><MDI key="TIME_START">${time.start}</MDI><MDI key="TIME_END">${time.end}</MDI></Metadata>`,
        ]),
    ...(nodata === undefined ? [] : [`<NoDataValue>${noDataText(nodata)}</NoDataValue>`]),
    ...(isScaled ? [`<Offset>${offset}</Offset><Scale>${scale}</Scale>`] : []),
    ...(units === undefined ? [] : [`<UnitType>${escapeXml(units)}</UnitType>`]),
  ].join('');
}

function noDataText(nodata: number): string {
  return Number.isNaN(nodata) ? 'nan' : String(nodata);
}

function naming<T>({ file }: Pick<GeoTiffFile, 'file'>, task: () => T): T {
  try {
    return task();
  } catch (cause) {
    throw new RasterError(
      'encode',
      `Expected to write a GeoTIFF to ${file} but received: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
