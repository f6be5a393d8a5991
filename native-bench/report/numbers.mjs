/** How figures are read from results, and how they are written. */
import { median, ratio, spread } from '../statistics.mjs';

/** @param {object} task @param {string} id */
export function caseOf(task, id) {
  return task?.cases.find((entry) => entry.id === id);
}

/** @param {object | undefined} entry a case @param {string} kernel @param {number} [threads] */
export function contenderOf(entry, kernel, threads = 1) {
  return entry?.contenders.find((each) => each.kernel === kernel && each.threads === threads);
}

export const msOf = ({ samples }) => samples.map(({ ms }) => ms);

export const bytesOf = ({ samples }) => median(samples.map(({ bytes }) => bytes));

/** Median ms of each stage over the rounds. */
export function stagesOf({ samples }) {
  const names = Object.keys(samples[0]?.stages ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(samples.map(({ stages }) => stages[name]))]),
  );
}

/** How many times the time of `base` that of `contender` is; `undefined` when one did not take part. */
export function timesOf(contender, base) {
  if (contender === undefined || base === undefined) return undefined;
  return ratio(msOf(contender), msOf(base));
}

/** Three digits that mean something, thousands apart. */
export function number(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: Math.min(digits, 2),
  });
}

/** `median (min to max)`; a single round has no range. */
export function withSpread({ median, min, max }, write = number) {
  if (min === max) return write(median);
  return `${write(median)} (${write(min)} to ${write(max)})`;
}

export const milliseconds = (contender) => withSpread(spread(msOf(contender)));

export const megabytes = (bytes) => number(bytes / 1e6);

export const fromMiB = (value) => value * 1.048576;

export const percent = (share) => `${number(100 * share)} %`;

export function times(ratios) {
  return ratios === undefined ? '' : withSpread(ratios);
}

export function size([height, width], bands) {
  return `${height} x ${width}${bands === undefined ? '' : ` x ${bands}`}`;
}

/** A Markdown table; the first column to the left, the others to the right. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** `blosc` zstd 1, bitshuffle; or what else it is. */
export function codecName({ name, cname, clevel, shuffle, level }) {
  if (name === 'blosc') return `Blosc ${cname} ${clevel}, ${shuffle}`;
  return level === undefined ? name : `${name} ${level}`;
}
