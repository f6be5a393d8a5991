import { Gate } from '../../pool/gate.js';
import type { Pool } from '../../pool/pool.js';
import { bytesOf } from '../../raster/dtype.js';
import { LentMemory } from '../../raster/lent-memory.js';
import { type ArrayLayout, layoutOf } from '../../store/metadata/array-layout.js';
import { readMetadata } from '../../store/read.js';
import type { Session } from '../../store/session.js';
import { type CheckChunk, chunkChecker, lengthProblemOf } from '../../store/tiles/chunk-check.js';

/** What checks the chunks of each band: the pool's threads where they can decode them, else this thread. */
export async function chunkCheckers(
  session: Session,
  bands: readonly string[],
  pool: Pool | undefined,
): Promise<Map<string, CheckChunk>> {
  const checkers = new Map<string, CheckChunk>();
  const targets: Targets = { gate: new Gate(1 + (pool?.size ?? 0)), memory: new LentMemory() };
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

/** What threads decode into: one for each thread and one more. */
interface Targets {
  readonly gate: Gate;
  readonly memory: LentMemory;
}

function threadChecker(layout: ArrayLayout, pool: Pool, { gate, memory }: Targets): CheckChunk {
  const { dtype, compression, chunk, inner, fillValue } = layout;
  const [height = 0, width = 0] = chunk.slice(-2);
  return async (_, bytes) => {
    const cut = lengthProblemOf(layout, bytes);
    if (cut !== undefined) return cut;
    return gate.run(async () => {
      const target = memory.lend(height * width * bytesOf(dtype));
      try {
        await pool.readChunk({
          from: bytes,
          compression,
          dtype,
          chunk: [height, width],
          ...(inner === undefined ? {} : { inner: { ...inner, fillValue } }),
          part: { row: 0, col: 0, height, width },
          into: { bytes: target, width, row: 0, col: 0 },
        });
        return undefined;
      } catch (error) {
        return String(error instanceof Error ? error.message : error).split('\n')[0];
      } finally {
        memory.giveBack(target);
      }
    });
  };
}
