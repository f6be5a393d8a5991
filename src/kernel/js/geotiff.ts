import type { GeoTIFFImage } from 'geotiff';
import { RasterError } from '../../errors.js';
import type { Affine } from '../../grid/affine.js';
import { affineOfTags, crsOfKeys } from '../../grid/georeferencing.js';
import { bytesOf, type PixelArray, type WorkType } from '../../raster/dtype.js';
import { openTiff } from '../../raster/open-tiff.js';
import { MAX_IMAGE_BYTES } from '../size-limits.js';
import { ImagePixels } from './geotiff-pixels.js';

/** The first image of a GeoTIFF. */
export interface GeoTiff {
  readonly height: number;
  readonly width: number;
  /** Bands of every kind, mask bands included. */
  readonly bands: number;
  readonly dtype: WorkType;
  /** `undefined` where the file does not say where it lies. */
  readonly affine: Affine | undefined;
  /** EPSG code of the CRS; `undefined` where the file has none, or one without a code. */
  readonly epsg: number | undefined;
  /** Value of pixels without data, from the tag in which GDAL writes it. */
  readonly nodata: number | undefined;
  /**
   * Reads a band (from 0) into `target`, of the file's own type, from `start` on, with `rowLength` pixels
   * from one row to the next.
   * @throws {RasterError} when the pixels are corrupt, cut off, or compressed in a way not known here.
   */
  readBand(band: number, target: PixelArray, start: number, rowLength: number): void;
}

/** @throws {RasterError} when the bytes are no TIFF, or one with pixels of a type that cubes cannot have. */
export async function openGeoTiff(bytes: Uint8Array): Promise<GeoTiff> {
  try {
    const file = await openTiff(bytes);
    return describe(await file.getImage(0), bytes, file.littleEndian);
  } catch (cause) {
    if (cause instanceof RasterError) throw cause;
    throw new RasterError(
      'decode',
      `Expected a GeoTIFF for the reply but received ${bytes.length} bytes that geotiff.js cannot open: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function describe(image: GeoTIFFImage, bytes: Uint8Array, isLittleEndian: boolean): GeoTiff {
  const [height, width, bands] = [image.getHeight(), image.getWidth(), image.getSamplesPerPixel()];
  const [blockHeight, blockWidth] = [image.getTileHeight(), image.getTileWidth()];
  // A corrupt directory may give them in fractions, or not at all.
  const sizes = [height, width, bands, blockHeight, blockWidth];
  if (!sizes.every((size) => Number.isInteger(size) && size > 0))
    throw new RasterError(
      'decode',
      `Expected a GeoTIFF with pixels but received ${width} x ${height} px in ${bands} bands, in blocks of ${blockWidth} x ${blockHeight} px.`,
    );
  const dtype = dtypeOf(image, bands);
  // Before anyone allocates an array of that size.
  const imageBytes = height * width * bands * bytesOf(dtype);
  if (imageBytes > MAX_IMAGE_BYTES)
    throw new RasterError(
      'decode',
      `Expected at most ${MAX_IMAGE_BYTES} bytes of pixels in the GeoTIFF but received ${imageBytes}.`,
    );
  let pixels: ImagePixels | undefined;
  return {
    height,
    width,
    bands,
    dtype,
    affine: affineOf(image),
    epsg: epsgOf(image),
    nodata: nodataOf(image),
    readBand(band, target, start, rowLength) {
      pixels ??= new ImagePixels(image, bytes, { dtype, isLittleEndian, nodata: nodataOf(image) });
      pixels.readBand(band, target, start, rowLength);
    },
  };
}

/** By TIFF's sample format (1 unsigned, 2 signed, 3 floating) and bits. */
const DTYPE_OF: Readonly<Record<string, WorkType>> = {
  '1-8': 'uint8',
  '1-16': 'uint16',
  '1-32': 'uint32',
  '2-16': 'int16',
  '2-32': 'int32',
  '3-32': 'float32',
  '3-64': 'float64',
};

/** TIFF states the type of each band; here it must be the same for all. */
function dtypeOf(image: GeoTIFFImage, bands: number): WorkType {
  const names = new Set<string>();
  for (let band = 0; band < bands && names.size < 2; band++)
    names.add(`${image.getSampleFormat(band) ?? 1}-${image.getBitsPerSample(band)}`);
  const [name = ''] = names;
  const dtype = names.size === 1 ? DTYPE_OF[name] : undefined;
  if (dtype === undefined)
    throw new RasterError(
      'decode',
      `Expected pixels of a type that cubes can have in the GeoTIFF but received sample format and bits ${[...names].join(', ')}.`,
    );
  return dtype;
}

function affineOf(image: GeoTIFFImage): Affine | undefined {
  const { fileDirectory } = image;
  return affineOfTags({
    scale: fileDirectory.getValue('ModelPixelScale'),
    tiepoints: fileDirectory.getValue('ModelTiepoint'),
    matrix: fileDirectory.getValue('ModelTransformation'),
    pixelIsPoint: image.getGeoKeys()?.GTRasterTypeGeoKey === 2,
  });
}

function epsgOf(image: GeoTIFFImage): number | undefined {
  const code = crsOfKeys(image.getGeoKeys());
  return code === 'own' ? undefined : code;
}

function nodataOf(image: GeoTIFFImage): number | undefined {
  const text: unknown = image.fileDirectory.getValue('GDAL_NODATA');
  if (typeof text !== 'string') return undefined;
  const word = text.replace(/\0.*$/s, '').trim();
  if (/^[-+]?inf/i.test(word))
    return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[-+]?nan/i.test(word)) return Number.NaN;
  // The number that a text begins with, as GDAL reads it.
  const value = Number.parseFloat(word);
  return Number.isNaN(value) ? undefined : value;
}
