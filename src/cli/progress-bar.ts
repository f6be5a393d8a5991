import type { IngestEvent, OnEvent } from '../observe/events.js';
import { type IngestSummary, Tally } from '../observe/summary.js';

/** Anything a progress display can write to; `isTTY` decides between a bar and plain lines. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 24;
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
    this.terminal.write(this.terminal.isTTY ? `\r${line}\x1b[K\n` : `${line}\n`);
  }

  #draw(): void {
    const summary = this.#tally.summary();
    const line = this.terminal.isTTY
      ? `${bar(summary)} ${progressText(summary)}`
      : progressText(summary);
    if (line === this.#shown) return;
    this.#shown = line;
    // \x1b[K clears what a longer line left behind.
    this.terminal.write(
      this.terminal.isTTY
        ? `\r${line.slice(0, (this.terminal.columns ?? 100) - 1)}\x1b[K`
        : `${line}\n`,
    );
  }
}

/** Why nothing moves, and for how long. */
export function waitText({
  at,
  error,
  delayMs,
  endsAt,
}: Extract<IngestEvent, { type: 'waiting' }>): string {
  const left = formatSeconds((endsAt - at) / 1000);
  return `The service is away: ${error.message} Trying again in ${formatSeconds(delayMs / 1000)}, for ${left} at the most; what is finished is committed.`;
}

/** Full cells are committed tiles, half ones are processed and wait for their commit. */
function bar({ committed, processed, failed, tiles }: IngestSummary): string {
  const cells = (count: number) =>
    tiles === 0 ? BAR_CELLS : Math.round((count / tiles) * BAR_CELLS);
  const full = cells(committed + failed.length);
  const half = Math.max(cells(processed + failed.length) - full, 0);
  return `[${'█'.repeat(full)}${'▒'.repeat(half)}${'░'.repeat(BAR_CELLS - full - half)}]`;
}

/**
 * `16/36 tiles (+5)  18.3 MB/s  ETA 4 s`: tiles that are committed (and processed but not yet
 * committed), bytes received, time to go at the rate of processing so far.
 */
export function progressText(summary: IngestSummary): string {
  const { committed, processed, tiles, failed, retries, bytesIn, elapsedMs } = summary;
  const seconds = Math.max(elapsedMs / 1000, 1e-3);
  const waiting = processed > committed ? ` (+${processed - committed})` : '';
  const parts = [
    `${committed}/${tiles} tiles${waiting}`,
    `${(bytesIn / 1e6 / seconds).toFixed(1)} MB/s`,
  ];
  const done = processed + failed.length;
  if (committed + failed.length >= tiles) parts.push(`in ${formatSeconds(seconds)}`);
  else if (done > 0) parts.push(`ETA ${formatSeconds((seconds / done) * (tiles - done))}`);
  if (retries > 0) parts.push(`${retries} retries`);
  if (failed.length > 0) parts.push(`${failed.length} failed`);
  return parts.join('  ');
}

export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
