import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The part of opentype.js used here; the package brings no types. */
interface Glyph {
  readonly advanceWidth: number;
  getPath(x: number, y: number, size: number): { readonly commands: readonly OutlineCommand[] };
}
/** TrueType outlines: lines and quadratic curves, the control point first. */
type OutlineCommand =
  | { readonly type: 'M' | 'L'; readonly x: number; readonly y: number }
  | {
      readonly type: 'Q';
      readonly x1: number;
      readonly y1: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly type: 'Z' };
interface Font {
  readonly unitsPerEm: number;
  charToGlyph(character: string): Glyph;
}
interface OpenType {
  parse(buffer: ArrayBuffer, options: { lowMemory: boolean }): Font;
}

export type Weight = 'regular' | 'bold';

export interface TextStyle {
  /** Height of the em square, in the picture's units. */
  readonly size: number;
  readonly colour: string;
  readonly weight?: Weight;
  /** Which part of the text stands at x. Default `start`. */
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Colour of an outline that keeps the text legible on a busy ground. */
  readonly halo?: string;
}

const FILES: Readonly<Record<Weight, string>> = {
  regular: 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  bold: 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
};

const fonts = new Map<Weight, Font>();

function fontOf(weight: Weight): Font {
  const cached = fonts.get(weight);
  if (cached !== undefined) return cached;
  const { parse } = require('opentype.js') as OpenType;
  const file = readFileSync(require.resolve(FILES[weight]));
  const buffer = new ArrayBuffer(file.byteLength);
  new Uint8Array(buffer).set(file);
  // lowMemory reads a glyph when it is asked for, not all six thousand at once.
  const font = parse(buffer, { lowMemory: true });
  fonts.set(weight, font);
  return font;
}

/** Width of the text in the unit of `size`. */
export function measureText(text: string, size: number, weight: Weight = 'regular'): number {
  const font = fontOf(weight);
  let units = 0;
  for (const character of text) units += font.charToGlyph(character).advanceWidth;
  return (units * size) / font.unitsPerEm;
}

/**
 * The text as one filled SVG path with its baseline at y. Outlines, because a `<text>` element shows
 * boxes on a machine without fonts, as servers and containers often are. The text itself stays
 * readable for programs in `aria-label`.
 */
export function drawText(text: string, x: number, y: number, style: TextStyle): string {
  const { size, colour, weight = 'regular', anchor = 'start', halo } = style;
  const font = fontOf(weight);
  const width = anchor === 'start' ? 0 : measureText(text, size, weight);
  let pen = x - (anchor === 'middle' ? width / 2 : width);
  const outlines: string[] = [];
  for (const character of text) {
    const glyph = font.charToGlyph(character);
    outlines.push(...glyph.getPath(pen, y, size).commands.map(outlineData));
    pen += (glyph.advanceWidth * size) / font.unitsPerEm;
  }
  const outline =
    halo === undefined
      ? ''
      : ` stroke="${halo}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"`;
  return `<path class="text" aria-label="${escapeXml(text)}" fill="${colour}"${outline} d="${outlines.join('')}"/>`;
}

/** The font library's own path data has NaN where a coordinate is a whole number and a rounding error. */
function outlineData(command: OutlineCommand): string {
  if (command.type === 'Z') return 'z';
  const points =
    command.type === 'Q' ? [command.x1, command.y1, command.x, command.y] : [command.x, command.y];
  return command.type + points.map((value) => Math.round(value * 100) / 100).join(' ');
}

/** Breaks the text between words so that no line is wider than `width`; a longer word is cut. */
export function wrapText(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (measureText(longer, size) <= width) {
      line = longer;
    } else {
      if (line !== '') lines.push(line);
      line = shortenText(word, size, width);
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** The text, or its beginning with an ellipsis where it is wider than `width`. */
export function shortenText(
  text: string,
  size: number,
  width: number,
  weight: Weight = 'regular',
): string {
  if (measureText(text, size, weight) <= width) return text;
  const characters = [...text];
  while (characters.length > 1) {
    characters.pop();
    const shorter = `${characters.join('').trimEnd()}…`;
    if (measureText(shorter, size, weight) <= width) return shorter;
  }
  return characters.join('');
}

export function escapeXml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them even as references
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
  );
}
