import { allocate, type DType, isFloat, type PixelArray, rangeOf } from '../../raster/dtype.js';

/**
 * One value as GDAL stores it in a type: integers are rounded to the nearest, halves away from zero, and
 * held within the type's range. NaN, which the array of integers makes 0, and floats pass.
 */
export function castTo(dtype: DType): (value: number) => number {
  if (isFloat(dtype)) return (value) => value;
  const [low, high] = rangeOf(dtype);
  return (value) => {
    if (value >= high) return high;
    if (value <= low) return low;
    return value >= 0 ? Math.floor(value + 0.5) : Math.ceil(value - 0.5);
  };
}

/** A copy of `pixels` in another type. */
export function castPixels(pixels: PixelArray, dtype: DType): PixelArray {
  const cast = castTo(dtype);
  const result = allocate(dtype, pixels.length);
  for (let i = 0; i < pixels.length; i++) result[i] = cast(pixels[i] as number);
  return result;
}
