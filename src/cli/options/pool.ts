import { Option } from 'commander';
import { SetupError } from '../../errors.js';
import { SET_UP_COMMAND } from '../../machine/set-up.js';
import { KERNEL_NAMES, type KernelName, type PoolUse } from '../../pool/messages.js';
import { createPool, type Pool, type PoolOptions } from '../../pool/pool.js';
import { poolToBe } from '../../pool/pool-to-be.js';
import { complain } from '../output/terminal.js';

export interface ComputeOptions {
  readonly threads?: number;
  readonly kernel?: KernelName;
}

export const kernelOption = () =>
  new Option(
    '--kernel <name>',
    'what computes pixels: gdal, or js without native modules (default: gdal where it loads)',
  ).choices(KERNEL_NAMES);

/** Up to which a load is done before a thread would have loaded GDAL. */
const SMALL = { chunks: 16, bytes: 4 * 1024 ** 2 };

/** As many threads as were asked for, or else none for little work. */
export function threadsFor(
  { threads }: ComputeOptions,
  work: { readonly bytes: number; readonly chunks: () => number },
): Pick<ComputeOptions, 'threads'> {
  if (threads !== undefined) return { threads };
  return work.bytes <= SMALL.bytes && work.chunks() <= SMALL.chunks ? { threads: 0 } : {};
}

/**
 * A pool whose threads have loaded their kernel: the one asked for, else GDAL's, else JavaScript's, which
 * is told on stderr.
 *
 * @param uses `chunks`: nothing but chunks is read and encoded, or GDAL is asked for by one thread before others need it
 * @throws {SetupError} when the kernel asked for cannot be loaded.
 */
export async function openPool(
  { threads, kernel }: ComputeOptions,
  uses: PoolUse = 'rasters',
): Promise<Pool> {
  const size = sizeOf(threads);
  try {
    return await readyPool({ ...size, kernel: kernel ?? 'gdal' }, uses);
  } catch (error) {
    // What a variable breaks is to be mended, not done without.
    if (kernel !== undefined || !(error instanceof SetupError) || error.kind === 'environment')
      throw error;
    complain(
      'GDAL cannot be loaded here, so pixels are computed in JavaScript: the same ones, but more slowly ("geocubes doctor" tells more)',
    );
    return readyPool({ ...size, kernel: 'js' }, uses);
  }
}

/**
 * Starts a pool while something else is done: its threads load GDAL meanwhile. It is closed when that ends.
 *
 * @param use is given the pool at once: what it asks of it waits, and throws what {@link openPool} throws
 */
export async function besidePool<T>(
  options: ComputeOptions,
  use: (pool: Pool) => Promise<T>,
): Promise<T> {
  const opening = openPool(options);
  try {
    return await use(poolToBe(opening, options.threads));
  } finally {
    await opening.then(
      (pool) => pool.close(),
      () => {},
    );
  }
}

/**
 * Uses a pool from the moment its threads are started, by who sees by himself whether they have a kernel, and closes it.
 *
 * @param use is also told when the threads are there
 */
export async function withPool<T>(
  { threads, kernel = 'gdal' }: ComputeOptions,
  use: (pool: Pool, isThere: Promise<void>) => Promise<T>,
): Promise<T> {
  const pool = createPool({ ...sizeOf(threads), kernel });
  const isThere = pool.ready('chunks').then(tellLack);
  // Whoever asks for a task is told.
  isThere.catch(() => {});
  try {
    return await use(pool, isThere);
  } finally {
    await pool.close();
  }
}

/** The pool's own default where no number of threads was asked for. */
function sizeOf(threads: number | undefined): Pick<PoolOptions, 'size'> {
  return threads === undefined ? {} : { size: threads };
}

/** What was set up once, and is not what this version needs. */
const STALE: Readonly<Record<string, string>> = {
  'other version': 'is of another version',
  broken: 'does not load',
};

async function readyPool(options: PoolOptions, uses: PoolUse): Promise<Pool> {
  const pool = createPool(options);
  try {
    tellLack(await pool.ready(uses));
    return pool;
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function tellLack({ resamplingLack }: Awaited<ReturnType<Pool['ready']>>): void {
  const stale = STALE[resamplingLack ?? ''];
  if (stale === undefined) return;
  complain(
    `the addon that resamples ${stale}, so rasters come onto other grids more slowly, with the same pixels; "${SET_UP_COMMAND}" makes it anew`,
  );
}
