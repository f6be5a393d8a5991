/** The record of one shard, as a file that anybody may have written: what a merged report takes of it. */
import { z } from 'zod';
import type { Ending, FailureRecord } from '../../observe/record.js';
import { joinBins, type ThroughputBin, type ThroughputSeries } from '../../observe/throughput.js';

/** Steps in time that are kept of a run: the whole is of a hundred runs or more. */
const MOST_STEPS = 120;

/** Moments at which tiles failed that are kept of a run, spread over all of them. */
const MOST_MOMENTS = 60;

/** Characters of a text that are taken; a message may hold a whole reply. */
const MOST_CHARACTERS = 500;

/** One run of a shard. A shard that was begun again has several. */
export interface ShardRun {
  /** From 0. */
  readonly shard: number;
  readonly host: string;
  readonly ending: Ending;
  /** Why it could not go on, or was stopped. */
  readonly error?: string;
  /** By the clock of its host, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Bytes of memory, at the most. */
  readonly memory: number;
  readonly tiles: number;
  readonly takenOver: number;
  readonly committed: number;
  readonly empty: number;
  readonly failed: number;
  readonly left: number;
  readonly requests: number;
  readonly retries: number;
  readonly retriesByReason: Readonly<Record<string, number>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly commits: number;
  readonly throughput: ThroughputSeries;
  /** When tiles failed, some of them, in milliseconds since the run began. */
  readonly failedAt: readonly number[];
}

/** What a run was about: those of one region, time and cut are merged. */
export interface RunSubject {
  readonly dataset: string;
  readonly region: string;
  readonly time?: string | undefined;
  /** Shards of the region; `undefined` where the run had all of it. */
  readonly shards: number | undefined;
}

/** A tile that failed in one of the runs. */
export type ShardFailure = Omit<FailureRecord, 'index'> & {
  readonly index?: FailureRecord['index'] | undefined;
};

/** A record that was read. */
export interface ReadRun {
  readonly subject: RunSubject;
  readonly run: ShardRun;
  readonly failures: readonly ShardFailure[];
}

const text = z.string().transform((value) => value.slice(0, MOST_CHARACTERS));
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.number().min(0).max(1e18);
/** Milliseconds: thirty years, at the most. */
const duration = z.number().min(0).max(1e12);

const error = z.object({
  tag: text,
  kind: text.optional(),
  status: z.number().optional(),
  message: text,
});

const failure = z.object({
  tile: text,
  index: z.object({ t: count.optional(), row: count, col: count }).optional().catch(undefined),
  stage: z.enum(['fetch', 'process', 'commit']),
  error,
  tries: count,
  retries: count,
  at: duration,
});

const RECORD = z.object({
  version: z.literal(1),
  subject: z.object({
    dataset: text,
    region: text,
    time: text.optional(),
    shard: z
      .object({ index: count, count: count.min(1) })
      .refine(({ index, count: of }) => index < of, 'is no shard of them')
      .optional(),
  }),
  machine: z.object({ host: text.optional() }),
  ending: z.enum(['complete', 'partial', 'limited', 'interrupted', 'failed']),
  error: error.optional(),
  // Up to the year 2286.
  startedAt: z.number().min(0).max(1e13),
  durationMs: duration,
  summary: z.object({
    tiles: count,
    takenOver: count.default(0),
    committed: count,
    empty: count,
    failed: count,
    left: count,
    requests: count,
    retries: count,
    retriesByReason: z.record(z.string().max(200), count),
    bytesIn: amount,
    bytesOut: amount,
    commits: count,
  }),
  throughput: z.object({
    binMs: z.number().min(1).max(1e12),
    bins: z
      .array(
        z.object({
          fetched: amount,
          processed: amount,
          committed: amount,
          bytesIn: amount,
          bytesOut: amount,
        }),
      )
      .max(10_000),
  }),
  process: z.object({ samples: z.array(z.object({ rss: amount })).max(100_000) }),
  failures: z.array(failure),
});

/**
 * @param content of a `report.json`
 * @returns why it is none, in a few words, where it is none.
 */
export function readRun(content: string): ReadRun | string {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return content.trim() === '' ? 'it is empty' : 'it is no JSON';
  }
  const read = RECORD.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    return `it is no record of a run (${where}${issue?.message ?? 'unreadable'})`;
  }
  const { subject, machine, ending, startedAt, durationMs, summary, throughput } = read.data;
  const { failures, process, error: stopped } = read.data;
  const { dataset, region, time, shard } = subject;
  return {
    subject: { dataset, region, time, shards: shard?.count },
    run: {
      shard: shard?.index ?? 0,
      host: machine.host ?? 'an unknown host',
      ending,
      ...(stopped === undefined ? {} : { error: stopped.message }),
      ...{ startedAt, durationMs },
      memory: process.samples.reduce((most, { rss }) => Math.max(most, rss), 0),
      ...summary,
      throughput: joined(throughput.binMs, throughput.bins),
      failedAt: spread(failures.map(({ at }) => at)),
    },
    failures: failures as ShardFailure[],
  };
}

function joined(binMs: number, bins: readonly ThroughputBin[]): ThroughputSeries {
  const size = Math.max(Math.ceil(bins.length / MOST_STEPS), 1);
  return { binMs: binMs * size, bins: joinBins(bins, size) };
}

function spread(moments: readonly number[]): number[] {
  const step = Math.max(Math.ceil(moments.length / MOST_MOMENTS), 1);
  return moments.filter((_, i) => i % step === 0);
}
