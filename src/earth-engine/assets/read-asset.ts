/** Images and bands as the service writes them: in the description of an asset, and in a value that was computed. */
import type { SourceGrid } from '../../dataset/choose/place.js';
import type { SourceBand } from '../../dataset/choose/source-asset.js';
import type { PixelDataType } from '../../dataset/choose/values.js';
import { EarthEngineError } from '../../errors.js';
import { type Affine, shift } from '../../grid/affine.js';

type Json = Readonly<Record<string, unknown>>;

/** @throws {EarthEngineError} where it is none. */
export function readImage(image: Json): SourceBand[] {
  const { bands } = image;
  // Of no bands there is no list: proto3 leaves empty ones out.
  if (bands === undefined) return [];
  if (Array.isArray(bands)) return bands.map(readBand);
  throw wrong('a list of bands', bands);
}

/** A band by `dataType` and `grid`, or by `data_type`, `crs` and `crs_transform`. */
export function readBand(band: unknown): SourceBand {
  const { id, dataType, data_type, grid, pyramidingPolicy, ...computed } = objectOf(band);
  const name = wordsOf(id);
  if (name === undefined) throw wrong('a name for a band', id);
  const type = objectOf(dataType ?? data_type ?? {});
  const range = dataType === undefined ? type : type.range;
  return {
    name,
    type: readType(type.precision, range),
    grid: grid === undefined ? computedGrid(computed) : restGrid(objectOf(grid)),
    areClasses: pyramidingPolicy === 'MODE',
    arrayDimensions: Number(type.dimensionsCount ?? type.dimensions ?? 0),
  };
}

/** Bounds of 0 are left out of a range, and unknown ones together with it. */
function readType(precision: unknown, range: unknown): PixelDataType {
  const known = String(precision ?? '').toUpperCase();
  if (known !== 'INT' && known !== 'FLOAT' && known !== 'DOUBLE')
    throw wrong('a precision of INT, FLOAT or DOUBLE', precision);
  const bounds = (range ?? {}) as { min?: unknown; max?: unknown };
  if (bounds.min === undefined && bounds.max === undefined) return { precision: known };
  const [min, max] = [Number(bounds.min ?? 0), Number(bounds.max ?? 0)];
  return min <= max ? { precision: known, min, max } : { precision: known };
}

function restGrid(grid: Json): SourceGrid | undefined {
  const crs = wordsOf(grid.crsCode) ?? wordsOf(grid.crsWkt);
  if (crs === undefined) return undefined;
  const at = objectOf(grid.affineTransform ?? {});
  const of = (name: string) => Number(at[name] ?? 0);
  const { width, height } = objectOf(grid.dimensions ?? {});
  return {
    crs,
    affine: [
      ...[of('scaleX'), of('shearX'), of('translateX')],
      ...[of('shearY'), of('scaleY'), of('translateY')],
    ] as unknown as Affine,
    ...(width === undefined || height === undefined
      ? {}
      : { shape: [Number(height), Number(width)] }),
  };
}

/** `origin` moves the first pixel away from that of the transform. */
function computedGrid({ crs, crs_transform, dimensions, origin }: Json): SourceGrid | undefined {
  if (typeof crs !== 'string' || !Array.isArray(crs_transform)) return undefined;
  const affine = crs_transform.map(Number) as unknown as Affine;
  const [col, row] = Array.isArray(origin) ? origin.map(Number) : [0, 0];
  const [width, height] = Array.isArray(dimensions) ? dimensions.map(Number) : [];
  return {
    crs,
    affine: shift(affine, col ?? 0, row ?? 0),
    ...(width === undefined || height === undefined ? {} : { shape: [height, width] }),
  };
}

function objectOf(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong('an object', value);
}

/** A text that is not empty. */
export function wordsOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function wrong(what: string, received: unknown): EarthEngineError {
  return new EarthEngineError(
    'wrong-reply',
    `Expected ${what} in the description of an asset but received ${JSON.stringify(received)?.slice(0, 80) ?? 'nothing'}.`,
  );
}
