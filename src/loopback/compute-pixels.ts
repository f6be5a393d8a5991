/** Requests for pixels: what is asked for, whether it is allowed, and the file that answers it. */
import { z } from 'zod';
import { invert } from '../grid/affine.js';
import { parseCrs } from '../grid/crs/crs.js';
import { GeoBox } from '../grid/geobox.js';
import type { PixelArray, WorkType } from '../raster/dtype.js';
import type { Catalogue } from './assets/catalogue.js';
import { evaluate } from './expression/evaluate.js';
import { isKind, kindOf } from './expression/value.js';
import { encodeGeoTiff } from './image/geotiff.js';
import { withoutOrigin } from './image/grids.js';
import { Frame, type Image, type ImageBand, type Mask } from './image/image.js';
import { encodeNpy } from './image/npy.js';
import { countedBytes, dtypeOf, exportName, nodataOf } from './image/pixel-type.js';
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
  /** The image's own grid where it is left out. */
  grid: PixelGrid.optional(),
  bandIds: z.array(z.string()).default([]),
  workloadTag: z
    .string()
    .regex(/^[a-z0-9](?:[-_a-z0-9]{0,61}[a-z0-9])?$/)
    .optional(),
});

type PixelRequest = z.infer<typeof PixelRequest>;

export interface PixelReply {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** Answers `image:computePixels`. @throws {EarthEngineError} when the request is refused. */
export function computePixels(body: unknown, catalogue: Catalogue): PixelReply {
  const request = readRequest(body);
  return render(evaluateImage(request.expression, catalogue), request, REQUEST_LIMITS);
}

/** Answers `{asset}:getPixels`. @throws {EarthEngineError} when the request is refused. */
export function getPixels(name: string, body: unknown, catalogue: Catalogue): PixelReply {
  const request = readRequest(body);
  if (request.expression !== undefined) {
    throw refuse('Invalid JSON payload received. Unknown name "expression": Cannot find field.');
  }
  return render(catalogue.image(name), request, REQUEST_LIMITS);
}

/** @throws {EarthEngineError} when the expression is refused, or gives no image. */
export function evaluateImage(expression: unknown, catalogue: Catalogue): Image {
  const value = evaluate(expression, catalogue);
  if (isKind(value, 'Image')) return value;
  throw refuse(`The expression must give an Image but gives a value of type ${kindOf(value)}.`);
}

function readRequest(body: unknown): PixelRequest {
  const parsed = PixelRequest.safeParse(body);
  if (!parsed.success) {
    throw refuse(`Invalid JSON payload received. ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

export interface PixelLimits {
  readonly maxBytes: number;
  readonly maxSide: number;
  /** GeoTIFFs carry a nodata tag, and its value where pixels are masked; else masked pixels are 0. */
  readonly hasNodata: boolean;
}

const REQUEST_LIMITS: PixelLimits = { maxBytes: MAX_BYTES, maxSide: MAX_SIDE, hasNodata: false };

/** The file formats that are written, each with whether all bands must have one type. */
const FORMATS: Readonly<Record<string, { contentType: string; isUniform: boolean }>> = {
  GEO_TIFF: { contentType: 'image/tiff', isUniform: true },
  NPY: { contentType: 'application/octet-stream', isUniform: false },
};

/** @throws {EarthEngineError} when the format is not written here, or a limit is passed. */
export function render(
  image: Image,
  { grid, bandIds, fileFormat }: Pick<PixelRequest, 'grid' | 'bandIds' | 'fileFormat'>,
  limits: PixelLimits,
): PixelReply {
  const format = FORMATS[fileFormat];
  if (format === undefined) {
    throw refuse(
      `File format '${fileFormat}' is not written by the loopback Earth Engine; GEO_TIFF and NPY are.`,
    );
  }
  const bands = bandIds.length === 0 ? image.bands : bandIds.map((id) => findBand(image, id));
  const asked = grid ?? ownGrid(bands);
  const dtypes = checkSize(bands, asked.dimensions, limits);
  const [dtype, ...others] = new Set(dtypes);
  if (dtype === undefined) throw refuse('The image has no bands.');
  if (format.isUniform && others.length > 0) {
    const names = [dtype, ...others].map(exportName);
    throw refuse(
      `Exported bands must have compatible data types; found inconsistent types: ${names.slice(0, -1).join(', ')} and ${names.at(-1)}.`,
    );
  }
  const geobox = toGeoBox(asked);
  const frame = new Frame(geobox);
  const nodata = format.isUniform && limits.hasNodata ? nodataOf(dtype) : undefined;
  const fields = bands.map(({ name, source }, at) => {
    const type = dtypes[at] ?? dtype;
    const plane = frame.planeOf(source);
    const pixels = asType(plane.pixels, type, frame.length);
    return { name, dtype: type, pixels: marked(pixels, plane.mask, nodata) };
  });
  const bytes = format.isUniform
    ? encodeGeoTiff(
        geobox,
        fields.map(({ pixels }) => pixels),
        dtype,
        nodata,
      )
    : encodeNpy(geobox.height, geobox.width, fields);
  return { contentType: format.contentType, bytes };
}

/** `nodata` where the mask is 0; the pixels themselves where there is nothing to mark. */
function marked(pixels: PixelArray, mask: Mask | undefined, nodata = 0): PixelArray {
  if (mask === undefined || nodata === 0) return pixels;
  const out = pixels.slice();
  for (let i = 0; i < out.length; i++) if (mask[i] === 0) out[i] = nodata;
  return out;
}

/** The grid of the first band, for requests without one. */
function ownGrid([first]: readonly ImageBand[]): NonNullable<PixelRequest['grid']> {
  if (first?.grid?.shape === undefined) {
    throw refuse('The image is unbounded: a grid with dimensions must be given.');
  }
  const { crs, affine, shape = [0, 0] } = withoutOrigin(first.grid);
  const [height, width] = shape;
  const [scaleX, shearX, translateX, shearY, scaleY, translateY] = affine;
  return {
    dimensions: { width, height },
    affineTransform: { scaleX, shearX, translateX, shearY, scaleY, translateY },
    ...(crs.includes('[') ? { crsWkt: crs } : { crsCode: crs }),
  };
}

function findBand(image: Image, id: string): ImageBand {
  const band = image.bands.find(({ name }) => name === id);
  if (band !== undefined) return band;
  throw refuse(
    `Band '${id}' was not found. Available bands: [${image.bands.map(({ name }) => name).join(', ')}]`,
  );
}

type Grid = NonNullable<PixelRequest['grid']>;

/** The types of the bands. @throws {EarthEngineError} when a limit is passed. */
function checkSize(
  bands: readonly ImageBand[],
  { width, height }: Grid['dimensions'],
  { maxBytes, maxSide }: PixelLimits,
): WorkType[] {
  if (width > maxSide || height > maxSide) {
    throw refuse(
      `Pixel grid dimensions (${width}x${height}) must be less than or equal to ${maxSide}.`,
      'too-large',
    );
  }
  if (bands.length > MAX_BANDS) {
    throw refuse(`Number of bands (${bands.length}) must be less than or equal to ${MAX_BANDS}.`);
  }
  const dtypes = bands.map(({ type }) => dtypeOf(type));
  const bytes = width * height * dtypes.reduce((sum, each) => sum + countedBytes(each), 0);
  if (bytes > maxBytes) {
    throw refuse(
      `Total request size (${bytes} bytes) must be less than or equal to ${maxBytes} bytes.`,
      'too-large',
    );
  }
  return dtypes;
}

function toGeoBox({ dimensions, affineTransform, crsCode, crsWkt }: Grid): GeoBox {
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
