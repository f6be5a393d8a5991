/** A small part of a chunk that consists of inner chunks: its index is fetched, and then the inner chunks that it lies in. */
import { RasterError } from '../../errors.js';
import type { ChunkRead, InnerChunks } from '../../kernel/region/chunk-read.js';
import { fillRows, type InnerRead, innerReads } from '../../kernel/region/inner-chunks.js';
import type { Pool } from '../../pool/pool.js';
import { decodeIndex, type InnerPlace, indexBytes, innerCount } from '../../raster/inner-index.js';
import type { CubeStore } from '../../store/session.js';

/** Of a chunk's inner chunks, more are fetched as the whole chunk: one request, where each range is one of its own. */
const MOST_OF_CHUNK = 1 / 4;

/** Whether a part is small enough that fetching its inner chunks alone is worth the requests. */
export function isWindow({ chunk, part }: Omit<ChunkRead, 'from'>, inner: InnerChunks): boolean {
  const [rows, cols] = inner.chunk;
  const parts = (start: number, length: number, side: number) =>
    Math.ceil((start + length) / side) - Math.floor(start / side);
  const touched = parts(part.row, part.height, rows) * parts(part.col, part.width, cols);
  return touched <= innerCount(chunk, inner.chunk) * MOST_OF_CHUNK;
}

/**
 * @returns false where there is no such chunk
 * @throws {RasterError} for a damaged index or inner chunk.
 */
export async function readWindow(
  key: string,
  read: Omit<ChunkRead, 'from'>,
  inner: InnerChunks,
  store: Pick<CubeStore, 'getRange'>,
  reader: Pick<Pool, 'readChunk'>,
): Promise<boolean> {
  const count = innerCount(read.chunk, inner.chunk);
  const size = indexBytes(count);
  const range = inner.index === 'end' ? { suffixLength: size } : { offset: 0, length: size };
  const index = await store.getRange(key, range);
  if (index === null || index === undefined) return false;
  const places = placesOf(index, count);
  const wanted: Wanted[] = [];
  for (const one of innerReads(read, inner)) {
    const place = places[one.at];
    if (place === undefined) fillRows(one.into, one.part, read.dtype, inner.fillValue);
    else wanted.push({ one, place });
  }
  await Promise.all(
    runsOf(wanted).map(async (run) => {
      const offset = run[0]?.place.offset ?? 0;
      const end = Math.max(...run.map(({ place }) => place.offset + place.length));
      const bytes = await store.getRange(key, { offset, length: end - offset });
      for (const { one, place } of run) {
        const start = place.offset - offset;
        // A copy: what goes to a thread goes with all of its memory.
        const from = Uint8Array.from(
          (bytes ?? new Uint8Array(0)).subarray(start, start + place.length),
        );
        const { at: _, ...own } = one;
        await reader.readChunk({ ...own, from });
      }
    }),
  );
  return true;
}

interface Wanted {
  readonly one: InnerRead;
  readonly place: NonNullable<InnerPlace>;
}

function placesOf(index: Uint8Array, count: number): InnerPlace[] {
  try {
    return decodeIndex(index, count);
  } catch (cause) {
    throw new RasterError('decode', cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

/** Those that lie one behind the other together: they are fetched at once. */
function runsOf(wanted: readonly Wanted[]): Wanted[][] {
  const runs: Wanted[][] = [];
  let end = -1;
  for (const each of [...wanted].sort((one, other) => one.place.offset - other.place.offset)) {
    if (each.place.offset === end) runs.at(-1)?.push(each);
    else runs.push([each]);
    end = each.place.offset + each.place.length;
  }
  return runs;
}
