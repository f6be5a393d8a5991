import { holderOf, type ResamplerOf } from './resampler.js';

/** The value of the pixel that holds the target pixel's centre. */
export const nearOf: ResamplerOf = (view) => {
  const { pixels } = view;
  const holder = holderOf(view);
  return (x, y) => {
    const at = holder(x, y);
    return at === -1 ? Number.NaN : (pixels[at] as number);
  };
};
