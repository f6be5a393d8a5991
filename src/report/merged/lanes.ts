import { CHART_WIDTH, PLOT_LEFT, PLOT_RIGHT, round, type TimeAxis } from '../axis.js';
import { chartFrame, chartText, escapeText } from '../markup.js';
import { ENDINGS } from '../page.js';
import { formatCount, formatDuration } from '../quantities.js';
import { drawTimeTicks } from '../series-chart.js';
import { byName, type MergedRecord } from './merge.js';
import type { ShardRun } from './read-run.js';

const TOP = 8;

/** Shards that are drawn: more rows than that are no picture. The others are in the table and the file. */
export const LANES_DRAWN = 400;

/** Rows lower than this bear no label. */
const LABELLED_HEIGHT = 11;

/** Steps of all lanes together, and of one. */
const STEPS_IN_ALL = 12_000;
const STEPS_OF_ONE = 60;

/** Characters that have room beside a lane. */
const LABEL_LENGTH = 15;

interface Lane {
  readonly shard: number;
  readonly host: string;
  readonly runs: readonly ShardRun[];
}

/**
 * Which shard ran where and when: a row for each shard and host it ran on, those of a host together, the darker the
 * more tiles were processed; last the shards without a report.
 */
export function drawLanes({ runs, without, startedAt }: MergedRecord, axis: TimeAxis): string {
  const all = lanesOf(runs);
  const lanes = all.slice(0, LANES_DRAWN);
  const lost = without.slice(0, LANES_DRAWN - lanes.length);
  const height = heightOf(lanes.length + lost.length);
  const steps = Math.max(Math.min(STEPS_OF_ONE, Math.floor(STEPS_IN_ALL / lanes.length)), 8);
  const most = lanes
    .flatMap((lane) => lane.runs.flatMap((run) => cellsOf(run, steps)))
    .reduce((largest, { rate }) => Math.max(largest, rate), 0);
  const body: string[] = [];
  let y = TOP;
  let labelled = Number.NEGATIVE_INFINITY;
  let host: string | undefined;
  for (const lane of lanes) {
    // Of rows that are too low for it, the first of each host has a label, where there is room.
    if (height >= LABELLED_HEIGHT || (lane.host !== host && y - labelled >= LABELLED_HEIGHT)) {
      const label =
        height >= LABELLED_HEIGHT ? `${lane.shard + 1} ${shortOf(lane.host)}` : shortOf(lane.host);
      body.push(labelAt(label, y, height));
      labelled = y;
    }
    host = lane.host;
    body.push(
      `<path class="track" d="M${PLOT_LEFT} ${y}H${PLOT_RIGHT}v${height - 1}H${PLOT_LEFT}z"/>`,
      ...lane.runs.map((run) => drawRun(run, { y, height, axis, startedAt, steps, most })),
    );
    y += height;
  }
  for (const shard of lost) {
    if (height >= LABELLED_HEIGHT) body.push(labelAt(`${shard + 1} no report`, y, height));
    body.push(
      `<path class="lost" d="M${PLOT_LEFT} ${y + (height - 1) / 2}H${PLOT_RIGHT}"><title>shard ${shard + 1}: no report</title></path>`,
    );
    y += height;
  }
  const base = Math.max(y + 2, TOP + 20);
  const grid = axis.ticks().map(({ x }) => `<path class="grid" d="M${x} ${TOP - 4}V${base}"/>`);
  const parts = [...grid, ...body, ...drawTimeTicks(axis, base)];
  return chartFrame('Shards by host over time', CHART_WIDTH, base + 22, parts);
}

/** How many rows {@link drawLanes} would have to draw. */
export function laneCount({ runs, without }: MergedRecord): number {
  return lanesOf(runs).length + without.length;
}

function lanesOf(runs: readonly ShardRun[]): Lane[] {
  const lanes = new Map<string, ShardRun[]>();
  for (const run of runs) {
    const key = `${run.shard} ${run.host}`;
    lanes.set(key, [...(lanes.get(key) ?? []), run]);
  }
  return [...lanes.values()]
    .map((own) => ({ shard: own[0]?.shard ?? 0, host: own[0]?.host ?? '', runs: own }))
    .sort((one, other) => byName(one.host, other.host) || one.shard - other.shard);
}

function heightOf(rows: number): number {
  return rows <= 24 ? 16 : rows <= 64 ? 13 : rows <= 150 ? 7 : 4;
}

function labelAt(label: string, y: number, height: number): string {
  const shown = label.length > LABEL_LENGTH ? `${label.slice(0, LABEL_LENGTH - 1)}…` : label;
  return chartText(shown, PLOT_LEFT - 8, round(y + Math.max(height, 10) / 2 + 3.5), 'tick', 'end');
}

/** A host by its own name, without its domain. */
function shortOf(host: string): string {
  return /^[\d.:]+$/.test(host) ? host : (host.split('.')[0] ?? host);
}

interface Place {
  readonly y: number;
  readonly height: number;
  readonly axis: TimeAxis;
  readonly startedAt: number;
  readonly steps: number;
  /** Tiles a millisecond that are drawn darkest. */
  readonly most: number;
}

function drawRun(run: ShardRun, { y, height, axis, startedAt, steps, most }: Place): string {
  const offset = run.startedAt - startedAt;
  const [from, to] = [axis.x(offset), axis.x(offset + run.durationMs)];
  const bar = (left: number, width: number) =>
    `M${left} ${y}h${round(Math.max(width, 0.7))}v${height - 1}h${-round(Math.max(width, 0.7))}z`;
  const cells = cellsOf(run, steps)
    .filter(({ rate }) => rate > 0)
    .map(({ at, end, rate }) => {
      const left = axis.x(offset + at);
      const opacity = (0.2 + 0.8 * (most > 0 ? rate / most : 0)).toFixed(2);
      return `<path opacity="${opacity}" d="${bar(left, axis.x(offset + end) - left)}"/>`;
    });
  const marks = [...new Set(run.failedAt.map((at) => Math.round(axis.x(offset + at))))].map(
    (x) => `M${x} ${y}v${height - 1}`,
  );
  const isCut = run.ending === 'failed' || run.ending === 'interrupted';
  return [
    '<g class="process">',
    `<path opacity="0.15" d="${bar(from, to - from)}"/>`,
    ...cells,
    '</g>',
    marks.length === 0 ? '' : `<path class="mark" d="${marks.join('')}"/>`,
    isCut
      ? `<path class="failed" d="M${to} ${y}l4 ${(height - 1) / 2}l-4 ${(height - 1) / 2}z"/>`
      : '',
    `<path class="hover" d="${bar(from, to - from)}"><title>${escapeText(titleOf(run))}</title></path>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function titleOf({ shard, host, committed, failed, durationMs, ending, error }: ShardRun): string {
  const lost = failed === 0 ? '' : `, ${formatCount(failed)} failed`;
  const why = error === undefined ? '' : `: ${error}`;
  return `shard ${shard + 1} on ${host}: ${formatCount(committed)} tiles${lost} in ${formatDuration(durationMs)}, ${ENDINGS[ending]}${why}`;
}

/** A run in steps of time, with the tiles a millisecond that were processed in each. */
function cellsOf({ throughput, durationMs }: ShardRun, steps: number) {
  const { binMs, bins } = throughput;
  const size = Math.max(Math.ceil(bins.length / steps), 1);
  return Array.from({ length: Math.ceil(bins.length / size) }, (_, i) => {
    const at = i * size * binMs;
    const end = Math.max(Math.min((i + 1) * size * binMs, durationMs), at + 1);
    const tiles = bins
      .slice(i * size, (i + 1) * size)
      .reduce((sum, { processed }) => sum + processed, 0);
    return { at, end, rate: tiles / (end - at) };
  });
}
