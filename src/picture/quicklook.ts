import { expected } from '../errors.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';

export interface QuicklookInput {
  readonly width: number;
  readonly height: number;
  /** One band (grey) or three (red, green, blue), each [y, x] row-major. */
  readonly bands: readonly LoadedPixels[];
  /** The value that means no data in every band. NaN always does. */
  readonly nodata?: number;
  /** [y, x]; 0 where there is no data. */
  readonly mask?: Uint8Array;
  /**
   * How values become brightness, per band. `none`: as they are, cut to 0 .. 255. `percentile`: the
   * 2nd percentile is black and the 98th white, as GIS programs show rasters. Default: `none` for
   * uint8, which is made for the screen already, else `percentile`.
   */
  readonly stretch?: 'none' | 'percentile';
  /** Longest side of the picture in pixels; larger rasters are reduced. Default {@link DEFAULT_MAX_SIDE}. */
  readonly maxSide?: number;
}

/** As much as fits on a screen. */
export const DEFAULT_MAX_SIDE = 1600;

/**
 * A PNG of a raster as one sees it, transparent where one of the bands has no data.
 *
 * Reduced pictures average the pixels that have data, so that gaps do not darken their edges.
 *
 * @throws {InvalidInputError} when the bands, their lengths or the mask do not fit.
 */
export async function renderQuicklook(input: QuicklookInput): Promise<Buffer> {
  check(input);
  const { width, height, maxSide = DEFAULT_MAX_SIDE } = input;
  const { default: sharp } = await import('sharp');
  const image = sharp(toRgba(input), { raw: { width, height, channels: 4 } });
  const scale = Math.min(1, maxSide / Math.max(width, height));
  // sharp multiplies colours by alpha before it averages, and divides again after.
  const reduced =
    scale === 1
      ? image
      : image.resize({
          width: Math.max(1, Math.round(width * scale)),
          height: Math.max(1, Math.round(height * scale)),
          fit: 'fill',
          kernel: 'linear',
        });
  return reduced.png().toBuffer();
}

function check({ width, height, bands, mask, maxSide = DEFAULT_MAX_SIDE }: QuicklookInput): void {
  if (bands.length !== 1 && bands.length !== 3) {
    throw expected('one band or three', 'a quicklook', bands.length, 'Choose the bands to show.');
  }
  if (!(Number.isInteger(maxSide) && maxSide > 0)) {
    throw expected('a positive whole number', 'the longest side of a quicklook', maxSide);
  }
  for (const pixels of mask === undefined ? bands : [...bands, mask]) {
    if (pixels.length !== width * height) {
      throw expected(`${width} x ${height} pixels`, 'a band or mask of a quicklook', pixels.length);
    }
  }
}

/** [y, x, channel], alpha 0 where there is no data. */
function toRgba({ width, height, bands, nodata, mask, stretch }: QuicklookInput): Uint8Array {
  const rgba = new Uint8Array(width * height * 4);
  const alpha = dataMask({ width, height, bands, nodata, mask });
  const [first] = bands as readonly [LoadedPixels, ...LoadedPixels[]];
  for (let channel = 0; channel < 3; channel++) {
    const pixels = bands[channel] ?? first;
    const chosen = stretch ?? (pixels instanceof Uint8Array ? 'none' : 'percentile');
    const [low, high] = chosen === 'none' ? [0, 255] : percentiles(pixels, alpha);
    const gain = high > low ? 255 / (high - low) : 0;
    for (let i = 0; i < pixels.length; i++) {
      if (alpha[i] === 0) continue;
      // A band of one value has no range to stretch: it is shown as middle grey.
      const value = gain === 0 ? 128 : ((pixels[i] as number) - low) * gain;
      rgba[4 * i + channel] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  for (let i = 0; i < alpha.length; i++) rgba[4 * i + 3] = alpha[i] as number;
  return rgba;
}

/** [y, x]; 255 where every band has data, else 0. */
function dataMask({
  width,
  height,
  bands,
  nodata,
  mask,
}: Pick<QuicklookInput, 'width' | 'height' | 'bands'> & {
  readonly nodata: number | undefined;
  readonly mask: Uint8Array | undefined;
}): Uint8Array {
  const alpha = new Uint8Array(width * height).fill(255);
  for (let i = 0; i < alpha.length; i++) if (mask?.[i] === 0) alpha[i] = 0;
  for (const pixels of bands) {
    // -3.4e38 and its like are not the same number in single precision.
    const missing =
      pixels instanceof Float32Array && nodata !== undefined ? Math.fround(nodata) : nodata;
    for (let i = 0; i < pixels.length; i++) {
      const value = pixels[i] as number;
      if (value === missing || Number.isNaN(value)) alpha[i] = 0;
    }
  }
  return alpha;
}

/** Part of the pixels that become all black, and as many all white. */
const TAIL = 0.02;

/** Pixels that are looked at for the percentiles: enough for any screen's 256 steps. */
const SAMPLES = 200_000;

function percentiles(
  pixels: LoadedPixels,
  alpha: Uint8Array,
): readonly [low: number, high: number] {
  const step = Math.max(1, Math.floor(pixels.length / SAMPLES));
  const sample: number[] = [];
  for (let i = 0; i < pixels.length; i += step) {
    const value = pixels[i] as number;
    if (alpha[i] !== 0 && Number.isFinite(value)) sample.push(value);
  }
  if (sample.length === 0) return [0, 0];
  const sorted = Float64Array.from(sample).sort();
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] as number;
  return [at(TAIL), at(1 - TAIL)];
}
