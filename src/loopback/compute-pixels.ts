/** Requests for pixels: what is asked for, whether it is allowed, and the GeoTIFF that answers it. */
import { z } from 'zod';
import { invert } from '../grid/affine.js';
import { parseCrs } from '../grid/crs.js';
import { GeoBox } from '../grid/geobox.js';
import type { DType } from '../raster/dtype.js';
import type { Catalogue } from './assets/catalogue.js';
import { evaluate } from './expression/evaluate.js';
import { isKind, kindOf } from './expression/value.js';
import { encodeGeoTiff } from './image/geotiff.js';
import { Frame, type Image, type ImageBand } from './image/image.js';
import { countedBytes, dtypeOf, exportName } from './image/pixel-type.js';
import { asType } from './image/pixels.js';
import { refuse } from './refusal.js';

/** Earth Engine's limits on one request. */
export const MAX_BYTES = 50331648;
export const MAX_SIDE = 32768;
export const MAX_BANDS = 1024;

const Coefficient = z.number().default(0);

const PixelGrid = z.strictObject({
  dimensions: z.strictObject({ width: z.int().positive(), height: z.int().positive() }),
  affineTransform: z.strictObject({
    scaleX: Coefficient,
    shearX: Coefficient,
    translateX: Coefficient,
    shearY: Coefficient,
    scaleY: Coefficient,
    translateY: Coefficient,
  }),
  crsCode: z.string().optional(),
  crsWkt: z.string().optional(),
});

const PixelRequest = z.strictObject({
  expression: z.unknown().optional(),
  fileFormat: z.string().default('AUTO_JPEG_PNG'),
  grid: PixelGrid,
  bandIds: z.array(z.string()).default([]),
  workloadTag: z.string().optional(),
});

type PixelRequest = z.infer<typeof PixelRequest>;

/** Answers `image:computePixels`. @throws {EarthEngineError} when the request is refused. */
export function computePixels(body: unknown, catalogue: Catalogue): Uint8Array {
  const request = readRequest(body);
  const value = evaluate(request.expression, catalogue);
  if (!isKind(value, 'Image')) {
    throw refuse(`The expression must give an Image but gives a value of type ${kindOf(value)}.`);
  }
  return render(value, request);
}

/** Answers `{asset}:getPixels`. @throws {EarthEngineError} when the request is refused. */
export function getPixels(name: string, body: unknown, catalogue: Catalogue): Uint8Array {
  const request = readRequest(body);
  if (request.expression !== undefined) {
    throw refuse('Invalid JSON payload received. Unknown name "expression": Cannot find field.');
  }
  return render(catalogue.image(name), request);
}

function readRequest(body: unknown): PixelRequest {
  const parsed = PixelRequest.safeParse(body);
  if (!parsed.success) {
    throw refuse(`Invalid JSON payload received. ${z.prettifyError(parsed.error)}`);
  }
  const { fileFormat } = parsed.data;
  if (fileFormat !== 'GEO_TIFF') {
    throw refuse(
      `File format '${fileFormat}' is not written by the loopback Earth Engine; GEO_TIFF is.`,
    );
  }
  return parsed.data;
}

function render(image: Image, { grid, bandIds }: PixelRequest): Uint8Array {
  const bands = bandIds.length === 0 ? image.bands : bandIds.map((id) => findBand(image, id));
  const dtype = checkSize(bands, grid.dimensions);
  const geobox = toGeoBox(grid);
  const frame = new Frame(geobox);
  const planes = bands.map(({ source }) =>
    asType(frame.planeOf(source).pixels, dtype, frame.length),
  );
  return encodeGeoTiff(geobox, planes, dtype);
}

function findBand(image: Image, id: string): ImageBand {
  const band = image.bands.find(({ name }) => name === id);
  if (band !== undefined) return band;
  throw refuse(
    `Band '${id}' was not found. Available bands: [${image.bands.map(({ name }) => name).join(', ')}]`,
  );
}

type Dimensions = PixelRequest['grid']['dimensions'];

/** The one type of all bands. @throws {EarthEngineError} when a limit is passed or types differ. */
function checkSize(bands: readonly ImageBand[], { width, height }: Dimensions): DType {
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw refuse(
      `Pixel grid dimensions (${width}x${height}) must be less than or equal to ${MAX_SIDE}.`,
      'too-large',
    );
  }
  if (bands.length > MAX_BANDS) {
    throw refuse(`Number of bands (${bands.length}) must be less than or equal to ${MAX_BANDS}.`);
  }
  const dtypes = bands.map(({ type }) => dtypeOf(type));
  const [dtype, ...others] = new Set(dtypes);
  if (dtype === undefined) throw refuse('The image has no bands.');
  if (others.length > 0) {
    const names = [dtype, ...others].map(exportName);
    throw refuse(
      `Exported bands must have compatible data types; found inconsistent types: ${names.slice(0, -1).join(', ')} and ${names.at(-1)}.`,
    );
  }
  const bytes = width * height * dtypes.reduce((sum, each) => sum + countedBytes(each), 0);
  if (bytes > MAX_BYTES) {
    throw refuse(
      `Total request size (${bytes} bytes) must be less than or equal to ${MAX_BYTES} bytes.`,
      'too-large',
    );
  }
  return dtype;
}

function toGeoBox({ dimensions, affineTransform, crsCode, crsWkt }: PixelRequest['grid']): GeoBox {
  const crs = crsCode ?? crsWkt;
  if (crs === undefined || (crsCode !== undefined && crsWkt !== undefined)) {
    throw refuse('Expected exactly one of crsCode and crsWkt in the grid.');
  }
  const { scaleX, shearX, translateX, shearY, scaleY, translateY } = affineTransform;
  const affine = [scaleX, shearX, translateX, shearY, scaleY, translateY] as const;
  try {
    invert(affine);
    return new GeoBox(parseCrs(crs), dimensions, affine);
  } catch (cause) {
    throw refuse(`The grid cannot be used: ${cause instanceof Error ? cause.message : cause}`);
  }
}
