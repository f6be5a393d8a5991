import { createHash } from 'node:crypto';
import type { GeoTIFFImage } from 'geotiff';
import { EarthEngineError } from '../errors.js';
import { type Affine, alignsWith } from '../grid/affine.js';
import { GeoBox } from '../grid/geobox.js';
import { affineOfTags, crsOfKeys } from '../grid/georeferencing.js';
import { bytesOf, type WorkType } from '../raster/dtype.js';
import { openTiff } from '../raster/open-tiff.js';
import type { PixelRequest } from '../tile.js';
import type { Reply } from './client.js';
import { ANOTHER_ANSWERS } from './replies/hints.js';
import { errorOfReply, holdsError } from './reply-errors.js';

/** What a reply must be. */
export interface ExpectedReply {
  readonly request: PixelRequest;
  /** Data bands and mask bands. */
  readonly bands: number;
  readonly dtype: WorkType;
}

/** TIFF's SampleFormat: 1 unsigned, 2 signed, 3 floating point. */
const SAMPLE_FORMATS: Readonly<Record<WorkType, number>> = {
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

/** Bytes of text in place of pixels that are looked at. */
const MAX_TEXT_BYTES = 64 * 1024;

/**
 * Makes sure that a reply holds the pixels that were asked for, before a kernel sees it: a whole
 * GeoTIFF of the right size, bands, type, transform and CRS. Pixels themselves are not read.
 *
 * @throws {EarthEngineError} `transient` for anything that another try may mend, with a `mismatch` that is equal
 * where the same reply comes again; an error in JSON in place of pixels is the service's own.
 */
export async function checkReply(reply: Reply, wanted: ExpectedReply): Promise<void> {
  const { bytes } = reply;
  if (!looksLikeTiff(bytes)) throw notPixels(reply, 'a GeoTIFF');
  let image: GeoTIFFImage;
  let affine: Affine | undefined;
  try {
    image = await (await openTiff(bytes)).getImage();
    checkShape(image, wanted);
    await checkExtents(image, bytes);
    affine = await affineOf(image);
  } catch (cause) {
    if (cause instanceof EarthEngineError) throw cause;
    throw damage(bytes, 'that cannot be read', cause);
  }
  checkGrid(image, affine, wanted);
}

/**
 * Makes sure that a reply without pixels is what the service sends: an object in JSON, and no error in it.
 * @throws {EarthEngineError} as {@link checkReply}
 */
export async function checkMetadata(reply: Reply): Promise<void> {
  const text = Buffer.from(reply.bytes).toString('utf8');
  if (holdsError(text)) throw errorOfReply(200, text, reply);
  try {
    if (typeof JSON.parse(text) === 'object') return;
  } catch {
    // Said below.
  }
  throw notPixels(reply, 'JSON');
}

/** Why a reply is of another sort: an error of the service, a page of somebody else's, or whatever it is called. */
function notPixels({ bytes, contentType, clean }: Reply, what: string): EarthEngineError {
  const text = Buffer.from(bytes.subarray(0, MAX_TEXT_BYTES)).toString('utf8');
  const called = `called ${contentType === '' ? 'nothing' : contentType}`;
  if (holdsError(text)) return errorOfReply(200, text, { clean });
  if (/^\s*<(!doctype|html|head|body|\?xml)/i.test(text) || /^text\/html/i.test(contentType)) {
    // Pages hold times and numbers of their own: what they say is not compared.
    return mismatch(what, `a web page${titleOf(text)}, ${called}`, 'a web page', ANOTHER_ANSWERS);
  }
  if (/^application\/json/i.test(contentType) || /^\ufeff?\s*[[{]/.test(text))
    return mismatch(what, `JSON without an error of the service, ${called}`, 'JSON');
  const received = `${bytes.length} bytes that begin otherwise, ${called}`;
  return mismatch(what, received, `${received} ${digestOf(bytes)}`);
}

function titleOf(text: string): string {
  const title = /<title[^>]{0,100}>([^<]{0,100})/i.exec(text.slice(0, 8192))?.[1]?.trim();
  return title ? ` "${title.replace(/\s+/g, ' ')}"` : '';
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
async function checkExtents(image: GeoTIFFImage, bytes: Uint8Array): Promise<void> {
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
    if (!(offset >= end && offset + count <= bytes.length))
      throw damage(bytes, 'that are less than its directory speaks of');
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

/** A whole reply that is not what was asked for; `same` is equal where the same comes again. */
function mismatch(what: string, received: string, same = received, hint = ''): EarthEngineError {
  return new EarthEngineError(
    'transient',
    `Expected ${what} for the reply but received ${received}.${hint === '' ? '' : ` ${hint}`}`,
    200,
    { mismatch: `${what}: ${same}` },
  );
}

/** A reply that came to harm on the way, it seems: no harm is done twice in the same way. */
function damage(bytes: Uint8Array, how: string, cause?: unknown): EarthEngineError {
  return new EarthEngineError(
    'transient',
    `Expected a whole GeoTIFF for the reply but received ${bytes.length} bytes ${how}.`,
    200,
    { ...(cause === undefined ? {} : { cause }), mismatch: digestOf(bytes) },
  );
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
