/** What an ingest will cost, by arithmetic alone; better with a sample of its tiles. */
import type { Dataset } from '../../dataset/dataset.js';
import { DEFAULT_PER_SECOND } from '../../earth-engine/adaptive-limiter.js';
import { MASK_BYTES } from '../../earth-engine/limits.js';
import { bytesOf, workTypeOf } from '../../raster/dtype.js';
import type { IngestPlan } from '../fill/plan.js';
import type { MemoryPlan } from '../fill/run/memory-plan.js';
import type { ShardsEstimate } from './estimate-shards.js';
import type { SampleResult } from './sample.js';

/** How fast tiles come, by experience. */
export type Rate =
  | { readonly kind: 'tiles'; readonly perMinute: number }
  /** Of what comes over the wire. */
  | { readonly kind: 'bytes'; readonly perSecond: number };

/** Where a number comes from: it cannot be more, or what was sampled was like that. */
export type Basis = 'at most' | 'sampled';

export interface Bytes {
  readonly bytes: number;
  readonly basis: Basis;
}

/** What an ingest would take. */
export interface IngestEstimate {
  readonly tiles: number;
  readonly alreadyLoaded: number;
  readonly pending: number;
  readonly requests: number;
  /** Uncompressed bytes of the replies as the service counts them, a byte of mask for each pixel included. */
  readonly serviceBytes: number;
  /** What comes over the wire, which may be compressed. */
  readonly wire: Bytes;
  /** Chunks on disk. */
  readonly disk: Bytes;
  /** Of the whole process at its peak, roughly. */
  readonly memory: Bytes;
  readonly tilesInFlight: number;
  /** How long it takes, where a rate is given or was measured. */
  readonly time?: { readonly seconds: number; readonly basis: 'rate' | 'sampled' };
  /** Of the service's quota for a project: requests a second, and what follows from it. */
  readonly quota: {
    readonly requestsPerSecond: number;
    readonly leastSeconds: number;
    /** The requests as a share of those that the quota allows in 24 hours. */
    readonly shareOfDay: number;
  };
  readonly sample?: SampleResult;
  /** What each of several processes would have to do, where the region is cut for them. */
  readonly shards?: ShardsEstimate;
}

/** What an estimate is made from, beside the plan. */
export interface EstimateBasis {
  readonly dataset: Dataset;
  readonly threads: number;
  /** How an ingest would share out its memory. */
  readonly memory: MemoryPlan;
  readonly rate?: Rate | undefined;
  readonly sample?: SampleResult | undefined;
}

const SECONDS_A_DAY = 86_400;

/** Node, its native libraries, and what each thread adds to them, by measurement with GDAL's kernel. */
const PROCESS_BYTES = 150e6;
const THREAD_BYTES = 60e6;

export function estimateIngest(
  plan: Pick<IngestPlan, 'tiles' | 'alreadyLoaded' | 'pending' | 'requests' | 'bytes'>,
  { dataset, threads, memory: shares, rate, sample }: EstimateBasis,
): IngestEstimate {
  const { pending, requests, bytes: serviceBytes } = plan;
  const sampled = sample !== undefined && sample.tiles > 0 ? sample : undefined;
  const [rows, cols] = dataset.grid.chunk;
  const tileBytes = dataset.bands.reduce(
    (sum, band) => sum + rows * cols * bytesOf(band.dtype ?? dataset.dtype),
    0,
  );
  const scaled = (measured: number | undefined, limit: number): Bytes =>
    sampled === undefined || measured === undefined
      ? { bytes: limit, basis: 'at most' }
      : { bytes: (measured / sampled.tiles) * pending, basis: 'sampled' };
  const wire = scaled(sampled?.bytesIn, serviceBytes);
  const disk = scaled(sampled?.bytesOut, tileBytes * pending);
  const tilesInFlight = Math.min(shares.tilesInFlight, Math.max(pending, 1));
  const memory =
    PROCESS_BYTES +
    threads * THREAD_BYTES +
    shares.fixed +
    (pending === 0
      ? 0
      : underWay(shares, tilesInFlight / pending, { dataset, serviceBytes, wire, disk }));
  const seconds = secondsAt(rate, sampled, pending, wire.bytes);
  return {
    tiles: plan.tiles,
    alreadyLoaded: plan.alreadyLoaded,
    pending,
    requests,
    serviceBytes,
    wire,
    disk,
    memory: { bytes: memory, basis: wire.basis },
    tilesInFlight,
    ...(seconds === undefined ? {} : { time: seconds }),
    quota: {
      requestsPerSecond: DEFAULT_PER_SECOND,
      leastSeconds: requests / DEFAULT_PER_SECOND,
      shareOfDay: requests / (DEFAULT_PER_SECOND * SECONDS_A_DAY),
    },
    ...(sample === undefined ? {} : { sample }),
  };
}

/**
 * What tiles under way take: of those that come in groups of bands the replies alone, as far as they have room. The
 * service counts a byte more for each pixel of a reply, of a mask that does not travel.
 */
function underWay(
  { isInGroups, capacity }: MemoryPlan,
  part: number,
  {
    dataset: { dtype, bands },
    serviceBytes,
    wire,
    disk,
  }: Pick<EstimateBasis, 'dataset'> & Pick<IngestEstimate, 'serviceBytes' | 'wire' | 'disk'>,
): number {
  if (!isInGroups) return Math.min(part * (wire.bytes + disk.bytes), capacity);
  if (serviceBytes === 0) return 0;
  // By pixel, and of the bands of each type.
  const size = bands.reduce((sum, band) => sum + bytesOf(workTypeOf(band.dtype ?? dtype)), 0);
  const received =
    wire.basis === 'sampled'
      ? wire.bytes / serviceBytes
      : size / (size + MASK_BYTES * bands.length);
  return Math.min(capacity, serviceBytes) * received;
}

/** A rate that was given counts more than a sample, which may be small. */
function secondsAt(
  rate: Rate | undefined,
  sampled: SampleResult | undefined,
  pending: number,
  wireBytes: number,
): IngestEstimate['time'] {
  if (rate?.kind === 'tiles') return { seconds: (pending / rate.perMinute) * 60, basis: 'rate' };
  if (rate?.kind === 'bytes') return { seconds: wireBytes / rate.perSecond, basis: 'rate' };
  if (sampled === undefined) return undefined;
  return {
    seconds: (sampled.elapsedMs / 1000 / sampled.tiles) * pending,
    basis: 'sampled',
  };
}
