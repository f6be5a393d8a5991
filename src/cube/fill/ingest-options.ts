/** What an ingest is told. */
import { byteCount } from '../../arguments.js';
import { expected } from '../../errors.js';
import type { OnEvent } from '../../observe/events.js';
import type { Pool } from '../../pool/pool.js';
import type { TileSource } from '../../tile.js';
import type { Shard } from '../shards/shard.js';
import type { TimeOptions } from '../tiles.js';

export { type IngestTarget, isTileList } from '../tiles.js';

/** Where an ingest ends before its region does. What is left is for another run. */
export interface IngestLimits {
  /** Tiles to do at the most. */
  readonly maxTiles?: number | undefined;
  /**
   * Bytes to receive at the most: a tile is begun when its uncompressed bytes fit beside what was received
   * and what is under way. What is received in vain, of requests that are sent again, is not counted.
   */
  readonly maxBytes?: number | undefined;
  /** No tile is begun after this; those under way are finished. */
  readonly until?: Date | undefined;
}

/** With what a region is ingested, how much at a time, and where to end before it is done. */
export interface IngestOptions extends TimeOptions, IngestLimits {
  readonly source: TileSource;
  readonly pool: Pool;
  /**
   * Which part of the region this process has, where several share it, each with the same count. When it is done it
   * takes over what the others have not begun. Default: all of it.
   */
  readonly shard?: Shard | undefined;
  /**
   * Fills a folder on a network file system from several processes: only where all of them run on one host, or where
   * the file system shows each host at once what the others write. Default: that is refused.
   */
  readonly trustFileSystem?: boolean | undefined;
  /**
   * Whether a shard may have more requests in flight than its equal part of a project's, because a quota server lends
   * them: it then keeps as many tiles under way as it could use alone. Default: false.
   */
  readonly mayBorrow?: boolean | undefined;
  /**
   * Fetches again, in place of what is missing: of the region's loaded tiles those whose fetch began before this moment.
   * Each is replaced with its commit, so that readers see the old tile or the new one. A refresh that was interrupted
   * goes on when it is called with the same moment again. Not for plain Zarr directories.
   */
  readonly refreshBefore?: Date | undefined;
  /**
   * Of a refresh: only tiles of which an image was changed at the source after they were fetched, or may have been
   * (within an hour), and those of which it is not known when that was. Default: false.
   */
  readonly ifChanged?: boolean | undefined;
  /** Tiles between "being fetched" and "written" at a time. Default: as many as are of use, and fit in `memory`. */
  readonly tilesInFlight?: number;
  /**
   * Bytes that fetched replies, decoded bands and encoded chunks may take together, or a text such as `4GB`: no
   * request is sent before there is room for its reply. The process itself takes some hundred MB more. Default: what
   * keeps the threads busy, but at most half of the memory that the machine or container has.
   */
  readonly memory?: number | string;
  /**
   * Tiles in one commit. Default: 16, or more where commits take longer than a twentieth of the time; one that is given
   * here, or the delay below, is kept to.
   */
  readonly groupSize?: number;
  /** Milliseconds after which a group that is not full is committed. Default: 10,000, and longer as above. */
  readonly maxCommitDelayMs?: number;
  readonly onEvent?: OnEvent;
  /**
   * Milliseconds that the service may be down or out of quota before the run ends; until then it waits
   * and goes on by itself. Default: {@link DEFAULT_MAX_OUTAGE_MS}.
   */
  readonly maxOutageMs?: number;
  /** Stops the ingest: what is finished is committed, the rest is dropped. */
  readonly signal?: AbortSignal;
}

/** @throws {InvalidInputError} for a count that is none. */
export function checkIngestOptions(options: IngestOptions): void {
  checkCount(options.tilesInFlight, 'tilesInFlight');
  if (options.memory !== undefined) byteCount(options.memory, 'memory');
  checkCount(options.groupSize, 'groupSize');
  checkCount(options.maxTiles, 'maxTiles');
  checkCount(options.maxBytes, 'maxBytes');
  checkRefresh(options);
}

/** @throws {InvalidInputError} for a moment that is none, or is yet to come: tiles would be fetched again and again. */
export function checkRefresh({
  refreshBefore: before,
  ifChanged = false,
}: Pick<IngestOptions, 'refreshBefore' | 'ifChanged'>): void {
  if (before === undefined) {
    if (ifChanged) throw expected('a refresh', 'what is to be fetched if it was changed', 'none');
    return;
  }
  const time = before.getTime();
  if (Number.isNaN(time)) throw expected('a valid date', 'the moment to refresh from', before);
  if (time > Date.now())
    throw expected(
      'a moment that has been',
      'the moment to refresh from',
      before.toISOString(),
      'What was fetched before it is fetched again.',
    );
}

/** @throws {InvalidInputError} */
export function checkCount(value: number | undefined, name: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value > 0))
    throw expected('a positive whole number', name, value);
}
