import { expected } from '../errors.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';
import { type Colormap, colourTable } from './colormaps.js';
import { encodePicture, PICTURE_FORMATS, type PictureFormat } from './picture-file.js';
import { checkStretch, isRange, rangeOf, type Stretch } from './stretch.js';

export interface QuicklookInput {
  readonly width: number;
  readonly height: number;
  /** One band (grey, or in the colours of a map) or three (red, green, blue), each [y, x] row-major. */
  readonly bands: readonly LoadedPixels[];
  /** The value that means no data in every band. NaN always does. */
  readonly nodata?: number;
  /** [y, x]; 0 where there is no data. */
  readonly mask?: Uint8Array;
  /**
   * How values become brightness: for all bands, or one for each. Default: `none` for uint8, which is made for
   * the screen already, else `percentile`; with a colour map, what the band has.
   */
  readonly stretch?: Stretch | readonly Stretch[];
  /** Colours of one band. Default: grey. */
  readonly colormap?: Colormap | undefined;
  /** Brightness, 0 to 1, is taken to the power 1 / gamma: above 1 lightens. Default 1. */
  readonly gamma?: number | undefined;
  /** Default `png`. JPEG is white where there is no data. */
  readonly format?: PictureFormat | undefined;
  /** Longest side of the picture in pixels; larger rasters are reduced. Default {@link DEFAULT_MAX_SIDE}. */
  readonly maxSide?: number;
}

/** A picture, and the numbers that are dark and bright in it, by band. */
export interface Quicklook {
  readonly picture: Buffer;
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

/** As much as fits on a screen. */
export const DEFAULT_MAX_SIDE = 1600;

/**
 * A picture of a raster as one sees it, transparent where one of the bands has no data.
 *
 * Reduced pictures average the pixels that have data, so that gaps do not darken their edges; those in the colours of a map
 * take the nearest pixel, so that each colour stands for a value.
 *
 * @throws {InvalidInputError} when the bands, their lengths or the mask do not fit.
 */
export async function renderQuicklook(input: QuicklookInput): Promise<Buffer> {
  return (await drawQuicklook(input)).picture;
}

/** The same, with the numbers that it was stretched by. */
export async function drawQuicklook(input: QuicklookInput): Promise<Quicklook> {
  check(input);
  const { width, height, maxSide = DEFAULT_MAX_SIDE, format = 'png', colormap } = input;
  const alpha = dataMask(input);
  const ranges = rangesOf(input, alpha);
  const rgba = toRgba(input, alpha, ranges);
  const scale = Math.min(1, maxSide / Math.max(width, height));
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const isExact = colormap !== undefined;
  return {
    picture: await encodePicture({ width, height, rgba }, { format, size, isExact }),
    ranges,
  };
}

function check({
  width,
  height,
  bands,
  mask,
  maxSide = DEFAULT_MAX_SIDE,
  stretch = [],
  colormap,
  gamma = 1,
  format = 'png',
}: QuicklookInput): void {
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
  if (Array.isArray(stretch) && !isRange(stretch)) {
    for (const each of stretch) checkStretch(each);
    if (stretch.length > 1 && stretch.length !== bands.length)
      throw expected(
        `one stretch or ${bands.length}`,
        `a picture of ${bands.length} bands`,
        stretch.length,
      );
  } else checkStretch(stretch as Stretch);
  if (colormap !== undefined) {
    if (bands.length !== 1) throw expected('one band', 'a colour map', bands.length);
    colourTable(colormap);
  }
  if (!(gamma > 0 && Number.isFinite(gamma)))
    throw expected('a number above 0', 'the gamma of a quicklook', gamma);
  if (!PICTURE_FORMATS.includes(format))
    throw expected(`one of ${PICTURE_FORMATS.join(', ')}`, 'the format of a quicklook', format);
}

function rangesOf({ bands, stretch, colormap }: QuicklookInput, alpha: Uint8Array) {
  const given = stretch === undefined ? [] : isOne(stretch) ? [stretch] : stretch;
  return bands.map((pixels, i) => {
    const isForScreen = pixels instanceof Uint8Array;
    const usual: Stretch =
      colormap !== undefined ? { percentiles: [0, 100] } : isForScreen ? 'none' : 'percentile';
    return rangeOf(given[i] ?? given[0] ?? usual, pixels, alpha);
  });
}

function isOne(stretch: Stretch | readonly Stretch[]): stretch is Stretch {
  return !Array.isArray(stretch) || isRange(stretch);
}

/** [y, x, channel], alpha 0 where there is no data. */
function toRgba(
  { bands, colormap, gamma = 1 }: QuicklookInput,
  alpha: Uint8Array,
  ranges: Quicklook['ranges'],
): Uint8Array {
  const rgba = new Uint8Array(alpha.length * 4);
  const table = colormap === undefined ? undefined : colourTable(colormap);
  for (const [band, pixels] of bands.entries()) {
    const [low, high] = ranges[band] as readonly [number, number];
    const span = high - low;
    for (let i = 0; i < pixels.length; i++) {
      if (alpha[i] === 0) continue;
      // A band of one value has no range to stretch: it is shown as middle grey.
      const part = span > 0 ? ((pixels[i] as number) - low) / span : 128 / 255;
      const inside = Math.max(0, Math.min(1, part));
      const bright = gamma === 1 ? inside : inside ** (1 / gamma);
      if (table !== undefined) {
        // As matplotlib divides a range among the colours: each has as much of it, the last one its end too.
        const colour = 3 * Math.min(Math.floor(bright * COLOURS), COLOURS - 1);
        for (let k = 0; k < 3; k++) rgba[4 * i + k] = table[colour + k] as number;
      } else if (bands.length === 1) rgba.fill(Math.round(bright * 255), 4 * i, 4 * i + 3);
      else rgba[4 * i + band] = Math.round(bright * 255);
    }
  }
  for (let i = 0; i < alpha.length; i++) rgba[4 * i + 3] = alpha[i] as number;
  return rgba;
}

/** In the table of a colour map. */
const COLOURS = 256;

/** [y, x]; 255 where every band has data, else 0. */
function dataMask({ width, height, bands, nodata, mask }: QuicklookInput): Uint8Array {
  const alpha = new Uint8Array(width * height).fill(255);
  if (mask !== undefined) for (let i = 0; i < alpha.length; i++) if (mask[i] === 0) alpha[i] = 0;
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
