import type { IngestEvent, OnEvent } from '../../observe/events.js';
import { type IngestSummary, Tally } from '../../observe/summary.js';
import { visible } from '../../visible.js';

/** Anything a progress display can write to; `isTTY` decides between a bar and plain lines. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 24;
/** A shorter bar shows nothing. */
const FEWEST_CELLS = 8;
const REDRAW_MS = 100;
/** Without a terminal, a line is a line in somebody's log. */
const LINE_MS = 2_000;

/** Shows an ingest's progress while it runs: one line drawn again and again, or a line now and then. */
export class ProgressBar {
  readonly #tally = new Tally();
  readonly #timer: NodeJS.Timeout;
  #shown = '';
  #isStopped = false;

  constructor(private readonly terminal: Terminal) {
    this.#timer = setInterval(() => this.#draw(), terminal.isTTY ? REDRAW_MS : LINE_MS);
    this.#timer.unref();
  }

  readonly onEvent: OnEvent = (event) => {
    this.#tally.add(event);
    if (event.type === 'planned') this.#draw();
    else if (event.type === 'waiting') this.#say(waitText(event));
  };

  /** Draws the last state and leaves it standing. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#draw();
    if (this.terminal.isTTY) this.terminal.write('\n');
  }

  /** A line of its own above the bar. */
  #say(line: string): void {
    this.#shown = '';
    const clean = visible(line);
    this.terminal.write(this.terminal.isTTY ? `\r${clean}\x1b[K\n` : `${clean}\n`);
  }

  #draw(): void {
    const summary = this.#tally.summary();
    const line = this.terminal.isTTY
      ? barLine(summary, this.#tally.inFlight, (this.terminal.columns ?? 100) - 1)
      : progressText(summary, this.#tally.inFlight);
    if (line === this.#shown) return;
    this.#shown = line;
    // \x1b[K clears what a longer line left behind.
    this.terminal.write(this.terminal.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  }
}

/** Why nothing moves, and for how long. */
export function waitText({
  at,
  error,
  delayMs,
  endsAt,
}: Extract<IngestEvent, { type: 'waiting' }>): string {
  const left = formatSeconds(Math.max(endsAt - at, 0) / 1000);
  const what = error.tag === 'store' ? 'store' : 'service';
  return `Waiting for the ${what}. ${error.message.replace(/[^.!?]$/, '$&.')} Next try in ${formatSeconds(delayMs / 1000)}; if it is not back in ${left}, the run ends.`;
}

/** The bar and the text, no longer than `width` together: the text goes first. */
function barLine(summary: IngestSummary, inFlight: number, width: number): string {
  const text = progressText(summary, inFlight, width);
  const cells = Math.min(BAR_CELLS, width - text.length - '[] '.length);
  return cells < FEWEST_CELLS ? text.slice(0, width) : `${bar(summary, cells)} ${text}`;
}

/** Full cells are committed tiles, half ones are processed and wait for their commit. */
function bar({ committed, processed, failed, tiles }: IngestSummary, width: number): string {
  const cells = (count: number) =>
    tiles === 0 ? width : Math.min(Math.round((count / tiles) * width), width);
  const full = cells(committed + failed.length);
  const half = Math.max(cells(processed + failed.length) - full, 0);
  return `[${'█'.repeat(full)}${'▒'.repeat(half)}${'░'.repeat(width - full - half)}]`;
}

/**
 * `16/36 tiles (+5)  18.3 MB/s in, 6.1 out  ETA 4 s  12 in flight`: tiles that are committed (and
 * processed but not yet committed), bytes received and bytes of chunks made since the start, time to go at
 * the rate of processing so far, tiles under way. Where that is longer than `width`, the less important
 * is left out.
 */
export function progressText(
  summary: IngestSummary,
  inFlight: number,
  width = Number.POSITIVE_INFINITY,
): string {
  const { committed, processed, tiles, failed, retries, elapsedMs } = summary;
  const seconds = Math.max(elapsedMs / 1000, 1e-3);
  const isOver = committed + failed.length >= tiles;
  const done = processed + failed.length;
  const parts = {
    tiles: `${committed}/${tiles} tiles`,
    uncommitted: processed > committed ? ` (+${processed - committed})` : '',
    rates: `  ${rateText(summary, seconds)}`,
    time: isOver
      ? `  in ${formatSeconds(seconds)}`
      : done > 0
        ? `  ETA ${formatSeconds((seconds / done) * Math.max(tiles - done, 0))}`
        : '',
    inFlight: inFlight > 0 ? `  ${inFlight} in flight` : '',
    retries: retries > 0 ? `  ${retries} ${retries === 1 ? 'retry' : 'retries'}` : '',
    failed: failed.length > 0 ? `  ${failed.length} failed` : '',
  };
  for (const part of ['inFlight', 'rates', 'retries', 'uncommitted'] as const) {
    if (Object.values(parts).join('').length <= width) break;
    parts[part] = '';
  }
  return Object.values(parts).join('');
}

function rateText(
  { bytesIn, bytesOut, plannedRequests, tiles }: IngestSummary,
  seconds: number,
): string {
  const rate = (bytes: number) => (bytes / 1e6 / seconds).toFixed(1);
  // Nothing is received of files on disk.
  return plannedRequests === 0 && tiles > 0
    ? `${rate(bytesOut)} MB/s out`
    : `${rate(bytesIn)} MB/s in, ${rate(bytesOut)} out`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
