import type { TimeStep } from '../dataset/time-axis.js';
import type { PixelArray } from '../raster/dtype.js';

/**
 * A band's pixels at each of `steps`, one after the other: `[time, y, x]` row-major, or `[y, x]` where
 * there is no time axis.
 *
 * @param read gives the pixels `[y, x]` of the step with that index, or of a band without steps.
 */
export async function readSteps(
  steps: readonly TimeStep[] | undefined,
  read: (t?: number) => Promise<PixelArray>,
): Promise<PixelArray> {
  if (steps === undefined) return read();
  const [first, ...others] = steps;
  const pixels = await read(first?.index);
  if (others.length === 0) return pixels;
  const all = new (pixels.constructor as new (length: number) => PixelArray)(
    pixels.length * steps.length,
  );
  all.set(pixels);
  for (const [i, { index }] of others.entries())
    all.set(await read(index), pixels.length * (i + 1));
  return all;
}
