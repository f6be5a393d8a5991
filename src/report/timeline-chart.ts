import type { FailureRecord } from '../observe/record.js';
import type { RowKind, TimelineBar, TimelineRecord, TimelineRow } from '../observe/timeline.js';
import { CHART_WIDTH, PLOT_LEFT, PLOT_RIGHT, round, type TimeAxis } from './axis.js';
import { chartFrame, chartText, escapeText } from './markup.js';
import { formatDuration, formatPercent } from './quantities.js';
import { drawTimeTicks } from './series-chart.js';

const TOP = 8;
const GROUP_GAP = 10;

/** Rows lower than this bear no label of their own; their group does. */
const LABELLED_HEIGHT = 11;

/** No bar is thinner, so that one of a thousand is still seen. */
const LEAST_WIDTH = 0.7;

/**
 * Who did what when: lanes that fetch, threads that compute, the committer, one row each, and marks
 * where tiles failed. A bar is as opaque as the share of its length that was work.
 */
export function drawTimeline(
  { rows }: TimelineRecord,
  failures: readonly FailureRecord[],
  axis: TimeAxis,
): string {
  const body: string[] = [];
  let y = TOP;
  for (const kind of ['fetch', 'process', 'commit'] as const) {
    const group = rows.filter((row) => row.kind === kind);
    if (group.length === 0) continue;
    const height = heightOf(kind, group.length);
    body.push(...drawGroup(kind, group, y, height, axis));
    y += group.length * height + GROUP_GAP;
  }
  if (failures.length > 0) {
    body.push(chartText('failed', PLOT_LEFT - 8, y + 10, 'label', 'end'));
    body.push(drawMarks(failures, y + 6, axis));
    y += 14 + GROUP_GAP;
  }
  const base = Math.max(y - GROUP_GAP + 4, TOP + 20);
  const grid = axis.ticks().map(({ x }) => `<path class="grid" d="M${x} ${TOP - 4}V${base}"/>`);
  const parts = [...grid, ...body, ...drawTimeTicks(axis, base)];
  return chartFrame(
    'Timeline of fetching, processing and committing',
    CHART_WIDTH,
    base + 22,
    parts,
  );
}

/** Few rows are high enough to be labelled, many stay within a screen. */
function heightOf(kind: RowKind, rows: number): number {
  if (kind !== 'fetch') return rows <= 8 ? 18 : rows <= 32 ? 12 : 6;
  return rows <= 12 ? 14 : rows <= 30 ? 9 : rows <= 80 ? 6 : 3;
}

const GROUP_NAMES: Readonly<Record<RowKind, string>> = {
  fetch: 'fetch',
  process: 'process',
  commit: 'commit',
};

function drawGroup(
  kind: RowKind,
  rows: readonly TimelineRow[],
  top: number,
  height: number,
  axis: TimeAxis,
): string[] {
  const parts: string[] = [];
  const isLabelled = height >= LABELLED_HEIGHT;
  const share = (busyMs: number, of: number) =>
    formatPercent(axis.durationMs > 0 ? Math.min(busyMs / (of * axis.durationMs), 1) : 0);
  if (isLabelled) {
    rows.forEach((row, index) => {
      const baseline = top + index * height + height / 2 + 4;
      const name = kind === 'commit' ? 'commit' : `${kind} ${row.number}`;
      parts.push(chartText(name, PLOT_LEFT - 8, baseline, 'tick', 'end'));
      parts.push(chartText(share(row.busyMs, 1), CHART_WIDTH - 4, baseline, 'tick', 'end'));
    });
  } else {
    const middle = top + (rows.length * height) / 2;
    const busyMs = rows.reduce((sum, row) => sum + row.busyMs, 0);
    parts.push(chartText(GROUP_NAMES[kind], PLOT_LEFT - 8, middle, 'label', 'end'));
    parts.push(chartText(`${rows.length} at a time`, PLOT_LEFT - 8, middle + 15, 'tick', 'end'));
    parts.push(chartText(share(busyMs, rows.length), CHART_WIDTH - 4, middle + 4, 'tick', 'end'));
  }
  const gap = height >= 9 ? 2 : height >= 5 ? 1 : 0.5;
  parts.push(`<g class="${kind}">`);
  rows.forEach((row, index) => {
    const y = top + index * height;
    parts.push(
      `<path class="track" d="M${PLOT_LEFT} ${y}H${PLOT_RIGHT}v${height - gap}H${PLOT_LEFT}z"/>`,
    );
    for (const bar of row.bars) parts.push(drawBar(bar, kind, y, height - gap, axis));
  });
  parts.push('</g>');
  return parts;
}

function drawBar(
  bar: TimelineBar,
  kind: RowKind,
  y: number,
  height: number,
  axis: TimeAxis,
): string {
  const x = axis.x(bar.start);
  const length = axis.x(bar.end) - x;
  // A hairline between one bar and the next, where there is room for it.
  const width = round(Math.max(length > 3 ? length - 0.6 : length, LEAST_WIDTH));
  const worked = bar.end > bar.start ? bar.busyMs / (bar.end - bar.start) : 1;
  const shade = worked > 0.98 ? '' : ` opacity="${(0.25 + 0.75 * worked).toFixed(2)}"`;
  const outcome = bar.outcome === undefined ? '' : ` class="${bar.outcome.replace(' ', '-')}"`;
  return `<path${outcome}${shade} d="M${x} ${y}h${width}v${height}h${-width}z"><title>${escapeText(titleOf(bar, kind))}</title></path>`;
}

function titleOf(bar: TimelineBar, kind: RowKind): string {
  const lasted = formatDuration(bar.end - bar.start);
  const outcome = bar.outcome === undefined ? '' : `, ${bar.outcome}`;
  if (bar.pieces > 1)
    return `${bar.tiles} tiles from ${bar.tile}: ${formatDuration(bar.busyMs)} of work in ${lasted}`;
  if (kind === 'commit') return `${bar.tiles} tiles from ${bar.tile}: ${lasted}`;
  return `${bar.tile}: ${lasted}${outcome}`;
}

/** A diamond for each failure; those on the same spot are one. */
function drawMarks(failures: readonly FailureRecord[], y: number, axis: TimeAxis): string {
  const byX = new Map<number, string[]>();
  for (const { at, tile, stage } of failures) {
    const x = Math.round(axis.x(at));
    const tiles = byX.get(x) ?? [];
    tiles.push(`${tile} at ${stage}`);
    byX.set(x, tiles);
  }
  const marks = [...byX].map(([x, tiles]) => {
    const more = tiles.length > 5 ? ` and ${tiles.length - 5} more` : '';
    const text = escapeText(`${tiles.slice(0, 5).join(', ')}${more}`);
    return `<path d="M${x} ${y - 5}l4 5l-4 5l-4 -5z"><title>${text}</title></path>`;
  });
  return `<g class="failed">${marks.join('\n')}</g>`;
}
