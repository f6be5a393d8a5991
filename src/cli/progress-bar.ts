import type { OnEvent } from '../observe/events.js';
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

  constructor(private readonly terminal: Terminal) {
    this.#timer = setInterval(() => this.#draw(), terminal.isTTY ? REDRAW_MS : LINE_MS);
    this.#timer.unref();
  }

  readonly onEvent: OnEvent = (event) => {
    this.#tally.add(event);
    if (event.type === 'planned') this.#draw();
  };

  /** Draws the last state and leaves it standing. */
  stop(): void {
    clearInterval(this.#timer);
    this.#draw();
    if (this.terminal.isTTY) this.terminal.write('\n');
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

function bar({ committed, failed, tiles }: IngestSummary): string {
  const share = tiles === 0 ? 1 : (committed + failed.length) / tiles;
  const full = Math.round(share * BAR_CELLS);
  return `[${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}]`;
}

/** `12/36 tiles  18.3 MB/s  ETA 4 s`: tiles that are committed, bytes received, time to go at this rate. */
export function progressText(summary: IngestSummary): string {
  const { committed, tiles, failed, retries, bytesIn, elapsedMs } = summary;
  const seconds = Math.max(elapsedMs / 1000, 1e-3);
  const done = committed + failed.length;
  const parts = [`${committed}/${tiles} tiles`, `${(bytesIn / 1e6 / seconds).toFixed(1)} MB/s`];
  if (done > 0 && done < tiles)
    parts.push(`ETA ${formatSeconds((seconds / done) * (tiles - done))}`);
  else if (done >= tiles) parts.push(`in ${formatSeconds(seconds)}`);
  if (retries > 0) parts.push(`${retries} retries`);
  if (failed.length > 0) parts.push(`${failed.length} failed`);
  return parts.join('  ');
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
