import { allocate } from '../../raster/dtype.js';
import type { BandSource, Frame, Plane } from './image.js';
import { dtypeOf, type PixelType } from './pixel-type.js';

/**
 * Bands combined pixel by pixel: masked where one of them is, or where `operate` gives NaN.
 * For the many functions whose speed does not matter; pixels.ts has loops for those whose does.
 */
export function pixelwise(
  sources: readonly BandSource[],
  type: PixelType,
  operate: (...values: readonly number[]) => number,
): BandSource {
  return {
    compute(frame: Frame): Plane {
      const planes = sources.map((source) => frame.planeOf(source));
      const pixels = allocate(dtypeOf(type), frame.length);
      const mask = new Uint8Array(frame.length);
      const values = new Array<number>(planes.length);
      for (let i = 0; i < frame.length; i++) {
        if (planes.some((plane) => plane.mask?.[i] === 0)) continue;
        for (const [at, plane] of planes.entries()) values[at] = valueAt(plane, i);
        const value = operate(...values);
        if (Number.isNaN(value)) continue;
        mask[i] = 1;
        pixels[i] = value;
      }
      return { pixels, mask };
    },
    ...footprintOf(sources),
  };
}

export function valueAt({ pixels }: Plane, index: number): number {
  return typeof pixels === 'number' ? pixels : (pixels[index] as number);
}

/** Where all of them that have an edge have data. */
function footprintOf(sources: readonly BandSource[]): Pick<BandSource, 'footprint'> {
  const edged = sources.filter(({ footprint }) => footprint !== undefined);
  if (edged.length === 0) return {};
  return {
    footprint: (frame) => {
      const out = new Uint8Array(frame.length).fill(1);
      for (const source of edged) {
        const inside = source.footprint?.(frame);
        for (let i = 0; i < out.length; i++) if (inside?.[i] === 0) out[i] = 0;
      }
      return out;
    },
  };
}
