import type { FetchedTile, PlannedTile } from '../../../tile.js';
import type { IngestRun } from './open-run.js';
import type { FetchEvents } from './tile-events.js';
import type { PartProgress } from './tile-progress.js';

/**
 * A tile, or some of its bands, from planned to encoded. A reply can be damaged where only decoding shows it:
 * then it is fetched again.
 *
 * @param process fetched -> encoded; nothing reads the bytes any more when it ends, however it ends.
 */
export async function fetchAndProcess<T>(
  tile: PlannedTile,
  run: Pick<IngestRun, 'source' | 'queue' | 'signal' | 'checked'>,
  part: PartProgress,
  tell: FetchEvents,
  process: (fetched: FetchedTile) => Promise<T>,
): Promise<T> {
  for (;;) {
    const fetched = await fetch(tile, run, part, tell);
    try {
      part.begin('process');
      await run.checked;
      return await process(fetched);
    } catch (error) {
      if (!part.mayFetchAgain(error, fetched, run.signal)) throw error;
      tell.fetchedAgain(error);
    } finally {
      run.source.release?.(fetched);
    }
  }
}

/** Planned -> fetched: the source gets the pixels. */
async function fetch(
  tile: PlannedTile,
  { source, queue, signal }: Pick<IngestRun, 'source' | 'queue' | 'signal'>,
  part: PartProgress,
  tell: FetchEvents,
): Promise<FetchedTile> {
  part.begin('fetch');
  tell.fetching();
  const fetched = await source.fetch(tile, { signal, onEvent: (event) => tell.ofSource(event) });
  queue.received(tell.fetched(fetched));
  return fetched;
}
