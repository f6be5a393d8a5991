/** How an ingest shares out its memory: what its threads need, what tiles under way may take, and in which pieces they come. */
import { widestWorkType } from '../../../dataset/band-types.js';
import type { Dataset } from '../../../dataset/dataset.js';
import { innerChunksOf } from '../../../dataset/grid/inner-chunk.js';
import { DEFAULT_CEILING } from '../../../earth-engine/adaptive-limiter.js';
import { LARGE_TILE_BYTES } from '../../../earth-engine/plan-requests.js';
import { expected } from '../../../errors.js';
import { roomFor } from '../../../kernel/kernel.js';
import { memoryOfMachine } from '../../../machine/memory.js';
import { bytesOf } from '../../../raster/dtype.js';
import type { MaskTransport, PlannedTile } from '../../../tile.js';
import type { IngestPlan } from '../plan.js';
import { type BandGroup, bandGroups } from './band-groups.js';

/** Uncompressed bytes of replies that may lie in memory at a time, as the service counts them, where nobody says more. */
const BYTES_IN_FLIGHT = 640 * 1024 ** 2;

/** Bands that a thread takes at a time where they share work: mask bits, what gaps are filled from, positions in another grid. */
const BANDS_THAT_SHARE = 4;

/** Bands that are warped at a time, which hold a source and a result each. */
const BANDS_WARPED = 8;

/** The part of the machine's memory that is taken where nobody says how much. */
const SHARE_OF_MACHINE = 0.5;

/** What memory is planned for. */
export interface MemoryBasis {
  readonly dataset: Dataset;
  readonly plan: Pick<IngestPlan, 'pending' | 'requests' | 'bytes'>;
  /** One of full size. */
  readonly tile: Pick<PlannedTile, 'requests'>;
  readonly mask: MaskTransport;
  readonly threads: number;
  /** Bytes, where the caller says how many. */
  readonly memory?: number | undefined;
  /** Tiles, where the caller says how many. */
  readonly tilesInFlight?: number | undefined;
  /** Processes that share the service's quota in equal parts. Default: 1. */
  readonly shards?: number;
  /** Bytes that this process may have. Default: {@link memoryOfMachine}. */
  readonly machine?: number;
}

/** How memory is shared out. All numbers are bytes at the most. */
export interface MemoryPlan {
  /** In all: fetched replies, decoded bands and encoded chunks. */
  readonly bytes: number;
  /** What threads and the chunks that they are at take of it. */
  readonly fixed: number;
  /** What the shares of tiles, or of groups of bands, may come to together. */
  readonly capacity: number;
  /** Tiles under way at a time. */
  readonly tilesInFlight: number;
  /** Whether tiles come in groups of bands, each of which is decoded and written when it is there. */
  readonly isInGroups: boolean;
  /** Bands of a group that a thread takes at a time. */
  readonly bandsAtATime: number;
}

/**
 * A tile comes whole where it is small: its share is its replies and its chunks. Very large ones
 * ({@link LARGE_TILE_BYTES}), and those that the memory does not hold, come in groups of bands: the share of a
 * group is its replies, and chunks are written as they are made.
 *
 * @throws {InvalidInputError} where `memory` is less than one tile, or its largest group, takes.
 */
export function planMemory(basis: MemoryBasis): MemoryPlan {
  const { dataset, plan, tile, memory, tilesInFlight, shards } = basis;
  const { machine = memoryOfMachine() } = basis;
  const { memory: chunkBytes } = chunkOf(dataset);
  const threads = Math.max(basis.threads, 1);
  const bands = dataset.bands.length;
  const groups = bandGroups(tile, bands);
  const replies = groups.reduce((sum, { bytes }) => sum + bytes, 0);
  const whole = wholePlan(dataset, replies, threads);
  const largest = Math.max(...groups.map(({ bytes }) => bytes));
  const grouped = groupedPlan(basis, groups, largest, threads);
  const isLarge = Math.max(replies, bands * chunkBytes) > LARGE_TILE_BYTES;
  const fitsWhole = memory === undefined || memory >= whole.fixed + whole.share;
  const isInGroups = bands > 1 && (isLarge || !fitsWhole);
  const { fixed, share } = isInGroups ? grouped : whole;
  const least = fixed + share;
  if (memory !== undefined && memory < least) throw tooLittle(least, memory, threads);
  const tiles = isInGroups ? 2 : defaultTilesInFlight(plan, threads, shards);
  const useful = isInGroups
    ? Math.max(BYTES_IN_FLIGHT, (threads + 1) * share)
    : (tilesInFlight ?? tiles) * share;
  const bytes =
    memory ?? Math.max(Math.min(fixed + useful, Math.floor(machine * SHARE_OF_MACHINE)), least);
  const capacity = bytes - fixed;
  const inTime = isInGroups
    ? replies === 0
      ? tiles
      : Math.ceil(capacity / replies) + 1
    : Math.max(
        Math.min(
          memory === undefined ? tiles : usefulTiles(plan, threads, shards),
          Math.floor(capacity / Math.max(share, 1)),
        ),
        1,
      );
  return {
    ...{ bytes, fixed, capacity, isInGroups },
    tilesInFlight: tilesInFlight ?? inTime,
    bandsAtATime: isInGroups ? grouped.bandsAtATime : bands,
  };
}

/** What a tile that comes whole takes of the memory that tiles share: its replies, and room for its chunks. */
export function shareOf({ requests }: Pick<PlannedTile, 'requests'>, dataset: Dataset): number {
  const { memory } = chunkOf(dataset);
  return requests.reduce((sum, { bytes }) => sum + bytes, dataset.bands.length * memory);
}

function wholePlan(dataset: Dataset, replies: number, threads: number) {
  const bands = dataset.bands.length;
  return {
    fixed: threads * workBytes(dataset, bands),
    share: replies + bands * chunkOf(dataset).memory,
  };
}

function groupedPlan(
  { dataset, tile, mask }: MemoryBasis,
  groups: readonly BandGroup[],
  share: number,
  threads: number,
) {
  const most = Math.max(...groups.map(({ bands }) => bands.length));
  const areShared =
    mask.kind === 'bits' ||
    dataset.requestGrid !== undefined ||
    dataset.processing.fill !== 'none' ||
    tile.requests.length === 0;
  const bandsAtATime = Math.min(most, areShared ? BANDS_THAT_SHARE : 1);
  const work = threads * workBytes(dataset, bandsAtATime);
  return {
    fixed: work + (threads + 1) * bandsAtATime * chunkOf(dataset).memory,
    share,
    bandsAtATime,
  };
}

/** A chunk's pixels, its bytes before it is compressed, and the memory for it afterwards. */
function chunkOf(dataset: Dataset) {
  const [height, width] = dataset.grid.chunk;
  const bytes = height * width * bytesOf(widestWorkType(dataset));
  return { pixels: height * width, bytes, memory: roomFor(bytes, innerChunksOf(dataset)) };
}

/** Of a gap in the list of them. */
const GAP_BYTES = 4;

/**
 * What a thread holds of the band that it is at: its pixels; a list of its gaps, or its pixels padded to a chunk,
 * which a tile that is mostly gaps needs both of where its pixels take less than a list; and masks of a byte each.
 * What a chunk is encoded into counts with the chunks. Where pixels come from another grid, also bands on that one
 * and on the tile's.
 */
function workBytes(dataset: Dataset, bandsAtATime: number): number {
  const { pixels, bytes } = chunkOf(dataset);
  const warped = dataset.requestGrid === undefined ? 0 : Math.min(bandsAtATime, BANDS_WARPED);
  const listOrPadded = Math.max(bytes, Math.min(2 * bytes, GAP_BYTES * pixels));
  return bytes + listOrPadded + 2 * pixels + warped * 2 * (bytes + pixels);
}

/** Enough tiles to keep a shard's part of the service's quota and every thread busy. */
function usefulTiles(
  { pending, requests }: Pick<IngestPlan, 'pending' | 'requests'>,
  threads: number,
  shards = 1,
): number {
  if (pending === 0 || requests === 0) return threads + 1;
  return Math.ceil((DEFAULT_CEILING * pending) / requests / shards) + threads;
}

/**
 * How many tiles that come whole are under way at a time: as many as are of use, but no more than fit in
 * {@link BYTES_IN_FLIGHT}, and always one for each thread and one more.
 */
export function defaultTilesInFlight(
  plan: Pick<IngestPlan, 'pending' | 'requests' | 'bytes'>,
  threads: number,
  shards = 1,
): number {
  const { pending, bytes } = plan;
  const bearable = Math.floor((BYTES_IN_FLIGHT * pending) / Math.max(bytes, 1));
  return Math.max(Math.min(usefulTiles(plan, threads, shards), bearable), Math.max(threads, 1) + 1);
}

function tooLittle(least: number, memory: number, threads: number) {
  const words = (bytes: number) => (bytes < 1e7 ? `${bytes} bytes` : `${Math.ceil(bytes / 1e6)}MB`);
  return expected(
    `at least ${words(least)}, which tiles of this cube need with ${threads} ${threads === 1 ? 'thread' : 'threads'},`,
    'the memory',
    words(memory),
    threads === 1 ? undefined : 'Fewer threads need less.',
  );
}
