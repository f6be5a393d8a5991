/** A region as a picture, and the options that say how. */
import { type Command, Option } from 'commander';
import type { Region } from '../../cube/read/load.js';
import { expected } from '../../errors.js';
import { COLORMAPS, type Colormap } from '../../picture/colormaps.js';
import { drawColourBar } from '../../picture/colour-bar.js';
import type { PictureFormat } from '../../picture/picture-file.js';
import { drawQuicklook, type Quicklook } from '../../picture/quicklook.js';
import { checkStretch, type Stretch } from '../../picture/stretch.js';
import { isFloat } from '../../raster/dtype.js';
import { pathFor } from '../options/common.js';

export interface PictureOptions {
  readonly stretch?: readonly Stretch[];
  readonly colormap?: Colormap;
  readonly gamma?: number;
  /** Where a drawing goes of what brightness and colours stand for. */
  readonly legend?: string;
}

export function addPictureOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--stretch <low,high>',
        'of pictures: the numbers that are dark and bright, or percentiles as p2,p98; one pair, or one for each band (default: p2,p98, bytes as they are)',
      ).argParser(parseStretch),
    )
    .addOption(
      new Option(
        '--colormap <name>',
        'of a picture of one band: its colours, by their name in matplotlib, with _r the other way around',
      ).argParser(parseColormap),
    )
    .addOption(
      new Option(
        '--gamma <number>',
        'of pictures: above 1 lightens what is between dark and bright',
      ).argParser(parseGamma),
    )
    .addOption(
      new Option(
        '--legend <file>',
        'drawing to write of what the colours of the picture stand for (.svg, .png)',
      ).argParser(pathFor('--legend')),
    );
}

/** The first three bands as red, green and blue, or the first in grey or the colours of a map. */
export async function regionPicture(
  region: Region,
  options: PictureOptions & { readonly format?: PictureFormat; readonly maxSide?: number } = {},
): Promise<Buffer> {
  return (await drawRegion(region, options)).picture;
}

/** Names of the bands that a picture shows. */
export function shownBands(
  names: readonly string[],
  { colormap }: { readonly colormap?: Colormap | undefined },
): readonly string[] {
  return colormap === undefined && names.length >= 3 ? names.slice(0, 3) : names.slice(0, 1);
}

export function drawRegion(
  { geobox, bands, nodata, dtype, types, mask }: Region,
  {
    format,
    maxSide,
    ...options
  }: PictureOptions & { readonly format?: PictureFormat; readonly maxSide?: number } = {},
): Promise<Quicklook> {
  const all = [...bands.values()];
  const hasNodata =
    isFloat(dtype) || nodata !== 0 || all.every((band) => (band as Uint8Array).includes(0));
  const shown = shownBands([...bands.keys()], options);
  // Where a mask tells which pixels have a value, 0 is one.
  const tellsNodata =
    mask === undefined ? hasNodata : types?.get(shown[0] ?? '')?.nodata !== undefined;
  // False is a value, and true is 1: without a stretch both would be black.
  const areBool = shown.every((name) => (types?.get(name)?.dtype ?? dtype) === 'bool');
  return drawQuicklook({
    width: geobox.width,
    height: geobox.height,
    bands: all.slice(0, shown.length),
    ...(mask === undefined ? {} : { mask: mask as Uint8Array }),
    ...(tellsNodata && !areBool ? { nodata } : {}),
    ...(areBool ? { stretch: [0, 1] } : {}),
    ...options,
    format,
    ...(maxSide === undefined ? {} : { maxSide }),
  });
}

/** The legend of a picture that was drawn, as SVG. */
export function legendOf(
  { bands, packings }: Region,
  { ranges }: Pick<Quicklook, 'ranges'>,
  { colormap, gamma }: Pick<PictureOptions, 'colormap' | 'gamma'>,
): string {
  const shown = shownBands([...bands.keys()], { colormap });
  return drawColourBar({
    ...{ colormap, gamma },
    bands: shown.map((name, i) => ({
      ...packings?.get(name),
      ...{ name, range: ranges[i] as readonly [number, number] },
    })),
  });
}

const PAIR = 2;

function parseStretch(text: string): readonly Stretch[] {
  const wrong = () =>
    expected('pairs of numbers low,high, or of percentiles as p2,p98', '--stretch', text);
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length % PAIR !== 0) throw wrong();
  const stretches: Stretch[] = [];
  for (let i = 0; i < parts.length; i += PAIR) {
    const pair = parts.slice(i, i + PAIR);
    const isPercentiles = pair.every((part) => /^p/i.test(part));
    const words = isPercentiles ? pair.map((part) => part.slice(1)) : pair;
    const [low, high] = words.map((word) => (word === '' ? Number.NaN : Number(word)));
    if (low === undefined || high === undefined || Number.isNaN(low + high)) throw wrong();
    stretches.push(isPercentiles ? { percentiles: [low, high] } : [low, high]);
  }
  for (const stretch of stretches) checkStretch(stretch);
  return stretches;
}

function parseColormap(name: string): Colormap {
  const found = COLORMAPS.find((each) => each.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const names = COLORMAPS.filter((each) => !each.endsWith('_r'));
  throw expected(`one of ${names.join(', ')}, or one with _r behind it`, '--colormap', name);
}

function parseGamma(text: string): number {
  const gamma = text.trim() === '' ? Number.NaN : Number(text);
  if (!(gamma > 0 && Number.isFinite(gamma))) throw expected('a number above 0', '--gamma', text);
  return gamma;
}
