export type RowKind = 'fetch' | 'process' | 'commit';

/** One piece of work, or several that began in the same cell of time: see {@link TimelineRecord.cellMs}. */
export interface TimelineBar {
  /** Milliseconds since the run began. */
  readonly start: number;
  readonly end: number;
  /** Milliseconds of work in it: less than its length where it stands for several with pauses in between. */
  readonly busyMs: number;
  /** Pieces of work it stands for. */
  readonly pieces: number;
  readonly tiles: number;
  /** Id of the first tile. */
  readonly tile: string;
  /** Absent where the work came to its end, or where a bar stands for several. */
  readonly outcome?: 'failed' | 'cut off';
}

/** Somebody who does one thing at a time: a lane that fetches, a thread, the committer. */
export interface TimelineRow {
  readonly kind: RowKind;
  readonly number: number;
  readonly pieces: number;
  readonly busyMs: number;
  /** In order of time; they do not overlap. */
  readonly bars: readonly TimelineBar[];
}

export interface TimelineRecord {
  /** Bars that began in the same stretch of this length were joined; 0: every bar is one piece of work. */
  readonly cellMs: number;
  readonly rows: readonly TimelineRow[];
}

/** Bars kept in all. More of them would be thinner than a pixel, and the page would be slow to open. */
export const BARS_KEPT = 5000;

const FIRST_CELL_MS = 64;

interface Row {
  readonly kind: RowKind;
  readonly number: number;
  pieces: number;
  busyMs: number;
  bars: TimelineBar[];
}

/**
 * Who did what when, in bounded memory: when there are too many bars, those of a row that began in the
 * same cell of time become one, which knows how much of its length was work.
 */
export class Timeline {
  readonly #rows = new Map<string, Row>();
  #cellMs = 0;
  #bars = 0;

  constructor(private readonly limit = BARS_KEPT) {}

  add(
    kind: RowKind,
    number: number,
    work: Pick<TimelineBar, 'start' | 'end' | 'tile' | 'tiles' | 'outcome'>,
  ): void {
    const row = this.#row(kind, number);
    // Clocks of threads may differ by a millisecond; a row does one thing at a time all the same.
    const start = Math.max(work.start, row.bars.at(-1)?.end ?? 0);
    const end = Math.max(work.end, start);
    const bar: TimelineBar = { ...work, start, end, busyMs: end - start, pieces: 1 };
    row.pieces++;
    row.busyMs += bar.busyMs;
    row.bars.push(bar);
    this.#bars++;
    if (this.#cellMs > 0) this.#joinTail(row);
    while (this.#bars > this.limit) this.#coarsen();
  }

  record(): TimelineRecord {
    const order: readonly RowKind[] = ['fetch', 'process', 'commit'];
    const rows = [...this.#rows.values()].sort(
      (one, other) =>
        order.indexOf(one.kind) - order.indexOf(other.kind) || one.number - other.number,
    );
    return { cellMs: this.#cellMs, rows: rows.map((row) => ({ ...row, bars: [...row.bars] })) };
  }

  #row(kind: RowKind, number: number): Row {
    const key = `${kind} ${number}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row: Row = { kind, number, pieces: 0, busyMs: 0, bars: [] };
    this.#rows.set(key, row);
    return row;
  }

  #coarsen(): void {
    this.#cellMs = this.#cellMs === 0 ? FIRST_CELL_MS : this.#cellMs * 2;
    this.#bars = 0;
    for (const row of this.#rows.values()) {
      const joined: TimelineBar[] = [];
      for (const bar of row.bars) {
        const last = joined.at(-1);
        if (last !== undefined && this.#shareCell(last, bar))
          joined[joined.length - 1] = join(last, bar);
        else joined.push(bar);
      }
      row.bars = joined;
      this.#bars += joined.length;
    }
  }

  #joinTail(row: Row): void {
    const [last, bar] = [row.bars.at(-2), row.bars.at(-1)];
    if (last === undefined || bar === undefined || !this.#shareCell(last, bar)) return;
    row.bars.splice(-2, 2, join(last, bar));
    this.#bars--;
  }

  #shareCell(one: TimelineBar, other: TimelineBar): boolean {
    return Math.floor(one.start / this.#cellMs) === Math.floor(other.start / this.#cellMs);
  }
}

function join(earlier: TimelineBar, later: TimelineBar): TimelineBar {
  return {
    start: earlier.start,
    end: later.end,
    busyMs: earlier.busyMs + later.busyMs,
    pieces: earlier.pieces + later.pieces,
    tiles: earlier.tiles + later.tiles,
    tile: earlier.tile,
  };
}
