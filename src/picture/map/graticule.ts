import type { XY } from '../../grid/affine.js';
import { COLOURS } from '../colours.js';
import { drawText, measureText } from '../text.js';
import { type GeographicWindow, wrapLongitude } from './geographic-window.js';
import { pathData } from './path.js';
import type { Frame, MapProjection } from './projection.js';
import { outlineOf, projectLine } from './shapes.js';

/** Intervals in degrees a reader can count in. */
const INTERVALS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90,
] as const;

/** Picture units between two lines, at least. */
const SPACING = 72;

const LABEL_SIZE = 11.5;

export interface Graticule {
  readonly lines: string;
  /** Degrees along the frame; inside the map only where a parallel never meets the frame. */
  readonly labels: string;
}

interface Line {
  readonly kind: 'meridian' | 'parallel';
  /** Longitude or latitude in degrees. */
  readonly value: number;
  readonly label: string;
  readonly pieces: readonly (readonly XY[])[];
}

export function drawGraticule(projection: MapProjection, window: GeographicWindow): Graticule {
  const lines = graticuleLines(projection, window);
  const data = pathData(
    lines.flatMap(({ pieces }) => pieces),
    false,
  );
  return {
    lines: `<path class="graticule" fill="none" stroke="${COLOURS.graticule}" stroke-width="0.7" stroke-dasharray="5 3" d="${data}"/>`,
    labels: labelsOf(lines, projection, window).join('\n'),
  };
}

function intervalFor(span: number, length: number): number {
  const least = (span * SPACING) / length;
  return INTERVALS.find((interval) => interval >= least) ?? 90;
}

function graticuleLines(projection: MapProjection, window: GeographicWindow): Line[] {
  const { west, south, east, north, pole } = window;
  const { width, height } = projection.frame;
  const latStep = intervalFor(north - south, Math.min(width, height) * (pole ? 0.75 : 1));
  const lonStep = pole === undefined ? intervalFor(east - west, width) : 30;
  const lines: Line[] = [];
  const draw = (kind: Line['kind'], value: number, step: number, from: XY, to: XY) => {
    const label = kind === 'meridian' ? longitudeLabel(value, step) : latitudeLabel(value, step);
    const pieces = projectLine(outlineThrough(from, to), projection, window, 0);
    lines.push({ kind, value, label, pieces });
  };
  for (const lon of multiples(lonStep, west, Math.min(east, west + 360 - lonStep / 2))) {
    // Near a pole only every third meridian goes on, or they would be a blot.
    const stop = pole === undefined || lon % 90 === 0 ? 0 : Math.min(latStep, 10);
    const [low, high] = [pole === -90 ? south + stop : south, pole === 90 ? north - stop : north];
    draw('meridian', lon, lonStep, [lon, low], [lon, high]);
  }
  for (const lat of multiples(latStep, south, north)) {
    if (Math.abs(lat) < 90) draw('parallel', lat, latStep, [west, lat], [east, lat]);
  }
  return lines;
}

/** A straight line in degrees; outlineOf must not take a long one for a jump. */
function outlineThrough(from: XY, to: XY) {
  const points = Array.from({ length: 5 }, (_, i): XY => {
    return [from[0] + ((to[0] - from[0]) * i) / 4, from[1] + ((to[1] - from[1]) * i) / 4];
  });
  return outlineOf(points);
}

function* multiples(step: number, low: number, high: number): Generator<number> {
  const last = Math.floor(high / step + 1e-9);
  for (let i = Math.ceil(low / step - 1e-9); i <= last; i++) {
    yield Number((i * step).toFixed(6));
  }
}

function decimals(step: number): number {
  return Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
}

/** `120°E`, `7.5°W`, `0°`, `180°` */
export function longitudeLabel(lon: number, step: number): string {
  const wrapped = wrapLongitude(lon);
  const text = `${Math.abs(wrapped).toFixed(decimals(step))}°`;
  if (Math.abs(wrapped) < 1e-9) return '0°';
  if (Math.abs(wrapped) > 180 - 1e-9) return '180°';
  return `${text}${wrapped < 0 ? 'W' : 'E'}`;
}

/** `72°N`, `0.5°S`, `0°` */
export function latitudeLabel(lat: number, step: number): string {
  if (Math.abs(lat) < 1e-9) return '0°';
  return `${Math.abs(lat).toFixed(decimals(step))}°${lat < 0 ? 'S' : 'N'}`;
}

type Edge = 'bottom' | 'left' | 'top' | 'right';

interface Spot {
  readonly x: number;
  readonly baseline: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

/** Where a label stands outside the frame when its line ends at this point of the edge. */
function spotAt(edge: Edge, [x, y]: XY): Spot {
  switch (edge) {
    case 'bottom':
      return { x, baseline: y + 15, anchor: 'middle' };
    case 'top':
      return { x, baseline: y - 6, anchor: 'middle' };
    case 'left':
      return { x: x - 6, baseline: y + LABEL_SIZE * 0.36, anchor: 'end' };
    case 'right':
      return { x: x + 6, baseline: y + LABEL_SIZE * 0.36, anchor: 'start' };
  }
}

function edgeOf([x, y]: XY, frame: Frame): Edge | undefined {
  if (Math.abs(y - frame.y - frame.height) < 0.01) return 'bottom';
  if (Math.abs(x - frame.x) < 0.01) return 'left';
  if (Math.abs(y - frame.y) < 0.01) return 'top';
  if (Math.abs(x - frame.x - frame.width) < 0.01) return 'right';
  return undefined;
}

/** Which edges are tried first. Round a pole a meridian has one end only, wherever it is. */
const PREFERRED: Readonly<Record<Line['kind'], readonly Edge[]>> = {
  meridian: ['bottom', 'top', 'left', 'right'],
  parallel: ['left', 'right', 'bottom', 'top'],
};

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function labelsOf(
  lines: readonly Line[],
  projection: MapProjection,
  window: GeographicWindow,
): string[] {
  const placed: Box[] = [];
  const labels: string[] = [];
  const put = (label: string, { x, baseline, anchor }: Spot, halo?: string): boolean => {
    const width = measureText(label, LABEL_SIZE);
    const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
    const box = { x: left, y: baseline, width };
    if (placed.some((other) => overlap(box, other))) return false;
    placed.push(box);
    const style = { size: LABEL_SIZE, colour: COLOURS.faintInk, anchor };
    labels.push(drawText(label, x, baseline, halo === undefined ? style : { ...style, halo }));
    return true;
  };
  for (const line of lines) {
    if (line.kind === 'parallel' && window.pole !== undefined) {
      const spot = spotInside(line.value, projection, window.pole);
      if (spot !== undefined) put(line.label, spot, COLOURS.paper);
      continue;
    }
    const ends = line.pieces.flatMap((piece) => [piece[0] as XY, piece.at(-1) as XY]);
    const isGeographic = projection.crs.isGeographic;
    let isPlaced = false;
    for (const edge of PREFERRED[line.kind].slice(0, isGeographic ? 1 : 4)) {
      const end = ends.find((point) => edgeOf(point, projection.frame) === edge);
      if (end !== undefined && put(line.label, spotAt(edge, end))) {
        isPlaced = true;
        break;
      }
    }
    const [piece] = line.pieces;
    if (!isPlaced && piece !== undefined && window.isTorn === true) {
      put(line.label, spotAtWorldEdge(line.kind, piece), COLOURS.paper);
    }
  }
  return labels;
}

/**
 * For a line that ends inside the frame, at the edge of the world: beside a parallel's western end,
 * and half way up a meridian, because the ends of many meridians may be one point.
 */
function spotAtWorldEdge(kind: Line['kind'], piece: readonly XY[]): Spot {
  if (kind === 'parallel') return spotAt('right', piece[0] as XY);
  return spotAt('bottom', piece[Math.floor(piece.length / 2)] as XY);
}

/** Along the meridian that runs nearest to the picture's upper right, half way between two drawn ones. */
function spotInside(lat: number, projection: MapProjection, pole: number): Spot | undefined {
  const [poleX, poleY] = projection.project(0, pole);
  let best: { x: number; y: number; score: number } | undefined;
  for (let lon = -165; lon <= 165; lon += 30) {
    const [x, y] = projection.project(lon, lat);
    const length = Math.hypot(x - poleX, y - poleY);
    const score = (x - poleX - (y - poleY)) / length;
    if (best === undefined || score > best.score) best = { x, y, score };
  }
  if (best === undefined) return undefined;
  const { xLow, xHigh, yLow, yHigh } = projection.clipBox(-20);
  const isInside = best.x > xLow && best.x < xHigh && best.y > yLow && best.y < yHigh;
  return isInside
    ? { x: best.x, baseline: best.y + LABEL_SIZE * 0.36, anchor: 'middle' }
    : undefined;
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width + 4 &&
    other.x < one.x + one.width + 4 &&
    Math.abs(one.y - other.y) < LABEL_SIZE * 1.15
  );
}
