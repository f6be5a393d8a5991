import { availableParallelism, hostname } from 'node:os';
import { check, checkOptions } from '../arguments.js';
import { type ErrorRecord, toRecord, withoutStack } from '../errors.js';
import { now as clock } from '../machine/clock.js';
import type { FailedTile } from '../tile.js';
import { Durations } from './durations.js';
import type { IngestEvent, OnEvent } from './events.js';
import { ProcessSampler, type ProcessState, probeProcess } from './process-samples.js';
import {
  type Ending,
  type FailureRecord,
  type IngestRecord,
  type KernelRecord,
  type Machine,
  type RecordSubject,
  STAGES,
  type Stage,
} from './record.js';
import { Tally } from './summary.js';
import { Throughput } from './throughput.js';
import { Timeline } from './timeline.js';

/** What a recorder knows beforehand. */
export interface RecorderOptions {
  /** Milliseconds since the epoch, as the events have them. Default: the system's clock. */
  readonly now?: () => number;
  /** What is sampled about once a second. Default: this process. */
  readonly probe?: () => ProcessState;
  /** Bars kept of the timeline. Default: see the timeline. */
  readonly barLimit?: number;
}

/** A tile that is being fetched. */
interface OpenFetch {
  readonly lane: number;
  readonly start: number;
}

/**
 * Folds the events of one ingest into an {@link IngestRecord}. Its memory is bounded, whatever the number
 * of tiles, but for the list of those that failed.
 */
export class IngestRecorder {
  readonly #tally = new Tally();
  readonly #stages: Readonly<Record<Stage, Durations>>;
  readonly #throughput = new Throughput();
  readonly #timeline: Timeline;
  readonly #sampler: ProcessSampler;
  readonly #fetches = new Map<string, OpenFetch>();
  readonly #busyLanes = new Set<number>();
  readonly #retries = new Map<string, number>();
  readonly #failures: FailureRecord[] = [];
  readonly #now: () => number;
  #startedAt: number | undefined;

  constructor(
    private readonly subject: RecordSubject,
    options: RecorderOptions = {},
  ) {
    check('record', subject, 'the subject of a record');
    checkOptions(options, 'the recorder', {
      now: 'function',
      probe: 'function',
      barLimit: 'count',
    });
    const { now = clock, probe = probeProcess, barLimit } = options;
    this.#now = now;
    this.#timeline = new Timeline(barLimit);
    this.#sampler = new ProcessSampler(() => this.#since(now()), probe);
    this.#stages = Object.fromEntries(
      STAGES.map((stage) => [stage, new Durations()] as const),
    ) as Record<Stage, Durations>;
  }

  /** Whether the run got as far as its plan: before, there is nothing to tell. */
  get hasBegun(): boolean {
    return this.#startedAt !== undefined;
  }

  readonly onEvent: OnEvent = (event) => {
    this.#tally.add(event);
    switch (event.type) {
      case 'planned':
        this.#startedAt = event.at;
        this.#sampler.start();
        break;
      case 'fetching':
        this.#startFetch(event.tile, this.#since(event.at));
        break;
      case 'fetched':
        this.#stages.fetch.add(event.ms);
        this.#endFetch(event.tile, this.#since(event.at));
        this.#throughput.add(this.#since(event.at), { fetched: 1, bytesIn: event.bytes });
        break;
      case 'processed':
        this.#noteProcessed(event);
        break;
      case 'written':
        this.#stages.write.add(event.ms);
        break;
      case 'committed': {
        const end = this.#since(event.at);
        const [tile = ''] = event.tiles;
        const tiles = event.tiles.length;
        this.#stages.commit.add(event.ms);
        this.#throughput.add(end, { committed: tiles });
        this.#timeline.add('commit', 1, { start: end - event.ms, end, tile, tiles });
        break;
      }
      case 'retry':
        this.#retries.set(event.tile, (this.#retries.get(event.tile) ?? 0) + 1);
        break;
      case 'postponed':
        this.#endFetch(event.tile, this.#since(event.at), 'failed');
        break;
      case 'failed':
        this.#noteFailure(event.failure, this.#since(event.at));
        break;
    }
  };

  /**
   * The record of a run that has ended.
   * @param error why it could not go on, or was stopped; none where it came to its end.
   * @param kernel what computed the pixels, where that is known
   */
  end(error?: unknown, kernel?: KernelRecord): IngestRecord {
    const process = this.#sampler.stop();
    const durationMs = this.#since(this.#now());
    for (const tile of [...this.#fetches.keys()]) this.#endFetch(tile, durationMs, 'cut off');
    const { failed, ...summary } = this.#tally.summary();
    const record = error === undefined ? undefined : toRecord(error);
    return {
      version: 1,
      subject: this.subject,
      machine: thisMachine(),
      ...(kernel === undefined ? {} : { kernel: kernelOf(kernel) }),
      ending: endingOf(record, failed.length, summary.left),
      ...(record === undefined ? {} : { error: withoutStack(record) }),
      startedAt: this.#startedAt ?? this.#now(),
      durationMs,
      summary: { ...summary, elapsedMs: durationMs, failed: failed.length },
      stages: Object.fromEntries(
        STAGES.map((stage) => [stage, this.#stages[stage].statistics()] as const),
      ) as IngestRecord['stages'],
      throughput: this.#throughput.series(),
      timeline: this.#timeline.record(),
      process,
      failures: [...this.#failures],
    };
  }

  #since(at: number): number {
    return Math.max(at - (this.#startedAt ?? at), 0);
  }

  /** Lanes are numbered by need: the lowest free one, so that there are as many as fetches at a time. */
  #startFetch(tile: string, start: number): void {
    let lane = 1;
    while (this.#busyLanes.has(lane)) lane++;
    this.#busyLanes.add(lane);
    this.#fetches.set(tile, { lane, start });
  }

  #endFetch(tile: string, end: number, outcome?: 'failed' | 'cut off'): void {
    const fetch = this.#fetches.get(tile);
    if (fetch === undefined) return;
    const { lane, start } = fetch;
    this.#fetches.delete(tile);
    this.#busyLanes.delete(lane);
    const work = { start, end, tile, tiles: 1 };
    this.#timeline.add('fetch', lane, outcome === undefined ? work : { ...work, outcome });
  }

  #noteProcessed(event: Extract<IngestEvent, { type: 'processed' }>): void {
    const { timings, tile, pieces = [event] } = event;
    for (const stage of WORK) this.#stages[stage].add(timings[stage]);
    // What is not work is the wait for a thread, and for the main thread to take the result.
    this.#stages.queue.add(Math.max(event.ms - workOf(timings), 0));
    const inOrder = [...pieces].sort((one, other) => one.startedAt - other.startedAt);
    for (const piece of inOrder) {
      const start = this.#since(piece.startedAt);
      const work = { start, end: start + workOf(piece.timings), tile, tiles: 1 };
      this.#timeline.add('process', piece.thread, work);
    }
    this.#throughput.add(this.#since(event.at), { processed: 1, bytesOut: event.bytes });
    this.#retries.delete(tile);
  }

  #noteFailure({ id, index, stage, error, tries }: FailedTile, at: number): void {
    this.#endFetch(id, at, 'failed');
    const retries = this.#retries.get(id) ?? 0;
    this.#retries.delete(id);
    this.#failures.push({ tile: id, index, stage, error: withoutStack(error), tries, retries, at });
  }
}

/** The stages of a thread's work on a tile. */
const WORK = ['decode', 'warp', 'fill', 'encode'] as const;

function workOf(timings: Readonly<Record<(typeof WORK)[number], number>>): number {
  return WORK.reduce((sum, stage) => sum + timings[stage], 0);
}

function endingOf(error: ErrorRecord | undefined, failed: number, left: number): Ending {
  if (error !== undefined) return error.tag === 'aborted' ? 'interrupted' : 'failed';
  if (failed > 0) return 'partial';
  return left > 0 ? 'limited' : 'complete';
}

/** These alone, whatever else was known. */
function kernelOf({ kernel, encoder, resamplingLack }: KernelRecord): KernelRecord {
  return { kernel, encoder, ...(resamplingLack === undefined ? {} : { resamplingLack }) };
}

function thisMachine(): Machine {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    host: hostname(),
  };
}
