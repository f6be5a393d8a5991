/** A bar chart as SVG, readable on light and on dark ground. */
import { spread } from '../statistics.mjs';
import { msOf, number } from './numbers.mjs';

const [WIDTH, LEFT, RIGHT, ROW, TOP] = [760, 170, 100, 34, 46];
const COLOURS = { gdal: 'native', js: 'js', floor: 'floor', python: 'python' };

/**
 * Median ms of each contender, on a logarithmic axis, with a line from the fastest to the slowest round.
 *
 * @param {{ contenders: { name: string, kernel: string, samples: { ms: number }[] }[] }} entry
 * @param {string} title
 * @returns {string}
 */
export function drawChart({ contenders }, title) {
  const bars = contenders.map(({ name, kernel, samples }) => ({
    name,
    kernel,
    ...spread(msOf({ samples })),
  }));
  const low = 10 ** Math.floor(Math.log10(Math.min(...bars.map(({ min }) => min))));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...bars.map(({ max }) => max))));
  const across = WIDTH - LEFT - RIGHT;
  const x = (ms) => LEFT + (across * Math.log10(ms / low)) / Math.log10(high / low);
  const bottom = TOP + bars.length * ROW;
  const ticks = [];
  for (let at = low; at <= high; at *= 10) ticks.push(at);
  const fixed = (value) => value.toFixed(1);
  const axis = ticks.map(
    (at) =>
      `<line class="grid" x1="${fixed(x(at))}" y1="${TOP - 6}" x2="${fixed(x(at))}" y2="${bottom}"/>` +
      `<text class="small" x="${fixed(x(at))}" y="${bottom + 18}" text-anchor="middle">${tick(at)}</text>`,
  );
  const rows = bars.map(({ name, kernel, median, min, max }, i) => {
    const middle = TOP + i * ROW + ROW / 2 - 3;
    return (
      `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${xml(name)}</text>` +
      `<rect class="${COLOURS[kernel]}" x="${LEFT}" y="${middle - 9}" width="${fixed(x(median) - LEFT)}" height="18" rx="2"/>` +
      `<line class="spread" x1="${fixed(x(min))}" y1="${middle}" x2="${fixed(x(max))}" y2="${middle}"/>` +
      `<text class="small" x="${WIDTH - 10}" y="${middle + 4}" text-anchor="end">${number(median)} ms</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 30}" width="${WIDTH}" height="${bottom + 30}" role="img" aria-label="${xml(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.small { font-size: 12px; fill: #59636e; }
.title { font-weight: 600; font-size: 14px; }
.grid { stroke: #d1d9e0; }
.spread { stroke: #1f2328; stroke-width: 1.5; }
.native { fill: #1a7f64; } .js { fill: #c98a00; } .floor { fill: #8c959f; } .python { fill: #3b6fb6; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9198a1; }
.grid { stroke: #3d444d; }
.spread { stroke: #e6edf3; }
.native { fill: #2ea387; } .js { fill: #d9a520; } .floor { fill: #656c76; } .python { fill: #5a8fd6; }
}
</style>
<text class="title" x="10" y="22">${xml(title)}</text>
${axis.join('\n')}
${rows.join('\n')}
</svg>
`;
}

function tick(ms) {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

function xml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
