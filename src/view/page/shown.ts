/** What is shown, and how: all of it is in the address, so that a link shows the same. */
import type { Box, Cube, Point } from './api.js';

export interface Shown {
  /** In coordinates of the map; absent until something was seen. */
  centre?: [number, number];
  /** Of the cube, 0 its own pixels; below 0 they are larger on the screen. */
  level?: number;
  bands: string[];
  /** Stored numbers, one pair for each band; absent until they are known. */
  ranges?: [number, number][];
  colormap?: string;
  gamma: number;
  t: number;
  tiles: boolean;
  point?: Point;
  box?: Box;
}

const GREY = 'grey';

/** From the address, as far as it fits the cube. */
export function readShown(hash: string, cube: Cube): Shown {
  const words = new URLSearchParams(hash.replace(/^#/, ''));
  const numbers = (name: string, count: number): number[] | undefined => {
    const parts = words.get(name)?.split(',').map(Number) ?? [];
    return parts.length === count && parts.every(Number.isFinite) ? parts : undefined;
  };
  const known = words
    .getAll('band')
    .filter((name) => cube.bands.some((band) => band.name === name));
  const bands = known.length === 1 || known.length === 3 ? known : [cube.bands[0]?.name ?? ''];
  const ranges = words
    .getAll('range')
    .map((text) => text.split(',').map(Number) as [number, number])
    .filter(([low, high]) => low < high);
  const centre = numbers('at', 2);
  const [level] = numbers('level', 1) ?? [];
  const [col, row] = numbers('point', 2) ?? [];
  const box = numbers('box', 4);
  const colormap = words.get('colormap') ?? 'viridis';
  const last = (cube.steps?.length ?? 1) - 1;
  return {
    bands,
    gamma: Math.min(Math.max(numbers('gamma', 1)?.[0] ?? 1, 0.1), 10),
    t: Math.min(Math.max(Math.round(numbers('t', 1)?.[0] ?? last), 0), last),
    tiles: words.get('tiles') !== '0',
    ...(centre === undefined ? {} : { centre: centre as [number, number] }),
    ...(level === undefined ? {} : { level }),
    ...(ranges.length === bands.length ? { ranges } : {}),
    ...(Object.hasOwn(cube.colormaps, colormap) ? { colormap } : {}),
    ...(col === undefined || row === undefined ? {} : { point: { row, col } }),
    ...(box === undefined ? {} : { box: boxOf(box as [number, number, number, number]) }),
  };
}

function boxOf([col, row, width, height]: [number, number, number, number]): Box {
  return { col, row, width, height };
}

export function wordsOf(box: Box): string {
  return [box.col, box.row, box.width, box.height].join();
}

/** As the part of an address behind its `#`. */
export function writeShown(shown: Shown, cube: Cube): string {
  const words = new URLSearchParams();
  if (shown.centre !== undefined)
    words.set('at', shown.centre.map((n) => Number(n.toPrecision(12))).join());
  if (shown.level !== undefined) words.set('level', String(shown.level));
  for (const band of shown.bands) words.append('band', band);
  for (const range of shown.ranges ?? []) words.append('range', range.join());
  if (shown.bands.length === 1) words.set('colormap', shown.colormap ?? GREY);
  if (shown.gamma !== 1) words.set('gamma', String(shown.gamma));
  if (cube.steps !== undefined) words.set('t', String(shown.t));
  if (!shown.tiles) words.set('tiles', '0');
  if (shown.point !== undefined) words.set('point', `${shown.point.col},${shown.point.row}`);
  if (shown.box !== undefined) words.set('box', wordsOf(shown.box));
  return `#${words}`;
}

/** The words of a request that say which step is meant. */
export function timeWords(shown: Shown, cube: Cube): { t?: number } {
  return cube.steps === undefined ? {} : { t: shown.t };
}

/** The words of a request that say how bands become colours. */
export function styleWords(shown: Shown, cube: Cube) {
  return {
    ...timeWords(shown, cube),
    band: shown.bands,
    range: (shown.ranges ?? []).map((range) => range.join()),
    gamma: shown.gamma,
    ...(shown.bands.length === 1 && shown.colormap !== undefined
      ? { colormap: shown.colormap }
      : {}),
  };
}
