import type { IngestRecord } from '../observe/record.js';
import { joinBins, type ThroughputBin } from '../observe/throughput.js';
import { TimeAxis } from './axis.js';
import { formatCount, formatDuration, formatNumber, formatTick } from './quantities.js';
import { type ChartPoint, drawSeriesChart } from './series-chart.js';

/** Steps in a chart of rates: fewer, and more even, than the record has. */
const STEPS_SHOWN = 90;

/** Tiles and bytes a second, and how many tiles had come how far. */
export function drawThroughput(record: Pick<IngestRecord, 'durationMs' | 'throughput'>): string[] {
  const axis = new TimeAxis(record.durationMs);
  const { bins, lengthMs } = shownBins(record);
  const hover = (at: number) => `up to ${formatDuration(at)}`;
  const rates = (of: (bin: ThroughputBin) => number) => ratesOf(bins, lengthMs, axis, of);
  const common = { axis, hover, formatTick };
  return [
    drawSeriesChart({
      ...common,
      title: 'Tiles a second',
      format: formatNumber,
      isFilled: true,
      series: [
        {
          name: 'processed',
          colour: 'process',
          shape: 'steps',
          points: rates(({ processed }) => processed),
        },
      ],
    }),
    drawSeriesChart({
      ...common,
      title: 'MB a second',
      format: formatNumber,
      series: [
        {
          name: 'received',
          colour: 'fetch',
          shape: 'steps',
          points: rates(({ bytesIn }) => bytesIn / 1e6),
        },
        {
          name: 'compressed',
          colour: 'process',
          shape: 'steps',
          points: rates(({ bytesOut }) => bytesOut / 1e6),
        },
      ],
    }),
    drawSeriesChart({
      ...common,
      title: 'Tiles so far',
      format: formatCount,
      onlyWhole: true,
      series: [
        { name: 'fetched', colour: 'fetch', of: ({ fetched }: ThroughputBin) => fetched },
        { name: 'processed', colour: 'process', of: ({ processed }: ThroughputBin) => processed },
        { name: 'committed', colour: 'commit', of: ({ committed }: ThroughputBin) => committed },
      ].map(({ name, colour, of }) => ({
        name,
        colour,
        shape: 'line' as const,
        points: sumsOf(bins, lengthMs, axis, of),
      })),
    }),
  ];
}

/** The record's bins up to the end of the run, joined to about {@link STEPS_SHOWN}. */
function shownBins({ throughput, durationMs }: Pick<IngestRecord, 'durationMs' | 'throughput'>): {
  bins: ThroughputBin[];
  lengthMs: number;
} {
  const { binMs, bins } = throughput;
  const needed = Math.max(Math.ceil(durationMs / binMs), bins.length, 1);
  const size = Math.ceil(needed / STEPS_SHOWN);
  const padded = Array.from({ length: needed }, (_, index) => bins[index] ?? NOTHING);
  return { bins: joinBins(padded, size), lengthMs: binMs * size };
}

const NOTHING: ThroughputBin = { fetched: 0, processed: 0, committed: 0, bytesIn: 0, bytesOut: 0 };

/** Amounts a second. The last bin ends with the run; where that leaves little of it, it joins the one before. */
function ratesOf(
  bins: readonly ThroughputBin[],
  lengthMs: number,
  { durationMs }: TimeAxis,
  of: (bin: ThroughputBin) => number,
): ChartPoint[] {
  const parts = bins.map((bin, index) => ({
    amount: of(bin),
    from: index * lengthMs,
    to: Math.min((index + 1) * lengthMs, Math.max(durationMs, index * lengthMs)),
  }));
  const last = parts.at(-1);
  const before = parts.at(-2);
  if (last !== undefined && before !== undefined && last.to - last.from < lengthMs / 2) {
    before.amount += last.amount;
    before.to = last.to;
    parts.pop();
  }
  return parts.map(({ amount, from, to }) => ({
    at: to,
    value: to > from ? (1000 * amount) / (to - from) : 0,
  }));
}

function sumsOf(
  bins: readonly ThroughputBin[],
  lengthMs: number,
  { durationMs }: TimeAxis,
  of: (bin: ThroughputBin) => number,
): ChartPoint[] {
  let sum = 0;
  const points: ChartPoint[] = [{ at: 0, value: 0 }];
  bins.forEach((bin, index) => {
    sum += of(bin);
    points.push({ at: Math.min((index + 1) * lengthMs, durationMs), value: sum });
  });
  return points;
}
