/** What the brightness and the colours of a picture stand for, as a drawing. */
import type { BandPacking } from '../tile.js';
import { type Colormap, colourTable } from './colormaps.js';
import { COLOURS } from './colours.js';
import { drawText, shortenText } from './text.js';

export interface ShownBand extends BandPacking {
  readonly name: string;
  /** The numbers that are dark and bright. */
  readonly range: readonly [low: number, high: number];
}

export interface ColourBarOptions {
  /** One, or red, green and blue. */
  readonly bands: readonly ShownBand[];
  readonly colormap?: Colormap | undefined;
  /** See `QuicklookInput.gamma`. */
  readonly gamma?: number | undefined;
}

const WIDTH = 320;
const MARGIN = 16;
const BAR = { width: WIDTH - 2 * MARGIN, height: 16 };
/** Of one bar with its title and numbers. */
const BLOCK = 62;
const SIZE = 12;
const CHANNELS = ['red', 'green', 'blue'] as const;

/** An SVG with a bar for each band, from its dark number to its bright one, in the band's units where it has some. */
export function drawColourBar({ bands, colormap, gamma = 1 }: ColourBarOptions): string {
  const table = colormap === undefined ? undefined : colourTable(colormap);
  const height = bands.length * BLOCK + MARGIN;
  const blocks = bands.map((band, i) => {
    const channel = bands.length === 1 ? undefined : i;
    return drawBar(
      band,
      MARGIN + i * BLOCK,
      (part) => {
        const bright = part ** (1 / gamma);
        if (table !== undefined) {
          const at = 3 * Math.min(Math.floor(bright * 256), 255);
          return [table[at] as number, table[at + 1] as number, table[at + 2] as number];
        }
        const level = Math.round(bright * 255);
        return CHANNELS.map((_, k) => (channel === undefined || channel === k ? level : 0));
      },
      channel,
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<rect width="${WIDTH}" height="${height}" fill="${COLOURS.paper}"/>`,
    ...blocks,
    '</svg>\n',
  ].join('\n');
}

function drawBar(
  { name, range: [low, high], scale = 1, offset = 0, units }: ShownBand,
  top: number,
  colourAt: (part: number) => readonly number[],
  channel: number | undefined,
): string {
  const title = [
    channel === undefined ? name : `${CHANNELS[channel]}: ${name}`,
    units === undefined ? '' : ` (${units})`,
  ].join('');
  const text = { size: SIZE, colour: COLOURS.ink };
  const y = top + SIZE + 6;
  const below = y + BAR.height + SIZE + 3;
  const steps = Array.from({ length: BAR.width }, (_, x) => {
    const colour = colourAt((x + 0.5) / BAR.width).join(' ');
    return `<rect x="${MARGIN + x}" y="${y}" width="1.05" height="${BAR.height}" fill="rgb(${colour.replaceAll(' ', ',')})"/>`;
  });
  const ticks = (['start', 'middle', 'end'] as const).map((anchor, i) => {
    const value = (low + (i / 2) * (high - low)) * scale + offset;
    const label = String(Number(value.toPrecision(6)));
    return drawText(label, MARGIN + (i / 2) * BAR.width, below, { ...text, anchor });
  });
  return [
    drawText(shortenText(title, SIZE, BAR.width, 'bold'), MARGIN, top + SIZE, {
      ...{ ...text, weight: 'bold' },
    }),
    ...steps,
    `<rect x="${MARGIN}" y="${y}" width="${BAR.width}" height="${BAR.height}" fill="none" stroke="${COLOURS.frame}"/>`,
    ...ticks,
  ].join('\n');
}
