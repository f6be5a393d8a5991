import type { PlainError } from '../errors.js';
import type { TileIndex } from '../grid/tiling.js';
import type { FailedTile } from '../tile.js';
import type { DurationStatistics } from './durations.js';
import type { ProcessRecord } from './process-samples.js';
import type { IngestSummary } from './summary.js';
import type { ThroughputSeries } from './throughput.js';
import type { TimelineRecord } from './timeline.js';

/** What an ingest was about, in words for people. */
export interface RecordSubject {
  /** The dataset's title. */
  readonly dataset: string;
  readonly region: string;
  /** Absent for cubes without a time axis. */
  readonly time?: string;
  /** Threads that computed; 0 is the main thread. */
  readonly threads: number;
  /** The part of the region that the run had, where several shared it; `index` counts from 0. */
  readonly shard?: { readonly index: number; readonly count: number };
}

/** What computed the pixels. */
export interface KernelRecord {
  readonly kernel: 'gdal' | 'js';
  /** What wrote the chunks of cubes with Blosc. */
  readonly encoder: string;
  /** Why TypeScript put rasters on other grids, which is slower; absent where C did. */
  readonly resamplingLack?: string;
}

export interface Machine {
  /** Version of Node, with its `v`. */
  readonly node: string;
  /** Operating system and processor, as Node names them. */
  readonly platform: string;
  readonly cores: number;
  /** Its own name: containers and machines may have the same. */
  readonly host: string;
}

/**
 * - `complete`: every tile is committed
 * - `partial`: the run came to its end, and some tiles failed
 * - `limited`: none failed, but a limit that was asked for left some for another run
 * - `interrupted`: it was stopped from outside
 * - `failed`: it could not go on
 */
export type Ending = 'complete' | 'partial' | 'limited' | 'interrupted' | 'failed';

/** The stages a tile's time is told by; they overlap, because several tiles are under way at a time. */
export const STAGES = [
  'fetch',
  'queue',
  'decode',
  'warp',
  'fill',
  'encode',
  'write',
  'commit',
] as const;
export type Stage = (typeof STAGES)[number];

/** A tile that failed, as the report tells it. */
export interface FailureRecord {
  readonly tile: string;
  readonly index: TileIndex;
  readonly stage: FailedTile['stage'];
  readonly error: PlainError;
  /** As `FailedTile.tries`. */
  readonly tries: number;
  /** Requests of this tile that had been sent again before it was given up. */
  readonly retries: number;
  /** Milliseconds since the run began. */
  readonly at: number;
}

/** An ingest from its beginning to its end: what `report.json` holds, and what the page is drawn from. */
export interface IngestRecord {
  readonly version: 1;
  readonly subject: RecordSubject;
  readonly machine: Machine;
  /** Absent where no thread could load one. */
  readonly kernel?: KernelRecord;
  readonly ending: Ending;
  /** Why the run could not go on, or was stopped. */
  readonly error?: PlainError;
  /** Milliseconds since the epoch. All other times are milliseconds since then. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** `failed` is a number here: see {@link IngestRecord.failures}. */
  readonly summary: Omit<IngestSummary, 'failed'> & { readonly failed: number };
  readonly stages: Readonly<Record<Stage, DurationStatistics>>;
  readonly throughput: ThroughputSeries;
  readonly timeline: TimelineRecord;
  readonly process: ProcessRecord;
  readonly failures: readonly FailureRecord[];
}
