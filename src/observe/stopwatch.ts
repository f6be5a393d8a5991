import type { IngestSummary } from './summary.js';

/** What was timed under one name: how often, and milliseconds in all. */
export interface Lap {
  readonly name: string;
  readonly count: number;
  readonly ms: number;
}

/** The part of a logger that a summary is written to; pino's loggers have it. */
export interface SummaryLog {
  info(fields: object, message: string): void;
}

/**
 * Sums the time spent by name over the life of a cube's object: calls by what was called, ingests by
 * stage too (`ingest: fetch`, ...). Stages of several tiles overlap, so they add up to more than the ingest.
 */
export class Stopwatch {
  readonly #laps = new Map<string, { count: number; ms: number }>();

  /** @param ms milliseconds. */
  add(name: string, ms: number, count = 1): void {
    const lap = this.#laps.get(name) ?? { count: 0, ms: 0 };
    this.#laps.set(name, { count: lap.count + count, ms: lap.ms + ms });
  }

  /** Counts the stages of an ingest once for each tile that was processed. */
  addIngest({ elapsedMs, processed, stages }: IngestSummary): void {
    this.add('ingest', elapsedMs);
    for (const [stage, ms] of Object.entries(stages)) this.add(`ingest: ${stage}`, ms, processed);
  }

  /** Times a task, also one that fails. */
  async time<T>(name: string, task: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await task();
    } finally {
      this.add(name, performance.now() - start);
    }
  }

  /** In the order in which the names first came. */
  laps(): Lap[] {
    return [...this.#laps].map(([name, lap]) => ({ name, ...lap }));
  }
}

/** Writes one line for each lap of a stopwatch, or each stage of an ingest. Milliseconds are rounded to tenths. */
export function logBenchmarkSummary(times: Stopwatch | IngestSummary, log: SummaryLog): void {
  for (const { name, count, ms } of lapsOf(times)) {
    const total = Math.round(ms * 10) / 10;
    const mean = count === 0 ? 0 : Math.round((ms / count) * 10) / 10;
    log.info({ name, count, ms: total, meanMs: mean }, `${name}: ${total} ms in ${count}`);
  }
}

function lapsOf(times: Stopwatch | IngestSummary): Lap[] {
  if (times instanceof Stopwatch) return times.laps();
  const stopwatch = new Stopwatch();
  stopwatch.addIngest(times);
  return stopwatch.laps();
}
