/**
 * A large tile on its way: by groups of bands, each of which goes from request to written chunk when there is memory
 * for its replies, while others are fetched. Whole or not there: chunks go to a session of the tile's own, which joins
 * those that are committed next when all of them are written; where one group fails, the others are stopped and
 * nothing of the tile is committed.
 *
 * What bands have in common is kept: mask bits come in the same request as their bands, so groups never cut them
 * off; a tile is empty where all of its bands are; the ledger's count of bands without a chunk is that of all.
 */
import { setMaxListeners } from 'node:events';
import { AbortedError } from '../../errors.js';
import type { OpenTile } from '../../store/tiles/committer.js';
import type { FailedTile, PlannedTile } from '../../tile.js';
import { type BandGroup, bandGroups } from './run/band-groups.js';
import { partsByType, type TypedPart } from './run/band-parts.js';
import { fetchAndProcess } from './run/fetch-and-process.js';
import type { IngestRun } from './run/open-run.js';
import { GroupedEvents } from './run/tile-events.js';
import { PartProgress, type TileProgress } from './run/tile-progress.js';

/** What the groups of one tile share. */
interface Groups {
  readonly tile: PlannedTile;
  readonly run: IngestRun;
  readonly tell: GroupedEvents;
  /** Where its chunks go. */
  open(): Promise<OpenTile>;
}

/** One tile, from planned to written. @throws what the first of its groups to fail fails with. */
export async function advanceInGroups(
  tile: PlannedTile,
  run: IngestRun,
  progress: TileProgress,
  begunAt: number,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  // Each group waits with a listener of its own: Node would warn of a leak from the eleventh on.
  setMaxListeners(0, signal);
  let opened: Promise<OpenTile> | undefined;
  const open = () => {
    opened ??= run.committer.open(tile, begunAt);
    return opened;
  };
  const groups: Groups = {
    tile,
    run: { ...run, signal },
    tell: new GroupedEvents(progress.tell),
    open,
  };
  let failed: { readonly error: unknown } | undefined;
  const guarded = async (part: PartProgress, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (failed !== undefined) return;
      failed = { error };
      progress.at(part);
      stop.abort();
    }
  };
  await Promise.all(
    bandGroups(tile, run.dataset.bands.length).map((group) => {
      const part = new PartProgress();
      return guarded(part, () => advanceGroup(group, part, groups));
    }),
  );
  if (failed === undefined) {
    const part = new PartProgress();
    part.begin('commit');
    await guarded(part, async () => (await open()).end());
  }
  if (failed === undefined) return groups.tell.end();
  await opened?.then(
    (each) => each.drop(),
    () => {},
  );
  throw failed.error;
}

/** Some bands of a tile, from planned to written. */
function advanceGroup(group: BandGroup, part: PartProgress, groups: Groups): Promise<void> {
  const { run, tell } = groups;
  const tile = { ...groups.tile, requests: group.requests };
  return run.budget.holding(group.bytes, run.signal, () =>
    fetchAndProcess(tile, run, part, tell, async (fetched) => {
      const own = partsByType({ ...fetched, bands: group.bands }, run.recipes);
      const pieces = own.flatMap((each) => piecesOf(each, run.memory.bandsAtATime));
      const failures: Failure[] = [];
      // All of them are waited for: a thread may still read what is given back when this ends.
      await Promise.all(
        pieces.map((piece) => run.places.run(() => encodeAndWrite(piece, groups, failures))),
      );
      const failure = failures.find(({ stage }) => stage === 'commit') ?? failures[0];
      if (failure === undefined) return;
      part.begin(failure.stage);
      throw failure.error;
    }),
  );
}

interface Failure {
  readonly stage: FailedTile['stage'];
  readonly error: unknown;
}

/** Fetched -> encoded -> written, for the bands that a thread takes at a time. Never throws. */
async function encodeAndWrite(
  { tile: fetched, recipe }: TypedPart,
  { run, tell, open }: Groups,
  failures: Failure[],
): Promise<void> {
  let stage: FailedTile['stage'] = 'process';
  try {
    if (run.signal.aborted) throw new AbortedError('The tile was stopped.');
    // What one piece of damaged replies gives is of no use beside one that cannot be read.
    if (failures.length > 0) return;
    const encoded = await run.pool.process(fetched, recipe, run.frames);
    stage = 'commit';
    const started = performance.now();
    await open()
      .then((tile) => tile.add(encoded.chunks))
      .finally(() => run.giveBack(encoded));
    tell.written(performance.now() - started);
    tell.processed(encoded);
  } catch (error) {
    failures.push({ stage, error });
  }
}

/** Bytes that are moved to a thread go there once, with all bands. */
function piecesOf({ tile, recipe }: TypedPart, atATime: number): readonly TypedPart[] {
  const { parts, bands = [] } = tile;
  const isRead = parts.every(({ bytes }) => bytes.buffer instanceof SharedArrayBuffer);
  if (!isRead) return [{ tile, recipe }];
  const pieces: TypedPart[] = [];
  for (let at = 0; at < bands.length; at += atATime)
    pieces.push({ tile: { ...tile, bands: bands.slice(at, at + atATime) }, recipe });
  return pieces;
}
