import type { GeoTIFFImage } from 'geotiff';
import { RasterError } from '../../errors.js';
import {
  asBytes,
  bytesOf,
  isFloat,
  type PixelArray,
  rangeOf,
  type WorkType,
} from '../../raster/dtype.js';
import { type LoadedPixels, pixelsOver } from '../../raster/loaded-pixels.js';
import { isPlausibleBlock } from '../size-limits.js';
import { type BlockLayout, decodeBlock } from './blocks.js';

export interface PixelFormat {
  readonly dtype: WorkType;
  readonly isLittleEndian: boolean;
  /** Blocks that were left out of the file hold it, or 0. */
  readonly nodata: number | undefined;
}

/** Where a block lies in the image, cut to it. */
interface Place {
  readonly row: number;
  readonly col: number;
  readonly rows: number;
  readonly cols: number;
}

/** Where it goes in the target: from `start` on, with `rowLength` pixels from one row to the next. */
interface TargetPlace extends Place {
  readonly start: number;
  readonly rowLength: number;
}

/**
 * The pixels of an image, band by band. geotiff.js' own `readRasters` fetches each sample of each pixel
 * through a function call.
 */
export class ImagePixels {
  readonly #layout: BlockLayout;
  readonly #rowBytes: number;
  readonly #blockBytes: number;
  readonly #stride: number;
  readonly #blocks: readonly Block[];
  /** Blocks that hold all bands, decoded once for all of them. */
  readonly #decoded = new Map<Block, LoadedPixels>();

  /** @throws {RasterError} when the directory asks for what no image can be. */
  constructor(
    private readonly image: GeoTIFFImage,
    private readonly bytes: Uint8Array,
    private readonly format: PixelFormat,
  ) {
    const { dtype, isLittleEndian } = format;
    const [height, width] = [image.getHeight(), image.getWidth()];
    const bands = image.getSamplesPerPixel();
    const tags = image.fileDirectory.toObject();
    this.#stride = image.planarConfiguration === 1 ? bands : 1;
    this.#layout = {
      compression: numberIn(tags, 'Compression') ?? 1,
      predictor: numberIn(tags, 'Predictor') ?? 1,
      isLittleEndian,
      samplesPerRow: image.getTileWidth() * this.#stride,
      stride: this.#stride,
      bytesPerSample: bytesOf(dtype),
    };
    this.#rowBytes = this.#layout.samplesPerRow * this.#layout.bytesPerSample;
    this.#blockBytes = this.#rowBytes * image.getTileHeight();
    checkSize(height * width * bands * this.#layout.bytesPerSample, this.#blockBytes);
    this.#blocks = blocksOf(image, tags, this.#stride);
  }

  /**
   * Reads a band (from 0) into `target`, which has the image's type, from `start` on, with `rowLength`
   * pixels from one row to the next.
   *
   * @throws {RasterError} when pixels are corrupt or cut off.
   */
  readBand(band: number, target: PixelArray, start: number, rowLength: number): void {
    for (const block of this.#blocks) {
      if (this.#stride === 1 && block.band !== band) continue;
      const place = { ...block.place, start, rowLength };
      if (block.count === 0) fill(target, place, leftOut(this.format));
      else if (this.#stride === 1)
        copyRows(this.#decode(block), this.#rowBytes, asBytes(target), place, this.#layout);
      else
        separate(
          this.#shared(block),
          this.#layout.samplesPerRow,
          target,
          band,
          this.#stride,
          place,
        );
    }
  }

  #shared(block: Block): LoadedPixels {
    const known = this.#decoded.get(block);
    if (known !== undefined) return known;
    const { dtype } = this.format;
    const bytes = this.#decode(block);
    const size = bytesOf(dtype);
    const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
    const pixels = pixelsOver(dtype, buffer, byteOffset, bytes.byteLength / size);
    this.#decoded.set(block, pixels);
    return pixels;
  }

  #decode({ offset, count, place }: Block): Uint8Array {
    // Tiles are whole; the last strip ends with the image.
    const least = this.image.isTiled ? this.#blockBytes : this.#rowBytes * place.rows;
    return decodeBlock(cut(this.bytes, offset, count), least, this.#blockBytes, this.#layout);
  }
}

interface Block {
  /** The one band it holds, where bands lie one after another. */
  readonly band: number;
  readonly place: Place;
  /** Where its bytes are in the file; none where it was left out. */
  readonly offset: number;
  readonly count: number;
}

/** All blocks of an image, row by row and, where bands lie one after another, band by band. */
function blocksOf(image: GeoTIFFImage, tags: Tags, stride: number): Block[] {
  const [height, width] = [image.getHeight(), image.getWidth()];
  const [blockHeight, blockWidth] = [image.getTileHeight(), image.getTileWidth()];
  const across = Math.ceil(width / blockWidth);
  const down = Math.ceil(height / blockHeight);
  const length = across * down * (image.getSamplesPerPixel() / stride);
  const kind = image.isTiled ? 'Tile' : 'Strip';
  const offsets = listIn(tags, `${kind}Offsets`, length);
  const counts = listIn(tags, `${kind}ByteCounts`, length);
  return Array.from({ length }, (_, index) => {
    const row = (Math.floor(index / across) % down) * blockHeight;
    const col = (index % across) * blockWidth;
    const [rows, cols] = [Math.min(blockHeight, height - row), Math.min(blockWidth, width - col)];
    return {
      band: Math.floor(index / (across * down)),
      place: { row, col, rows, cols },
      offset: Number(offsets[index]),
      count: Number(counts[index]),
    };
  });
}

function cut(bytes: Uint8Array, offset: number, count: number): Uint8Array {
  if (offset + count > bytes.length)
    throw new RasterError(
      'decode',
      `Expected ${offset + count} bytes of GeoTIFF but received ${bytes.length}: it is cut off.`,
    );
  return bytes.subarray(offset, offset + count);
}

function checkSize(imageBytes: number, blockBytes: number): void {
  if (!isPlausibleBlock(blockBytes, imageBytes))
    throw new RasterError(
      'decode',
      `Expected blocks that fit ${imageBytes} bytes of pixels in the GeoTIFF but received blocks of ${blockBytes}.`,
    );
}

type Tags = Record<string, unknown>;

function numberIn(tags: Tags, tag: string): number | undefined {
  const value = tags[tag];
  return typeof value === 'number' ? value : undefined;
}

function listIn(tags: Tags, tag: string, length: number): ArrayLike<unknown> {
  const value = tags[tag] as ArrayLike<unknown> | undefined;
  if (!(value !== undefined && value.length >= length))
    throw new RasterError(
      'decode',
      `Expected ${length} ${tag} in the GeoTIFF but received ${value?.length ?? 'none'}.`,
    );
  return value;
}

/** What the pixels of a block are that was left out: the nodata value as GDAL puts it into the type, or 0. */
function leftOut({ dtype, nodata = 0 }: PixelFormat): number {
  if (isFloat(dtype)) return nodata;
  const [low, high] = rangeOf(dtype);
  const rounded = Math.trunc(nodata + (nodata > 0 ? 0.5 : -0.5)) || 0;
  return Math.min(Math.max(rounded, low), high);
}

function fill(target: PixelArray, place: TargetPlace, value: number): void {
  const { row, col, rows, cols, start, rowLength } = place;
  for (let y = row; y < row + rows; y++) {
    const first = start + y * rowLength + col;
    target.fill(value, first, first + cols);
  }
}

function copyRows(
  block: Uint8Array,
  rowBytes: number,
  target: Uint8Array,
  { row, col, rows, cols, start, rowLength }: TargetPlace,
  { bytesPerSample: size }: BlockLayout,
): void {
  const first = (start + row * rowLength + col) * size;
  if (cols === rowLength && cols * size === rowBytes) {
    target.set(block.subarray(0, rows * rowBytes), first);
    return;
  }
  for (let y = 0; y < rows; y++)
    target.set(
      block.subarray(y * rowBytes, y * rowBytes + cols * size),
      first + y * rowLength * size,
    );
}

/** One band out of pixels whose bands follow each other. */
function separate(
  block: LoadedPixels,
  samplesPerRow: number,
  target: PixelArray,
  band: number,
  stride: number,
  { row, col, rows, cols, start, rowLength }: TargetPlace,
): void {
  for (let y = 0; y < rows; y++) {
    const first = start + (row + y) * rowLength + col;
    for (let x = 0, at = y * samplesPerRow + band; x < cols; x++, at += stride)
      target[first + x] = block[at] as number;
  }
}
