import type { TimeStep } from '../dataset/time-axis.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';

/**
 * Each band's pixels at each of `steps`, one after the other: `[time, y, x]` row-major, or `[y, x]` where
 * there is no time axis.
 *
 * @param read gives the bands' pixels `[y, x]` of the step with that index, or of bands without steps.
 */
export async function joinSteps(
  steps: readonly TimeStep[] | undefined,
  read: (t: number | undefined) => Promise<LoadedPixels[]>,
): Promise<LoadedPixels[]> {
  if (steps === undefined) return read(undefined);
  const [first, ...others] = steps;
  const bands = await read(first?.index);
  if (others.length === 0) return bands;
  const all = bands.map((pixels) => {
    const Pixels = pixels.constructor as new (length: number) => LoadedPixels;
    const whole = new Pixels(pixels.length * steps.length);
    whole.set(pixels as Uint8Array);
    return whole;
  });
  for (const [i, { index }] of others.entries())
    for (const [band, pixels] of (await read(index)).entries())
      all[band]?.set(pixels as Uint8Array, pixels.length * (i + 1));
  return all;
}
