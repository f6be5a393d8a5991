import type { GeoTIFFImage } from 'geotiff';
import { RasterError } from '../../errors.js';
import {
  allocate,
  asBytes,
  bytesOf,
  type DType,
  fromBytes,
  type PixelArray,
} from '../../raster/dtype.js';
import { isPlausibleBlock, MAX_IMAGE_BYTES } from '../size-limits.js';
import { type BlockLayout, decodeBlock } from './blocks.js';

export interface PixelFormat {
  readonly dtype: DType;
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
  /** Width of the image. */
  readonly width: number;
}

/**
 * Every band of an image, each block decoded once. geotiff.js' own `readRasters` fetches each sample of
 * each pixel through a function call.
 *
 * @throws {RasterError} when pixels are corrupt or cut off.
 */
export function readBands(
  image: GeoTIFFImage,
  bytes: Uint8Array<ArrayBuffer>,
  { dtype, isLittleEndian, nodata }: PixelFormat,
): PixelArray[] {
  const [height, width, bands] = [image.getHeight(), image.getWidth(), image.getSamplesPerPixel()];
  const tags = image.fileDirectory.toObject();
  const stride = image.planarConfiguration === 1 ? bands : 1;
  const layout: BlockLayout = {
    compression: numberIn(tags, 'Compression') ?? 1,
    predictor: numberIn(tags, 'Predictor') ?? 1,
    isLittleEndian,
    samplesPerRow: image.getTileWidth() * stride,
    stride,
    bytesPerSample: bytesOf(dtype),
  };
  const rowBytes = layout.samplesPerRow * layout.bytesPerSample;
  const blockBytes = rowBytes * image.getTileHeight();
  checkSize(height * width * bands * layout.bytesPerSample, blockBytes);
  const blocks = blocksOf(image, tags, stride);
  const result = Array.from({ length: bands }, () => allocate(dtype, height * width));
  for (const { band, place, offset, count } of blocks) {
    const targets = stride === 1 ? result.slice(band, band + 1) : result;
    if (count === 0) {
      fill(targets, place, nodata ?? 0);
      continue;
    }
    // Tiles are whole; the last strip ends with the image.
    const least = image.isTiled ? blockBytes : rowBytes * place.rows;
    const block = decodeBlock(cut(bytes, offset, count), least, blockBytes, layout);
    if (stride === 1) copyRows(block, rowBytes, asBytes(targets[0] as PixelArray), place, layout);
    else separate(fromBytes(dtype, block), layout.samplesPerRow, targets, place);
  }
  return result;
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
      place: { row, col, rows, cols, width },
      offset: Number(offsets[index]),
      count: Number(counts[index]),
    };
  });
}

function cut(
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  if (offset + count > bytes.length)
    throw new RasterError(
      'decode',
      `Expected ${offset + count} bytes of GeoTIFF but received ${bytes.length}: it is cut off.`,
    );
  return bytes.subarray(offset, offset + count);
}

function checkSize(imageBytes: number, blockBytes: number): void {
  if (!(imageBytes <= MAX_IMAGE_BYTES && isPlausibleBlock(blockBytes, imageBytes)))
    throw new RasterError(
      'decode',
      `Expected at most ${MAX_IMAGE_BYTES} bytes of pixels in the GeoTIFF but received ${imageBytes}, in blocks of ${blockBytes}.`,
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

function fill(targets: PixelArray[], { row, col, rows, cols, width }: Place, value: number): void {
  for (const target of targets)
    for (let y = row; y < row + rows; y++)
      target.fill(value, y * width + col, y * width + col + cols);
}

function copyRows(
  block: Uint8Array,
  rowBytes: number,
  target: Uint8Array,
  { row, col, rows, cols, width }: Place,
  { bytesPerSample: size }: BlockLayout,
): void {
  if (cols === width && cols * size === rowBytes) {
    target.set(block.subarray(0, rows * rowBytes), row * rowBytes);
    return;
  }
  for (let y = 0; y < rows; y++)
    target.set(
      block.subarray(y * rowBytes, y * rowBytes + cols * size),
      ((row + y) * width + col) * size,
    );
}

/** Pixels whose bands follow each other, to arrays of their own. */
function separate(
  block: PixelArray,
  samplesPerRow: number,
  targets: PixelArray[],
  { row, col, rows, cols, width }: Place,
): void {
  const stride = targets.length;
  for (const [band, target] of targets.entries())
    for (let y = 0; y < rows; y++) {
      const start = (row + y) * width + col;
      for (let x = 0, at = y * samplesPerRow + band; x < cols; x++, at += stride)
        target[start + x] = block[at] as number;
    }
}
