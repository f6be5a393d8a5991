import { expected } from '../../errors.js';
import type { PoolOptions } from '../../pool/pool.js';

/** How tiles are computed: on the calling thread, or in a pool of threads. */
export type ConcurrencyMode = 'blocking' | 'threaded';

/** What the pool of one download is. */
export interface ProceduralDownloadOptions {
  /** Default `blocking`, as smart-geocubes. */
  readonly mode?: ConcurrencyMode;
  /** Threads of the mode `threaded`. Default: the cores the process may use. */
  readonly threads?: number;
  /** What computes. Default `gdal`. */
  readonly kernel?: PoolOptions['kernel'];
}

/** @throws {InvalidInputError} for an unknown mode. */
export function poolOptionsOf({
  mode = 'blocking',
  threads,
  kernel,
}: ProceduralDownloadOptions): PoolOptions {
  if (mode !== 'blocking' && mode !== 'threaded')
    throw expected('"blocking" or "threaded"', 'the concurrency mode', mode);
  const ofKernel = kernel === undefined ? {} : { kernel };
  if (mode === 'blocking') return { size: 0, ...ofKernel };
  return threads === undefined ? ofKernel : { size: threads, ...ofKernel };
}
