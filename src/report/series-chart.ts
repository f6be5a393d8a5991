import { CHART_WIDTH, PLOT_LEFT, PLOT_RIGHT, round, type TimeAxis, valueTicks } from './axis.js';
import { chartFrame, chartText, escapeText } from './markup.js';

export interface ChartPoint {
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly value: number;
}

export interface Series {
  readonly name: string;
  /** Class of its colour: `fetch`, `process`, `commit`, `memory` or `files`. */
  readonly colour: string;
  /**
   * - `line`: straight from point to point
   * - `steps`: each value holds from the point before up to its own; the first from 0
   */
  readonly shape: 'line' | 'steps';
  readonly points: readonly ChartPoint[];
}

export interface SeriesChartOptions {
  readonly title: string;
  readonly axis: TimeAxis;
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly formatTick: (value: number) => string;
  /** What a reader sees over a point. */
  readonly hover?: (at: number) => string;
  /** Whether values in between, such as half a tile, make no sense. */
  readonly onlyWhole?: boolean;
  /** Whether what lies under the lines is filled. */
  readonly isFilled?: boolean;
}

const TOP = 26;
const PLOT_HEIGHT = 92;
const BOTTOM = 22;

/** Values over the time of a run. */
export function drawSeriesChart(options: SeriesChartOptions): string {
  const { title, axis, series, formatTick, onlyWhole = false, isFilled = false } = options;
  const largest = Math.max(0, ...series.flatMap(({ points }) => points.map(({ value }) => value)));
  const ticks = valueTicks(largest, onlyWhole);
  const top = ticks.at(-1) ?? 1;
  const base = TOP + PLOT_HEIGHT;
  const y = (value: number) => round(base - (value / top) * PLOT_HEIGHT);
  const parts = [chartText(title, 0, 13, 'label'), drawKey(series)];
  for (const { x } of axis.ticks()) parts.push(`<path class="grid" d="M${x} ${TOP}V${base}"/>`);
  for (const tick of ticks) {
    parts.push(`<path class="grid" d="M${PLOT_LEFT} ${y(tick)}H${PLOT_RIGHT}"/>`);
    parts.push(chartText(formatTick(tick), PLOT_LEFT - 8, y(tick) + 4, 'tick', 'end'));
  }
  for (const one of series) {
    const line = pathOf(one, axis, y);
    if (line === '') continue;
    const [first, last] = [one.points[0], one.points.at(-1)];
    const from = one.shape === 'steps' ? 0 : (first?.at ?? 0);
    if (isFilled)
      parts.push(`<path class="area ${one.colour}" d="${line}V${base}H${axis.x(from)}z"/>`);
    parts.push(`<path class="line ${one.colour}" d="${line}"/>`);
    // A single look at a short run is a point.
    if (one.shape === 'line' && one.points.length === 1 && last !== undefined)
      parts.push(
        `<circle class="dot ${one.colour}" cx="${axis.x(last.at)}" cy="${y(last.value)}" r="3"/>`,
      );
  }
  parts.push(drawHover(options, base), ...drawTimeTicks(axis, base));
  return chartFrame(title, CHART_WIDTH, base + BOTTOM, parts);
}

export function drawTimeTicks(axis: TimeAxis, base: number): string[] {
  return axis
    .ticks()
    .map(({ x, label }) =>
      chartText(label, x, base + 15, 'tick', x > PLOT_RIGHT - 8 ? 'end' : 'middle'),
    );
}

/** The names of several series in their colours, at the right of the title. */
function drawKey(series: readonly Series[]): string {
  if (series.length < 2) return '';
  let x = PLOT_RIGHT;
  const parts: string[] = [];
  for (const { name, colour } of [...series].reverse()) {
    x -= 8 + name.length * 6.4;
    parts.push(chartText(name, round(x), 13, 'tick'));
    parts.push(`<path class="line ${colour}" d="M${round(x - 22)} 9h16"/>`);
    x -= 34;
  }
  return parts.join('');
}

function pathOf({ points, shape }: Series, axis: TimeAxis, y: (value: number) => number): string {
  const [first] = points;
  if (first === undefined) return '';
  const start = shape === 'steps' ? `M${axis.x(0)} ${y(first.value)}` : '';
  return points.reduce(
    (path, { at, value }) =>
      shape === 'steps'
        ? `${path}V${y(value)}H${axis.x(at)}`
        : `${path}${path === '' ? 'M' : 'L'}${axis.x(at)} ${y(value)}`,
    start,
  );
}

/** Invisible columns, one for each point of the longest series: what they tell shows where the pointer is. */
function drawHover({ axis, series, format, hover }: SeriesChartOptions, base: number): string {
  const times = series.reduce<readonly ChartPoint[]>(
    (longest, { points }) => (points.length > longest.length ? points : longest),
    [],
  );
  return times
    .map(({ at }, index) => {
      const from = axis.x(times[index - 1]?.at ?? 0);
      const width = round(axis.x(at) - from);
      if (width <= 0) return '';
      const values = series
        .map(({ name, points }) => `${name} ${format(points[index]?.value ?? 0)}`)
        .join(', ');
      const text = hover === undefined ? values : `${hover(at)}: ${values}`;
      return `<path class="hover" d="M${from} ${TOP}h${width}V${base}h${-width}z"><title>${escapeText(text)}</title></path>`;
    })
    .join('\n');
}
