import type { Pool } from '../pool/pool.js';
import { bytesOf } from '../raster/dtype.js';
import { type ArrayLayout, layoutOf } from '../store/array-layout.js';
import { bloscLengthProblem, type CheckChunk, chunkChecker } from '../store/chunk-check.js';
import { readMetadata } from '../store/read.js';
import type { Session } from '../store/session.js';

/** What checks the chunks of each band: the pool's threads where they can decode them, else this thread. */
export async function chunkCheckers(
  session: Session,
  bands: readonly string[],
  pool: Pool | undefined,
): Promise<Map<string, CheckChunk>> {
  const checkers = new Map<string, CheckChunk>();
  const targets = new Targets(1 + (pool?.size ?? 0));
  for (const band of bands) {
    const layout = layoutOf(await readMetadata(session, band));
    const inThreads = pool !== undefined && pool.size > 0 && layout !== undefined;
    checkers.set(
      band,
      inThreads ? threadChecker(layout, pool, targets) : await chunkChecker(session, band),
    );
  }
  return checkers;
}

function threadChecker(layout: ArrayLayout, pool: Pool, targets: Targets): CheckChunk {
  const { compression, dtype, chunk } = layout;
  const [height = 0, width = 0] = chunk.slice(-2);
  return async (_, bytes) => {
    const cut = compression === 'blosc' ? bloscLengthProblem(bytes) : undefined;
    if (cut !== undefined) return cut;
    return targets.lend(height * width * bytesOf(dtype), async (target) => {
      try {
        await pool.readChunk({
          from: bytes,
          compression,
          dtype,
          chunk: [height, width],
          part: { row: 0, col: 0, height, width },
          into: { bytes: target, width, row: 0, col: 0 },
        });
        return undefined;
      } catch (error) {
        return String(error instanceof Error ? error.message : error).split('\n')[0];
      }
    });
  };
}

/** Memory that threads decode into, used again and again. Whoever finds none free waits. */
class Targets {
  readonly #free: Uint8Array[];
  readonly #waiting: ((target: Uint8Array) => void)[] = [];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, () => new Uint8Array(0));
  }

  async lend<T>(length: number, task: (target: Uint8Array) => Promise<T>): Promise<T> {
    let target =
      this.#free.pop() ??
      (await new Promise<Uint8Array>((resolve) => {
        this.#waiting.push(resolve);
      }));
    if (target.length < length) target = new Uint8Array(new SharedArrayBuffer(length));
    try {
      return await task(target.subarray(0, length));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(target);
      else next(target);
    }
  }
}
