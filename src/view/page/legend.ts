/** What colours stand for, and how long things are. */
import type { Cube, Place } from './api.js';
import { bandOf, bandTitle, scaled } from './band-words.js';
import { element, numberWords } from './elements.js';
import type { Shown } from './shown.js';

/** Of the states of tiles, as they are drawn; see picture.ts. */
export const STATE_COLOURS = [
  ['loaded', '#009e73'],
  ['loaded, empty', '#e0a800'],
  ['not loaded', '#68727a'],
] as const;

const CHANNELS = ['#d00', '#0a0', '#00d'] as const;

/** Of a bar: more than one sees. */
const STOPS = 32;

export function drawLegend(target: HTMLElement, shown: Shown, cube: Cube): void {
  const bars = shown.bands.map((name, i) => {
    const band = bandOf(cube, name);
    const [low, high] = (shown.ranges?.[i] ?? [0, 1]).map((value) => scaled(band, value));
    const bar = element('div', { class: 'bar' });
    bar.style.background = `linear-gradient(to right, ${coloursOf(shown, cube, i).join()})`;
    const middle = ((low ?? 0) + (high ?? 1)) / 2;
    return element(
      'div',
      {},
      element('b', {}, bandTitle(band)),
      bar,
      element(
        'div',
        { class: 'ends' },
        ...[low, middle, high].map((value) => element('span', {}, numberWords(value))),
      ),
    );
  });
  const keys = STATE_COLOURS.map(([name, colour]) => {
    const swatch = element('i');
    swatch.style.borderColor = colour;
    return element('span', {}, swatch, name);
  });
  target.replaceChildren(
    ...bars,
    ...(shown.tiles ? [element('div', { class: 'key' }, 'Tiles:', ...keys)] : []),
  );
}

function coloursOf({ bands, colormap, gamma }: Shown, cube: Cube, band: number): string[] {
  return Array.from({ length: STOPS + 1 }, (_, i) => {
    const bright = (i / STOPS) ** (1 / gamma);
    const stops = colormap === undefined ? undefined : cube.colormaps[colormap];
    if (bands.length === 1 && stops !== undefined)
      return stops[Math.round(bright * (stops.length - 1))] ?? '#000';
    const level = Math.round(bright * 255);
    if (bands.length === 1) return `rgb(${level},${level},${level})`;
    return `color-mix(in srgb, ${CHANNELS[band]} ${((100 * level) / 255).toFixed(0)}%, #000)`;
  });
}

/** On the screen. */
const LONGEST_BAR = 140;

/** A bar of a round length, where the middle of the map is. */
export function drawScale(
  target: HTMLElement,
  { metres }: Place,
  pixelsOfCubePerPixel: number,
): void {
  if (metres === undefined || metres <= 0) {
    target.replaceChildren();
    return;
  }
  const perPixel = metres * pixelsOfCubePerPixel;
  const most = LONGEST_BAR * perPixel;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power;
  const bar = element('i');
  bar.style.width = `${Math.round(length / perPixel)}px`;
  const words =
    length >= 1000 ? `${length / 1000} km` : length >= 1 ? `${length} m` : `${length * 100} cm`;
  target.replaceChildren(bar, words);
}
