import type { IngestRecord } from '../observe/record.js';
import { TimeAxis } from './axis.js';
import {
  formatBytes,
  formatByteTick,
  formatCount,
  formatDuration,
  formatTick,
  median,
} from './quantities.js';
import { type ChartPoint, drawSeriesChart } from './series-chart.js';

/** Memory and open files over time, and in words whether they grew. */
export function drawProcess(record: IngestRecord): string[] {
  const axis = new TimeAxis(record.durationMs);
  const hover = (at: number) => `at ${formatDuration(at)}`;
  const { samples } = record.process;
  const memory = samples.map(({ at, rss }) => ({ at, value: rss }));
  const files = samples.flatMap(({ at, files: value }) =>
    value === undefined ? [] : [{ at, value }],
  );
  const charts = [
    drawSeriesChart({
      axis,
      hover,
      title: 'Memory (resident)',
      format: formatBytes,
      formatTick: formatByteTick,
      isFilled: true,
      series: [{ name: 'memory', colour: 'memory', shape: 'line', points: memory }],
    }),
    growthNote(memory, formatBytes),
  ];
  if (files.length === 0)
    return [...charts, '<p class="note">This system does not tell how many files are open.</p>'];
  return [
    ...charts,
    drawSeriesChart({
      axis,
      hover,
      title: 'Open file descriptors',
      format: formatCount,
      formatTick,
      onlyWhole: true,
      isFilled: true,
      series: [{ name: 'open', colour: 'files', shape: 'line', points: files }],
    }),
    growthNote(files, formatCount),
  ];
}

/** Fewer samples have no halves to speak of. */
const LEAST_SAMPLES = 6;

function growthNote(points: readonly ChartPoint[], format: (value: number) => string): string {
  const values = points.map(({ value }) => value);
  const half = Math.floor(values.length / 2);
  const [early, late] = [median(values.slice(0, half)), median(values.slice(half))];
  if (values.length < LEAST_SAMPLES || early === undefined || late === undefined) return '';
  return `<p class="note">Most ${format(Math.max(...values))}; median of the first half of the run ${format(early)}, of the second half ${format(late)}.</p>`;
}
