import { drawing, numberWords } from './elements.js';

const WIDTH = 308;
const HEIGHT = 120;
const LEFT = 46;
const BOTTOM = 18;
const TOP = 8;

interface Axes {
  readonly low: number;
  readonly high: number;
  /** Below the left and the right end. */
  readonly ends: readonly [string, string];
}

function frame({ low, high, ends }: Axes, name: string, ...marks: SVGElement[]): SVGElement {
  const floor = HEIGHT - BOTTOM;
  return drawing(
    'svg',
    { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': name },
    drawing('path', { d: `M${LEFT} ${TOP}V${floor}H${WIDTH}`, stroke: '#8a9299', fill: 'none' }),
    drawing('text', { x: LEFT - 4, y: TOP + 8, 'text-anchor': 'end' }, numberWords(high)),
    drawing('text', { x: LEFT - 4, y: floor, 'text-anchor': 'end' }, numberWords(low)),
    drawing('text', { x: LEFT, y: HEIGHT - 4 }, ends[0]),
    drawing('text', { x: WIDTH, y: HEIGHT - 4, 'text-anchor': 'end' }, ends[1]),
    ...marks,
  );
}

/** A line through the values, broken where there is none; a rule at the step that is shown. */
export function lineChart(
  points: readonly { readonly at: number; readonly value: number | null }[],
  now: number,
  ends: readonly [string, string],
  name: string,
): SVGElement {
  const values = points.flatMap(({ value }) => value ?? []);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1];
  const x = (at: number) =>
    LEFT + 4 + ((at - first) / Math.max(last - first, 1)) * (WIDTH - LEFT - 8);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - BOTTOM - TOP);
  let path = '';
  let isBroken = true;
  for (const { at, value } of points) {
    if (value !== null) path += `${isBroken ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isBroken = value === null;
  }
  const dots = points.flatMap(({ at, value }) =>
    value === null
      ? []
      : drawing('circle', { cx: x(at).toFixed(1), cy: y(value).toFixed(1), r: 2, fill: '#3b5b7a' }),
  );
  return frame(
    { low, high, ends },
    name,
    drawing('path', { d: `M${x(now).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}`, stroke: '#c2185b' }),
    drawing('path', { d: path, stroke: '#3b5b7a', fill: 'none', 'stroke-width': 1.5 }),
    ...dots,
  );
}

/** A bar for each count. */
export function histogram(
  counts: readonly number[],
  ends: readonly [string, string],
  name: string,
): SVGElement {
  const high = Math.max(...counts, 1);
  const floor = HEIGHT - BOTTOM;
  const wide = (WIDTH - LEFT) / counts.length;
  const bars = counts.map((count, i) => {
    const tall = (count / high) * (floor - TOP);
    return drawing('rect', {
      ...{ x: LEFT + i * wide, y: floor - tall, width: Math.max(wide - 0.5, 0.5), height: tall },
      fill: '#3b5b7a',
    });
  });
  return frame({ low: 0, high, ends }, name, ...bars);
}
