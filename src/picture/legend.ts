import type { Grid } from '../grid/tiling.js';
import { AREA_COLOURS, AREA_OPACITY, COLOURS } from './colours.js';
import type { Areas } from './map/areas.js';
import { drawText, shortenText, wrapText } from './text.js';
import { STATE_NAMES, type TileStates } from './tile-states.js';

/** A part of the panel beside the map, and how much of its height it takes. */
export interface Block {
  readonly svg: string;
  readonly height: number;
}

const SIZE = 12.5;
const LINE = 21;
const NUMBERS = new Intl.NumberFormat('en-US');

export function drawHeading(text: string, x: number, y: number): Block {
  const svg = drawText(text, x, y + SIZE, { size: SIZE, colour: COLOURS.ink, weight: 'bold' });
  return { svg, height: SIZE + 9 };
}

export interface LegendOptions {
  readonly states: TileStates;
  readonly hasRegion: boolean;
  readonly areas?: Areas | undefined;
}

/** What the colours mean, and how many tiles of the whole cube are in each state. */
export function drawLegend(
  { states, hasRegion, areas }: LegendOptions,
  x: number,
  y: number,
  width: number,
): Block {
  const [notLoaded, loaded, empty, failed] = states.counts;
  const entries = [
    { label: STATE_NAMES[1], count: loaded, swatch: area(COLOURS.loaded, 0.5) },
    { label: STATE_NAMES[2], count: empty, swatch: area(COLOURS.empty, 0.55) },
    { label: STATE_NAMES[3], count: failed, swatch: area(COLOURS.failed, 0.7) },
    { label: STATE_NAMES[0], count: notLoaded, swatch: outline(COLOURS.tileGrid, 0.8) },
    ...(areas === undefined
      ? []
      : [
          {
            label: areas.name,
            count: areas.count ?? areas.each.length,
            swatch: area(AREA_COLOURS[0], AREA_OPACITY),
          },
        ]),
    ...(hasRegion
      ? [{ label: 'region of interest', swatch: outline(COLOURS.region, REGION_STROKE) }]
      : []),
    { label: 'extent of the cube', swatch: outline(COLOURS.extent, EXTENT_STROKE) },
  ];
  const heading = drawHeading('Tiles', x, y);
  const parts = [heading.svg];
  entries.forEach((entry, index) => {
    const top = y + heading.height + index * LINE;
    const baseline = top + SIZE * 0.95;
    const style = { size: SIZE, colour: COLOURS.ink };
    parts.push(
      `<rect x="${x + 1}" y="${top + 1}" width="20" height="12" ${entry.swatch}/>`,
      drawText(entry.label, x + 31, baseline, style),
    );
    if (!('count' in entry)) return;
    const count = NUMBERS.format(entry.count);
    parts.push(drawText(count, x + width, baseline, { ...style, anchor: 'end' }));
  });
  return { svg: parts.join('\n'), height: heading.height + entries.length * LINE };
}

export const REGION_STROKE = 1.8;
export const EXTENT_STROKE = 1.4;

function area(colour: string, opacity: number): string {
  return `fill="${colour}" fill-opacity="${opacity}" stroke="${colour}"`;
}

function outline(colour: string, stroke: number): string {
  return `fill="none" stroke="${colour}" stroke-width="${stroke}"`;
}

/** A bar of a round length on the ground. @param metres of one picture unit. */
export function drawScaleBar(metres: number, x: number, y: number, width: number): Block {
  const most = metres * width * 0.75;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = ([5, 2, 1] as const).map((digit) => digit * power).find((size) => size <= most);
  if (length === undefined) return { svg: '', height: 0 };
  const end = x + length / metres;
  const label = length >= 1000 ? `${NUMBERS.format(length / 1000)} km` : `${length} m`;
  const style = { size: 11, colour: COLOURS.ink };
  const svg = [
    `<path class="scale-bar" fill="none" stroke="${COLOURS.ink}" stroke-width="1.4" d="M${x + 1} ${y + 16}v6H${end.toFixed(1)}v-6"/>`,
    drawText(label, (x + end) / 2, y + 15, { ...style, anchor: 'middle' }),
  ].join('\n');
  return { svg, height: 34 };
}

/** The grid in words: CRS, pixel size, tiles. Aspects a reader needs to cite the figure. */
export function drawCaption(grid: Grid, x: number, y: number, width: number): Block {
  const { geobox, chunk, rows, cols } = grid;
  const lines = [
    ...wrapText(crsTitle(geobox.crs.name), 11, width).slice(0, 2),
    `${resolutionTitle(grid)} pixels`,
    `${NUMBERS.format(geobox.width)} × ${NUMBERS.format(geobox.height)} pixels`,
    `${NUMBERS.format(cols)} × ${NUMBERS.format(rows)} tiles of ${NUMBERS.format(chunk.width)} × ${NUMBERS.format(chunk.height)}`,
    'Coasts and borders: Natural Earth',
  ];
  const parts = lines.map((line, index) => {
    const style = { size: 11, colour: COLOURS.faintInk };
    return drawText(shortenText(line, 11, width), x, y + 11 + index * 16, style);
  });
  return { svg: parts.join('\n'), height: lines.length * 16 };
}

/** `EPSG:3031`, or the name inside a WKT, or as much of a PROJ string as fits. */
export function crsTitle(name: string): string {
  return /^[A-Z_]+\["([^"]+)"/i.exec(name)?.[1] ?? name;
}

/** Degrees with the metres of a degree of latitude, or the CRS's own unit. */
function resolutionTitle({ geobox }: Grid): string {
  const [a, , , d, e] = [...geobox.affine];
  const size = Math.hypot(a as number, d as number) || Math.abs(e as number);
  const short = Number(size.toPrecision(4));
  if (geobox.crs.isGeographic) return `${short}° (${metresTitle(size * 111_320)} N–S)`;
  return geobox.crs.unit === 'metre' ? metresTitle(size) : `${short} ${geobox.crs.unit}`;
}

function metresTitle(metres: number): string {
  return metres >= 1000
    ? `${Number((metres / 1000).toPrecision(3))} km`
    : `${Number(metres.toPrecision(3))} m`;
}
