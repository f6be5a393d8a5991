/**
 * Loops over whole bands. One loop per operation, so that each stays monomorphic and no function is
 * called per pixel. A constant operand is an array of one value that an index mask of 0 keeps at
 * element 0, while -1 leaves the index of a full band as it is.
 */
import { allocate, canHold, type PixelArray, rangeOf, type WorkType } from '../../raster/dtype.js';
import type { Mask, Plane } from './image.js';

export type Operation =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'eq'
  | 'neq'
  | 'and'
  | 'or';

/** `one <operation> other` for every pixel valid in both; masked (and 0) elsewhere. */
export function combine(operation: Operation, one: Plane, other: Plane, dtype: WorkType): Plane {
  if (typeof one.pixels === 'number' && typeof other.pixels === 'number') {
    const out = allocate(dtype, 1);
    run(operation, asArray(one.pixels), 0, asArray(other.pixels), 0, out);
    return { pixels: out[0] as number };
  }
  if (one.isBinary && operation === 'gt' && other.pixels === 0) return one;
  const out = allocate(dtype, Math.max(lengthOf(one), lengthOf(other)));
  run(
    operation,
    asArray(one.pixels, other.pixels),
    typeof one.pixels === 'number' ? 0 : -1,
    asArray(other.pixels, one.pixels),
    typeof other.pixels === 'number' ? 0 : -1,
    out,
  );
  return masked(out, intersectMasks(one.mask, other.mask));
}

function run(
  operation: Operation,
  a: PixelArray,
  ma: number,
  b: PixelArray,
  mb: number,
  out: PixelArray,
): void {
  const n = out.length;
  switch (operation) {
    case 'add':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) + (b[i & mb] as number);
      return;
    case 'subtract':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) - (b[i & mb] as number);
      return;
    case 'multiply':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) * (b[i & mb] as number);
      return;
    case 'divide':
      for (let i = 0; i < n; i++) {
        const divisor = b[i & mb] as number;
        // Earth Engine's rule: a division by zero gives zero.
        out[i] = divisor === 0 ? 0 : (a[i & ma] as number) / divisor;
      }
      return;
    case 'gt':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) > (b[i & mb] as number) ? 1 : 0;
      return;
    case 'gte':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) >= (b[i & mb] as number) ? 1 : 0;
      return;
    case 'lt':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) < (b[i & mb] as number) ? 1 : 0;
      return;
    case 'lte':
      for (let i = 0; i < n; i++) out[i] = (a[i & ma] as number) <= (b[i & mb] as number) ? 1 : 0;
      return;
    case 'eq':
      for (let i = 0; i < n; i++) out[i] = a[i & ma] === b[i & mb] ? 1 : 0;
      return;
    case 'neq':
      for (let i = 0; i < n; i++) out[i] = a[i & ma] !== b[i & mb] ? 1 : 0;
      return;
    case 'and':
      for (let i = 0; i < n; i++) out[i] = a[i & ma] !== 0 && b[i & mb] !== 0 ? 1 : 0;
      return;
    case 'or':
      for (let i = 0; i < n; i++) out[i] = a[i & ma] !== 0 || b[i & mb] !== 0 ? 1 : 0;
  }
}

/** A constant becomes one element of the partner's type where that holds it: fewer combinations of types in the loops. */
function asArray(pixels: PixelArray | number, partner?: PixelArray | number): PixelArray {
  if (typeof pixels !== 'number') return pixels;
  const fits = partner instanceof Uint8Array && canHold('uint8', pixels);
  return fits ? Uint8Array.of(pixels) : Float64Array.of(pixels);
}

function lengthOf({ pixels }: Plane): number {
  return typeof pixels === 'number' ? 1 : pixels.length;
}

/** Valid where both are. */
export function intersectMasks(one: Mask | undefined, other: Mask | undefined): Mask | undefined {
  if (one === undefined || one === other) return other;
  if (other === undefined) return one;
  const out = new Uint8Array(one.length);
  for (let i = 0; i < out.length; i++) out[i] = one[i] !== 0 && other[i] !== 0 ? 1 : 0;
  return out;
}

/** Zeroes `pixels` (in place) where the mask is 0. */
export function masked(pixels: PixelArray, mask: Mask | undefined): Plane {
  if (mask === undefined) return { pixels };
  for (let i = 0; i < pixels.length; i++) if (mask[i] === 0) pixels[i] = 0;
  return { pixels, mask };
}

/** The pixels as an array of their own of type `dtype`; values outside the type wrap as typed arrays do. */
export function spread(pixels: PixelArray | number, dtype: WorkType, length: number): PixelArray {
  const out = allocate(dtype, length);
  if (typeof pixels === 'number') out.fill(pixels);
  else out.set(pixels);
  return out;
}

/** The pixels themselves when they are of type `dtype` already, else a copy that is. */
export function asType(pixels: PixelArray | number, dtype: WorkType, length: number): PixelArray {
  const isType =
    typeof pixels !== 'number' && pixels.constructor === allocate(dtype, 0).constructor;
  return isType ? pixels : spread(pixels, dtype, length);
}

/** `top` where it is valid, else `bottom` where that is valid and `within` is not 0. */
export function overlay(
  top: Plane,
  bottom: Plane,
  dtype: WorkType,
  length: number,
  within?: Mask,
): Plane {
  const { mask } = top;
  if (mask === undefined) return top;
  if (bottom.pixels === 0 && bottom.mask === undefined && within === undefined) {
    return { pixels: top.pixels };
  }
  const out = spread(top.pixels, dtype, length);
  const outMask = bottom.mask === undefined && within === undefined ? undefined : mask.slice();
  const from = asArray(bottom.pixels);
  const step = typeof bottom.pixels === 'number' ? 0 : -1;
  for (let i = 0; i < length; i++) {
    if (mask[i] !== 0 || bottom.mask?.[i] === 0 || within?.[i] === 0) continue;
    out[i] = from[i & step] as number;
    if (outMask !== undefined) outMask[i] = 1;
  }
  return outMask === undefined ? { pixels: out } : { pixels: out, mask: outMask };
}

/** Whole numbers towards zero, values past the type's range at its nearest end, NaN as 0. */
export function castToInteger(plane: Plane, dtype: WorkType): Plane {
  const [low, high] = rangeOf(dtype);
  if (typeof plane.pixels === 'number') {
    const value = Math.trunc(plane.pixels) || 0;
    return { pixels: Math.min(Math.max(value, low), high) };
  }
  const from = plane.pixels;
  const out = allocate(dtype, from.length);
  for (let i = 0; i < out.length; i++) {
    const value = from[i] as number;
    out[i] = value < low ? low : value > high ? high : Math.trunc(value);
  }
  return plane.mask === undefined ? { pixels: out } : { pixels: out, mask: plane.mask };
}

/** 1 where the plane is valid, 0 where it is masked; valid everywhere. */
export function maskPlane({ mask }: Plane): Plane {
  return mask === undefined ? { pixels: 1 } : { pixels: mask, isBinary: true };
}

/** The plane masked further, where `by` is 0 or masked. */
export function updateMask(plane: Plane, by: Plane, dtype: WorkType, length: number): Plane {
  const truth = truthOf(by, length);
  const mask = intersectMasks(plane.mask, truth);
  return mask === undefined ? plane : masked(spread(plane.pixels, dtype, length), mask);
}

function truthOf(by: Plane, length: number): Mask | undefined {
  if (typeof by.pixels === 'number') {
    return by.pixels > 0 ? undefined : new Uint8Array(length);
  }
  const out = new Uint8Array(length);
  const { pixels } = by;
  // A masked pixel is 0, so `by.mask` needs no look.
  for (let i = 0; i < length; i++) out[i] = (pixels[i] as number) > 0 ? 1 : 0;
  return out;
}
