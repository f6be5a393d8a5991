import { availableParallelism } from 'node:os';
import type { Pool } from './pool.js';

/**
 * A pool that is being opened, as one that is there: each task waits until it is. Whoever opened it closes it.
 *
 * @param size threads that it will have. Default: as {@link Pool} has them.
 */
export function poolToBe(opening: Promise<Pool>, size = availableParallelism()): Pool {
  // Whoever asks for a task is told.
  opening.catch(() => {});
  const close = async () => (await opening).close();
  return {
    size,
    ready: async (uses) => (await opening).ready(uses),
    process: async (...tile) => (await opening).process(...tile),
    encode: async (...array) => (await opening).encode(...array),
    readChunk: async (read) => (await opening).readChunk(read),
    warp: async (job) => (await opening).warp(job),
    reduce: async (job) => (await opening).reduce(job),
    writeGeoTiff: async (job) => (await opening).writeGeoTiff(job),
    createGeoTiff: async (file) => (await opening).createGeoTiff(file),
    checkCreationOptions: async (file) => (await opening).checkCreationOptions(file),
    readGeoBox: async (...file) => (await opening).readGeoBox(...file),
    close,
    [Symbol.asyncDispose]: close,
  };
}
