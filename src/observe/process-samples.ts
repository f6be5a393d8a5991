import { readdirSync } from 'node:fs';
import { ThinnedList } from './thinned-list.js';

/** What the process holds at a moment. */
export interface ProcessState {
  /** Resident memory in bytes: all threads, native memory included. */
  readonly rss: number;
  /** Open file descriptors; absent where the system does not tell. */
  readonly files?: number;
}

export interface ProcessSample extends ProcessState {
  /** Milliseconds since the run began. */
  readonly at: number;
}

export interface ProcessRecord {
  /** Milliseconds between looks, at least: a thread that computes on its own (0 threads) is not interrupted. */
  readonly intervalMs: number;
  /** Looks that stand behind each sample: the largest of their values are kept. */
  readonly looksPerSample: number;
  readonly samples: readonly ProcessSample[];
}

export const SAMPLE_INTERVAL_MS = 1000;

/** A long run keeps this many samples at most, each the largest of more and more looks. */
export const SAMPLES_KEPT = 600;

/** Looks at this process. */
export function probeProcess(): ProcessState {
  const rss = process.memoryUsage.rss();
  try {
    // One of them is the folder itself, open while it is read.
    return { rss, files: readdirSync('/proc/self/fd').length - 1 };
  } catch {
    return { rss };
  }
}

/** Looks at the process about once a second while it runs. */
export class ProcessSampler {
  readonly #samples = new ThinnedList<ProcessSample>(SAMPLES_KEPT, largest);
  #timer: NodeJS.Timeout | undefined;
  #last: ProcessSample | undefined;

  constructor(
    private readonly elapsedMs: () => number,
    private readonly probe: () => ProcessState,
  ) {}

  start(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), SAMPLE_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Looks a last time. */
  stop(): ProcessRecord {
    clearInterval(this.#timer);
    const last = this.elapsedMs();
    if (this.#last === undefined || last > this.#last.at) this.#look();
    return {
      intervalMs: SAMPLE_INTERVAL_MS,
      looksPerSample: this.#samples.valuesPerItem,
      samples: this.#samples.items(),
    };
  }

  #look(): void {
    this.#last = { at: this.elapsedMs(), ...this.probe() };
    this.#samples.add(this.#last);
  }
}

function largest(earlier: ProcessSample, later: ProcessSample): ProcessSample {
  const rss = Math.max(earlier.rss, later.rss);
  if (earlier.files === undefined || later.files === undefined) return { at: later.at, rss };
  return { at: later.at, rss, files: Math.max(earlier.files, later.files) };
}
