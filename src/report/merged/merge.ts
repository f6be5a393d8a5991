/** What the runs of all shards come to. Runs are added one by one: none of their records is kept whole. */
import type { Ending } from '../../observe/record.js';
import type { ThroughputBin, ThroughputSeries } from '../../observe/throughput.js';
import { kindOf } from '../tables.js';
import type { ShardFailure, ShardRun } from './read-run.js';

/** Steps of the whole: as many as a record has. */
const STEPS = 240;

/** Kinds of failures that are told apart. */
const MOST_CAUSES = 50;

/** Failed tiles that are kept for the page; the file beside it has all. */
const FAILURES_KEPT = 200;

/** What one shard did, all of its runs together. */
export interface ShardTotals {
  /** From 0. */
  readonly shard: number;
  readonly hosts: readonly string[];
  readonly runs: number;
  /** Of its last run. */
  readonly ending: Ending;
  readonly error?: string;
  /** That its runs lasted, together. */
  readonly durationMs: number;
  readonly tiles: number;
  readonly takenOver: number;
  readonly committed: number;
  readonly empty: number;
  readonly failed: number;
  readonly requests: number;
  readonly retries: number;
  readonly commits: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes of memory, at the most. */
  readonly memory: number;
}

/** Failures of one kind. */
export interface FailureCause {
  /** Such as `quota (429)`. */
  readonly cause: string;
  readonly tiles: number;
  /** By shard, counted from 0; the most first. */
  readonly shards: readonly { readonly shard: number; readonly tiles: number }[];
  /** The message of one of them. */
  readonly example: string;
}

/** A file that was to be a record of a shard, and why it is not in the report. */
export interface LeftOut {
  /** Within the folder of the report. */
  readonly file: string;
  readonly why: string;
}

/** All shards of one region: what `report.json` of a merged report holds, and what its page is drawn from. */
export interface MergedRecord {
  readonly version: 1;
  readonly subject: { readonly dataset: string; readonly region: string; readonly time?: string };
  /** Of how many shards. */
  readonly count: number;
  readonly hosts: readonly string[];
  /** When the first run began and how long it was until the last ended, by the clocks of their hosts. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly shards: readonly ShardTotals[];
  /** Shards, from 0, of which no record was found. */
  readonly without: readonly number[];
  /** Files that could not be read, and records of something else. */
  readonly damaged: readonly LeftOut[];
  readonly others: readonly LeftOut[];
  readonly runs: readonly ShardRun[];
  readonly throughput: ThroughputSeries;
  readonly retriesByReason: Readonly<Record<string, number>>;
  readonly causes: readonly FailureCause[];
  /** The first of them. */
  readonly failures: readonly (ShardFailure & { readonly shard: number })[];
}

/** What is known beside the runs. */
export interface MergeFacts extends Pick<MergedRecord, 'subject' | 'damaged' | 'others'> {
  /** Default: as many as the runs say. */
  readonly count?: number | undefined;
}

export class Merger {
  readonly #runs: ShardRun[] = [];
  readonly #causes = new Map<string, { shards: Map<number, number>; example: string }>();
  readonly #failures: (ShardFailure & { shard: number })[] = [];
  #count = 0;

  /** @param count of shards, as the run says */
  add(run: ShardRun, failures: readonly ShardFailure[], count: number): void {
    this.#runs.push(run);
    this.#count = count;
    for (const failure of failures) {
      const known = kindOf(failure.error);
      const cause =
        this.#causes.has(known) || this.#causes.size < MOST_CAUSES ? known : 'other reasons';
      const { shards } = this.#causes.get(cause) ?? this.#begin(cause, failure.error.message);
      shards.set(run.shard, (shards.get(run.shard) ?? 0) + 1);
      if (this.#failures.length < FAILURES_KEPT)
        this.#failures.push({ ...failure, shard: run.shard });
    }
  }

  end({ subject, damaged, others, count = this.#count }: MergeFacts): MergedRecord {
    const runs = this.#runs.sort(
      (one, other) => one.shard - other.shard || one.startedAt - other.startedAt,
    );
    const startedAt = runs.reduce(
      (least, run) => Math.min(least, run.startedAt),
      Number.POSITIVE_INFINITY,
    );
    const endedAt = runs.reduce((most, run) => Math.max(most, run.startedAt + run.durationMs), 0);
    const begin = runs.length === 0 ? 0 : startedAt;
    const durationMs = Math.max(endedAt - begin, 0);
    const byShard = new Map<number, ShardRun[]>();
    for (const run of runs) byShard.set(run.shard, [...(byShard.get(run.shard) ?? []), run]);
    return {
      version: 1,
      ...{ subject, count, damaged, others, runs },
      hosts: [...new Set(runs.map(({ host }) => host))].sort(byName),
      startedAt: begin,
      durationMs,
      shards: [...byShard].map(([shard, own]) => totalsOf(shard, own)),
      without: Array.from({ length: count }, (_, i) => i).filter((shard) => !byShard.has(shard)),
      throughput: wholeOf(runs, begin, durationMs),
      retriesByReason: retriesOf(runs),
      causes: [...this.#causes].map(causeOf).sort((one, other) => other.tiles - one.tiles),
      failures: this.#failures,
    };
  }

  #begin(cause: string, example: string) {
    const begun = { shards: new Map<number, number>(), example };
    this.#causes.set(cause, begun);
    return begun;
  }
}

const names = new Intl.Collator('en', { numeric: true });

/** `node-9` before `node-10`. */
export function byName(one: string, other: string): number {
  return names.compare(one, other);
}

function causeOf([cause, { shards, example }]: [
  string,
  { shards: Map<number, number>; example: string },
]): FailureCause {
  const each = [...shards].map(([shard, tiles]) => ({ shard, tiles }));
  return {
    ...{ cause, example },
    tiles: each.reduce((sum, { tiles }) => sum + tiles, 0),
    shards: each.sort((one, other) => other.tiles - one.tiles || one.shard - other.shard),
  };
}

function totalsOf(shard: number, runs: readonly ShardRun[]): ShardTotals {
  const sum = (of: (run: ShardRun) => number) => runs.reduce((all, run) => all + of(run), 0);
  const last = runs.at(-1);
  return {
    shard,
    hosts: [...new Set(runs.map(({ host }) => host))],
    runs: runs.length,
    ending: last?.ending ?? 'failed',
    ...(last?.error === undefined ? {} : { error: last.error }),
    durationMs: sum(({ durationMs }) => durationMs),
    tiles: sum(({ tiles }) => tiles),
    takenOver: sum(({ takenOver }) => takenOver),
    committed: sum(({ committed }) => committed),
    empty: sum(({ empty }) => empty),
    failed: sum(({ failed }) => failed),
    requests: sum(({ requests }) => requests),
    retries: sum(({ retries }) => retries),
    commits: sum(({ commits }) => commits),
    bytesIn: sum(({ bytesIn }) => bytesIn),
    bytesOut: sum(({ bytesOut }) => bytesOut),
    memory: runs.reduce((most, { memory }) => Math.max(most, memory), 0),
  };
}

function retriesOf(runs: readonly ShardRun[]): Record<string, number> {
  const all = new Map<string, number>();
  for (const { retriesByReason } of runs)
    for (const [reason, times] of Object.entries(retriesByReason))
      all.set(reason, (all.get(reason) ?? 0) + times);
  return Object.fromEntries(all);
}

/** The runs' bins on one axis of time: what a bin holds is spread evenly over the steps that it lies in. */
function wholeOf(
  runs: readonly ShardRun[],
  startedAt: number,
  durationMs: number,
): ThroughputSeries {
  const binMs = Math.max(durationMs / STEPS, 1);
  const bins = Array.from(
    { length: Math.max(Math.ceil(durationMs / binMs), 1) },
    (): ThroughputBin => ({ fetched: 0, processed: 0, committed: 0, bytesIn: 0, bytesOut: 0 }),
  );
  for (const run of runs) {
    const offset = run.startedAt - startedAt;
    for (const [i, bin] of run.throughput.bins.entries()) {
      const from = offset + i * run.throughput.binMs;
      // The last bin ends with the run.
      const end = Math.min(from + run.throughput.binMs, offset + run.durationMs);
      const to = Math.max(end, from + 1e-6);
      const last = Math.min(Math.ceil(to / binMs), bins.length);
      for (let step = Math.min(Math.floor(from / binMs), bins.length - 1); step < last; step++) {
        const isLast = step === bins.length - 1;
        const inside =
          Math.min(to, isLast ? to : (step + 1) * binMs) - Math.max(from, step * binMs);
        addShare(bins[step], bin, inside / (to - from));
      }
    }
  }
  return { binMs, bins };
}

function addShare(to: ThroughputBin | undefined, bin: ThroughputBin, share: number): void {
  if (to === undefined) return;
  to.fetched += bin.fetched * share;
  to.processed += bin.processed * share;
  to.committed += bin.committed * share;
  to.bytesIn += bin.bytesIn * share;
  to.bytesOut += bin.bytesOut * share;
}
