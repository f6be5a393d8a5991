/** What ended in one stretch of time. Bytes belong to the stretch in which their tile was complete. */
export interface ThroughputBin {
  fetched: number;
  processed: number;
  committed: number;
  bytesIn: number;
  bytesOut: number;
}

export interface ThroughputSeries {
  /** Length of a bin. The first begins with the run; bins after the last event are left out. */
  readonly binMs: number;
  readonly bins: readonly Readonly<ThroughputBin>[];
}

const FIRST_BIN_MS = 250;

/** Bins kept: when a run outlasts them, they are joined two by two and become twice as long. */
export const BINS_KEPT = 240;

/** Counts over time, in bounded memory. */
export class Throughput {
  #binMs = FIRST_BIN_MS;
  #bins: ThroughputBin[] = [];

  /** @param atMs milliseconds since the run began. */
  add(atMs: number, what: Partial<ThroughputBin>): void {
    while (atMs >= this.#binMs * BINS_KEPT) this.#joinPairs();
    const index = Math.floor(Math.max(atMs, 0) / this.#binMs);
    while (this.#bins.length <= index) this.#bins.push(emptyBin());
    addTo(this.#bins[index] as ThroughputBin, what);
  }

  series(): ThroughputSeries {
    return { binMs: this.#binMs, bins: this.#bins.map((bin) => ({ ...bin })) };
  }

  #joinPairs(): void {
    this.#bins = joinBins(this.#bins, 2);
    this.#binMs *= 2;
  }
}

/** Every `size` neighbours as one bin. */
export function joinBins(bins: readonly Readonly<ThroughputBin>[], size: number): ThroughputBin[] {
  const joined: ThroughputBin[] = [];
  bins.forEach((bin, index) => {
    if (index % size === 0) joined.push(emptyBin());
    addTo(joined.at(-1) as ThroughputBin, bin);
  });
  return joined;
}

function emptyBin(): ThroughputBin {
  return { fetched: 0, processed: 0, committed: 0, bytesIn: 0, bytesOut: 0 };
}

function addTo(bin: ThroughputBin, what: Partial<ThroughputBin>): void {
  bin.fetched += what.fetched ?? 0;
  bin.processed += what.processed ?? 0;
  bin.committed += what.committed ?? 0;
  bin.bytesIn += what.bytesIn ?? 0;
  bin.bytesOut += what.bytesOut ?? 0;
}
