import { GeoTIFF, type GeoTIFFImage } from 'geotiff';
import { EarthEngineError } from '../errors.js';
import { type Affine, alignsWith } from '../grid/affine.js';
import { GeoBox } from '../grid/geobox.js';
import { affineOfTags, crsOfKeys } from '../grid/georeferencing.js';
import { byteSource } from '../raster/byte-source.js';
import { bytesOf, type DType } from '../raster/dtype.js';
import type { PixelRequest } from '../tile.js';
import type { Reply } from './client.js';
import { errorOfReply } from './reply-errors.js';

/** What a reply must be. */
export interface ExpectedReply {
  readonly request: PixelRequest;
  /** Data bands and mask bands. */
  readonly bands: number;
  readonly dtype: DType;
}

/** TIFF's SampleFormat: 1 unsigned, 2 signed, 3 floating point. */
const SAMPLE_FORMATS: Readonly<Record<DType, number>> = {
  uint8: 1,
  uint16: 1,
  uint32: 1,
  int16: 2,
  int32: 2,
  float32: 3,
  float64: 3,
};

/** GTRasterTypeGeoKey: coordinates are of a pixel's centre. */
const PIXEL_IS_POINT = 2;

/**
 * Makes sure that a reply holds the pixels that were asked for, before a kernel sees it: a whole
 * GeoTIFF of the right size, bands, type, transform and CRS. Pixels themselves are not read.
 *
 * @throws {EarthEngineError} `transient` for anything that another try may mend; JSON in place of
 * pixels is the service's own error.
 */
export async function checkReply(
  { bytes, contentType }: Reply,
  wanted: ExpectedReply,
): Promise<void> {
  if (contentType.startsWith('application/json'))
    throw errorOfReply(200, Buffer.from(bytes).toString('utf8'));
  if (!looksLikeTiff(bytes))
    throw mismatch(
      'a GeoTIFF',
      `${bytes.length} bytes that begin otherwise, called ${contentType || 'nothing'}`,
    );
  let image: GeoTIFFImage;
  let affine: Affine | undefined;
  try {
    image = await (await GeoTIFF.fromSource(byteSource(bytes))).getImage();
    checkShape(image, wanted);
    await checkExtents(image, bytes.length);
    affine = await affineOf(image);
  } catch (cause) {
    if (cause instanceof EarthEngineError) throw cause;
    throw mismatch('a whole GeoTIFF', `${bytes.length} bytes that cannot be read`, cause);
  }
  checkGrid(image, affine, wanted);
}

/** `II*\0` or `MM\0*`, and the same of BigTIFF. */
function looksLikeTiff([a, b, c, d]: Uint8Array): boolean {
  const little = a === 0x49 && b === 0x49 && (c === 42 || c === 43) && d === 0;
  const big = a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43);
  return little || big;
}

function checkShape(image: GeoTIFFImage, { request, bands, dtype }: ExpectedReply): void {
  const [height, width] = request.geobox.shape;
  const size = `${image.getWidth()} x ${image.getHeight()}`;
  if (size !== `${width} x ${height}`) throw mismatch(`${width} x ${height} pixels`, size);
  if (image.getSamplesPerPixel() !== bands)
    throw mismatch(`${bands} bands`, `${image.getSamplesPerPixel()}`);
  for (let band = 0; band < bands; band++) {
    const bits = image.getBitsPerSample(band);
    const format = image.getSampleFormat(band);
    if (bits !== bytesOf(dtype) * 8 || format !== SAMPLE_FORMATS[dtype]) {
      throw mismatch(`${dtype} pixels`, `${bits} bits of sample format ${format}`);
    }
  }
}

/**
 * Every strip or tile lies inside the body, and none on another: a body that was cut, or whose
 * directory was damaged, shows here.
 */
async function checkExtents(image: GeoTIFFImage, length: number): Promise<void> {
  const directory = image.getFileDirectory();
  const kind = directory.hasTag('StripOffsets') ? 'Strip' : 'Tile';
  const offsets = await directory.loadValue(`${kind}Offsets`);
  const counts = await directory.loadValue(`${kind}ByteCounts`);
  if (offsets === undefined || counts === undefined)
    throw mismatch('pixels', 'a GeoTIFF without any');
  const blocks = Array.from(
    offsets,
    (offset, i) => [Number(offset), Number(counts[i])] as const,
  ).sort(([one], [other]) => one - other);
  let end = 0;
  for (const [offset, count] of blocks) {
    // A block of no bytes is a sparse one: it holds nothing but nodata.
    if (count === 0) continue;
    if (!(offset >= end && offset + count <= length))
      throw mismatch('a whole GeoTIFF', `${length} bytes, less than its directory speaks of`);
    end = offset + count;
  }
}

function checkGrid(
  image: GeoTIFFImage,
  affine: Affine | undefined,
  { request }: ExpectedReply,
): void {
  const wanted = GeoBox.fromRecord(request.geobox);
  if (affine === undefined) throw mismatch('a georeferenced GeoTIFF', 'one without a transform');
  if (!alignsWith(affine, wanted.affine, wanted.width, wanted.height)) {
    throw mismatch(`the transform ${wanted.affine.join(' ')}`, affine.join(' '));
  }
  const code = crsOfKeys(image.getGeoKeys());
  if (code === undefined) throw mismatch(wanted.crs.name, 'a GeoTIFF without a CRS');
  if (code !== 'own' && wanted.crs.epsg !== undefined && code !== wanted.crs.epsg) {
    throw mismatch(wanted.crs.name, `EPSG:${code}`);
  }
}

/** Tags read as they stand: geotiff.js's own `getResolution` turns the y term of a matrix around. */
async function affineOf(image: GeoTIFFImage): Promise<Affine | undefined> {
  const directory = image.getFileDirectory();
  const [scale, tiepoints, matrix] = await Promise.all([
    directory.loadValue('ModelPixelScale'),
    directory.loadValue('ModelTiepoint'),
    directory.loadValue('ModelTransformation'),
  ]);
  const pixelIsPoint = image.getGeoKeys()?.GTRasterTypeGeoKey === PIXEL_IS_POINT;
  return affineOfTags({ scale, tiepoints, matrix, pixelIsPoint });
}

function mismatch(what: string, received: string, cause?: unknown): EarthEngineError {
  return new EarthEngineError(
    'transient',
    `Expected ${what} for the reply but received ${received}.`,
    200,
    cause === undefined ? undefined : { cause },
  );
}
