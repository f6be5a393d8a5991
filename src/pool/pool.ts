/**
 * Fetched tiles come in, encoded ones go out: threads do it, whose kernel is called as a plain function. What it
 * does is next on a tile's way: `kernel/pipeline.ts`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type * as PiscinaModule from 'piscina';
import { expected, fromRecord, UnexpectedError } from '../errors.js';
// For its effect: threads inherit the lock from the thread that starts them.
import '../kernel/gdal/load-lock.js';
import type { GeoBoxRecord } from '../grid/geobox.js';
import { type KernelFacts, type RawArray, roomForChunk } from '../kernel/kernel.js';
import type {
  GeoBoxOptions,
  GeoTiffFile,
  GeoTiffJob,
  GeoTiffKind,
  GeoTiffLayout,
  GeoTiffPart,
} from '../kernel/region/raster-files.js';
import type { ChunkRead } from '../kernel/region/read-chunk.js';
import type { ReduceJob } from '../kernel/region/reduce.js';
import type { WarpJob } from '../kernel/region/region-kernel.js';
import type { ArrayCodec } from '../raster/codec.js';
import { bytesOf } from '../raster/dtype.js';
import type { LentMemory } from '../raster/lent-memory.js';
import { bandsOf, type EncodedTile, type FetchedTile, type Recipe } from '../tile.js';
import { Gate } from './gate.js';
import type { KernelName, Reply, Task, TaskValue } from './messages.js';
import { runTask } from './run-task.js';

/** How many threads compute, and with what. */
export interface PoolOptions {
  /**
   * Threads that compute. 0 computes on the calling thread, which blocks it but can be stepped through.
   * Default: the cores the process may use.
   */
  readonly size?: number;
  /** Default: `gdal`. */
  readonly kernel?: KernelName;
}

/** Where tiles are computed. Close it when done: its threads keep the process alive. */
export interface Pool {
  readonly size: number;
  /**
   * Starts the threads' kernels ahead of the first tile, and tells what they can do.
   *
   * @param uses `chunks`: GDAL is not loaded before something asks for it; `files`: a thread more, the one that
   * {@link createGeoTiff} would start, and not the others. Default: `rasters`.
   * @throws {SetupError} when one cannot load.
   */
  ready(uses?: 'rasters' | 'chunks' | 'files'): Promise<KernelFacts>;
  /**
   * The tile's bytes are moved to the thread: the caller's arrays are empty afterwards (not with size 0).
   * Bytes in shared memory are read where they lie, and must stay as they are until the tile is done.
   *
   * @param memory lends what the chunks are written to; whoever gets the tile gives them back to it.
   * Without it each chunk is a buffer of its own.
   */
  process(tile: FetchedTile, recipe: Recipe, memory?: LentMemory): Promise<EncodedTile>;
  encode(array: RawArray, codec: ArrayCodec): Promise<Uint8Array>;
  /** The raster read into must lie in shared memory, which the thread writes (not with size 0). */
  readChunk(read: ChunkRead): Promise<void>;
  /** Both rasters must lie in shared memory (not with size 0). */
  warp(job: WarpJob): Promise<void>;
  /** All rasters must lie in shared memory (not with size 0). */
  reduce(job: ReduceJob): Promise<void>;
  /** Pixels that lie in shared memory are not copied. @throws {RasterError} {@link SetupError} without GDAL. */
  writeGeoTiff(job: GeoTiffJob): Promise<void>;
  /**
   * Begins a file that is written part by part, by a thread of its own, while those of the pool read (with size
   * 0 by the calling thread). @throws {RasterError} {@link SetupError} without GDAL.
   */
  createGeoTiff(file: GeoTiffFile): Promise<OpenGeoTiff>;
  /** @throws {InvalidInputError} {@link SetupError} without GDAL. */
  checkCreationOptions(file: GeoTiffKind): Promise<void>;
  /** @throws {InvalidInputError} {@link SetupError} without GDAL. */
  readGeoBox(file: string, options?: GeoBoxOptions): Promise<GeoBoxRecord>;
  close(): Promise<void>;
  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A file that is being written. */
export interface OpenGeoTiff extends GeoTiffLayout {
  /** Pixels that lie in shared memory are not copied, and must stay as they are until it is done. @throws {RasterError} */
  write(part: GeoTiffPart): Promise<void>;
  /** The file is whole when it is done; or, with `isWanted` false, let go of. @throws {RasterError} */
  end(isWanted: boolean): Promise<void>;
}

/** Makes a pool and starts its threads, whose kernels load at the first task or at `ready`. @throws {InvalidInputError} for a size that is none. */
export function createPool({
  size = availableParallelism(),
  kernel = 'gdal',
}: PoolOptions = {}): Pool {
  if (!(Number.isInteger(size) && size >= 0 && size <= 256)) {
    throw expected('a whole number from 0 to 256', 'the pool size', size);
  }
  if (kernel !== 'gdal' && kernel !== 'js') throw expected('"gdal" or "js"', 'the kernel', kernel);
  const threads = size === 0 ? inlineThreads(kernel) : piscinaThreads(size, kernel);
  let isClosed = false;
  const ask = async (
    task: Task,
    buffers: ArrayBuffer[] = [],
    whom: Threads = threads,
  ): Promise<TaskValue> => {
    if (isClosed) throw new UnexpectedError('Expected an open pool but this one has been closed.');
    return resultOf(await whom.run(task, buffers));
  };
  const process = async (tile: FetchedTile, recipe: Recipe, rooms: readonly Uint8Array[]) => {
    const value = await ask({ kind: 'process', tile, recipe, rooms }, ownedBuffers(tile));
    if (value === undefined || !('chunks' in value))
      throw new UnexpectedError('Expected a tile from the pool.');
    return value;
  };
  // A thread that writes the next file, where one was started ahead of it, and those that have written one.
  let writerAhead: Threads | undefined;
  const leaving = new Set<Promise<void>>();
  const leave = (writer: Threads) => {
    const left = writer.close().catch(() => {});
    leaving.add(left);
    void left.then(() => leaving.delete(left));
  };
  const close = async () => {
    isClosed = true;
    if (writerAhead !== undefined) leave(writerAhead);
    writerAhead = undefined;
    await Promise.all([threads.close(), ...leaving]);
  };
  // One more than there are threads, so that none waits for its next tile; those behind need no memory yet.
  const gate = new Gate(size + 1);
  return {
    size,
    async ready(uses = 'rasters') {
      if (uses === 'files' && size > 0 && !isClosed) writerAhead ??= piscinaThreads(1, kernel);
      const all =
        uses === 'files'
          ? [ask({ kind: 'warm-up', uses: 'rasters' }, [], writerAhead)]
          : Array.from({ length: Math.max(size, 1) }, () => ask({ kind: 'warm-up', uses }));
      const [facts] = await Promise.all(all);
      if (facts === undefined || !('hasBlosc' in facts))
        throw new UnexpectedError('Expected facts from the pool.');
      return facts;
    },
    process(tile, recipe, memory) {
      if (memory === undefined) return process(tile, recipe, []);
      return gate.run(async () => {
        const bands = bandsOf(tile, recipe);
        const rooms = lendRooms(memory, bands.length, recipe);
        try {
          return inRooms(await process(tile, recipe, rooms), bands, rooms, memory);
        } catch (error) {
          for (const room of rooms) memory.giveBack(room);
          throw error;
        }
      });
    },
    async encode(array, codec) {
      const value = await ask({ kind: 'encode', array, codec });
      if (!(value instanceof Uint8Array))
        throw new UnexpectedError('Expected bytes from the pool.');
      return value;
    },
    async readChunk(read) {
      await ask({ kind: 'read', read });
    },
    async warp(job) {
      await ask({ kind: 'warp', job });
    },
    async reduce(job) {
      await ask({ kind: 'reduce', job });
    },
    async writeGeoTiff(job) {
      await ask({ kind: 'write-geotiff', job });
    },
    async createGeoTiff(file) {
      const { path } = file;
      const writer = size === 0 ? threads : (writerAhead ?? piscinaThreads(1, kernel));
      writerAhead = undefined;
      const tell = async (task: Task) => resultOf(await writer.run(task, []));
      const close = () => {
        if (writer !== threads) leave(writer);
      };
      try {
        const layout = await tell({ kind: 'create-geotiff', file });
        if (layout === undefined || !('blockWidth' in layout))
          throw new UnexpectedError('Expected a layout from the pool.');
        return {
          ...layout,
          async write(part) {
            await tell({ kind: 'write-geotiff-part', path, part });
          },
          async end(isWanted) {
            try {
              await tell({ kind: 'end-geotiff', path, isWanted });
            } finally {
              // Whoever closes the pool waits for it.
              close();
            }
          },
        };
      } catch (error) {
        close();
        throw error;
      }
    },
    async checkCreationOptions(file) {
      await ask({ kind: 'check-creation-options', file });
    },
    async readGeoBox(file, options = {}) {
      const value = await ask({ kind: 'read-geobox', file, options });
      if (value === undefined || !('affine' in value))
        throw new UnexpectedError('Expected a geobox from the pool.');
      return value;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function resultOf(reply: Reply<TaskValue>): TaskValue {
  if (!reply.ok) throw fromRecord(reply.error);
  return reply.value;
}

/** Memory that is set aside for one tile's chunks before their lengths are known; larger tiles have their own. */
const MAX_ROOM_BYTES = 512 * 1024 ** 2;

/** For each band, memory that its chunk fits into; none for tiles that are too large for that. */
function lendRooms(
  memory: LentMemory,
  bands: number,
  { dtype, chunk: [height, width], codec }: Recipe,
) {
  const room = roomForChunk(height * width * bytesOf(dtype), [height, width], codec);
  if (bands * room > MAX_ROOM_BYTES) return [];
  return Array.from({ length: bands }, () => memory.lend(room));
}

/**
 * The tile with chunks that `memory` knows as its own: what comes from another thread is an object of its
 * own over the same memory. Rooms that the kernel did not use are given back.
 */
function inRooms(
  tile: EncodedTile,
  bands: readonly number[],
  rooms: readonly Uint8Array[],
  memory: LentMemory,
): EncodedTile {
  const left = new Set(rooms);
  const chunks = tile.chunks.map((chunk) => {
    const room = rooms[bands.indexOf(chunk.band)];
    if (room === undefined || !(chunk.bytes?.buffer instanceof SharedArrayBuffer)) return chunk;
    left.delete(room);
    return { ...chunk, bytes: room.subarray(0, chunk.bytes.length) };
  });
  for (const room of left) memory.giveBack(room);
  return { ...tile, chunks };
}

/**
 * Shared memory needs no owner, because a thread reads it where it lies. A buffer that is larger than its
 * reply belongs to somebody else too, and must be copied.
 */
function ownedBuffers(tile: FetchedTile): ArrayBuffer[] {
  return tile.parts.flatMap(({ bytes }) =>
    bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
      ? [bytes.buffer]
      : [],
  );
}

const require = createRequire(import.meta.url);

interface Threads {
  run(task: Task, buffers: ArrayBuffer[]): Promise<Reply<TaskValue>>;
  close(): Promise<void>;
}

function inlineThreads(kernel: KernelName): Threads {
  return {
    run: (task) => runTask(task, kernel),
    close: async () => {},
  };
}

function piscinaThreads(size: number, kernel: KernelName): Threads {
  // At once: whatever the caller does next, threads are starting meanwhile.
  const { Piscina } = require('piscina') as typeof PiscinaModule;
  const pool = new Piscina({
    filename: workerFile(),
    minThreads: size,
    maxThreads: size,
    // One task at a time: kernels compute and wait for nothing, a second one would only hold memory.
    concurrentTasksPerWorker: 1,
    // Otherwise whoever looks for a free thread in vain goes to the end of the queue, whatever came before.
    stricterFIFO: true,
    // Otherwise an idle thread sleeps in Atomics.wait, not in its event loop, and the memory that GDAL
    // gave back is never freed: 11 MB a tile.
    atomics: 'disabled',
    workerData: { kernel },
  });
  return {
    run: (task, transferList) => pool.run(task, { transferList }) as Promise<Reply<TaskValue>>,
    close: async () => {
      // What a thread is at is given up with it; a reply that was on its way is one that nobody waits for.
      pool.on('error', () => {});
      await pool.destroy();
    },
  };
}

/** Threads run compiled code: from the sources (tests), the compiled twin in dist/. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./worker.js', import.meta.url));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../../dist/pool/worker.js', import.meta.url));
}
