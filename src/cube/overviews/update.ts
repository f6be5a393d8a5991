/**
 * A pass over a cube that brings its overviews up to date with the tiles that are committed: block after block, each
 * with its marks in one commit, so that whoever is killed leaves cells that count, or none.
 */
import { widestType } from '../../dataset/band-types.js';
import { TimeAxis } from '../../dataset/time-axis.js';
import { AbortedError, expected, StoreError } from '../../errors.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { Gate } from '../../pool/gate.js';
import { createPool, type Pool } from '../../pool/pool.js';
import { codecFor } from '../../raster/codec.js';
import { bytesOf } from '../../raster/dtype.js';
import {
  type LevelPlace,
  type OverviewRecord,
  readOverviewRecord,
  writeLevelDocuments,
} from '../../store/metadata/overview-documents.js';
import type { CubeStore, WriteSession } from '../../store/session.js';
import { readLedger, updateLedger } from '../../store/smart-geocubes/loaded-list.js';
import type { Ledger } from '../../store/tiles/ledger.js';
import { axisChunks } from '../coordinate-chunks.js';
import { checkExtendable, type OpenedCube } from '../opened-cube.js';
import { isLost, lostError } from '../read/lost-chunks.js';
import { type Block, BlockCutter, tilesOfBlock } from './blocks.js';
import {
  checkedFactors,
  defaultFactors,
  levelPlaces,
  type OverviewLevel,
  type OverviewSettings,
  overviewLevels,
  reductionsOf,
} from './levels.js';
import { asOnlyPass } from './only-pass.js';
import { type PieceJob, type RollUp, reducePiece, writeCells } from './roll-up.js';
import { overviewNumbers, type TileMark, TileMarks } from './tile-marks.js';

/** How overviews are brought up to date. */
export interface OverviewOptions extends OverviewSettings {
  /** Reads, reduces and compresses. Default: the calling thread. */
  readonly pool?: Pool | undefined;
  /** Makes all of them anew, also what is up to date. Default `false`. */
  readonly rebuild?: boolean | undefined;
  /** Stops: what is finished is committed. */
  readonly signal?: AbortSignal | undefined;
  /** Called when tiles are committed: how many are by now, of those that were not up to date. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /**
   * Told once where it has to be waited, because a process that began a pass may live still: how many processes there are
   * of which that is to be seen, and milliseconds.
   */
  readonly onWait?: ((processes: number, ms: number) => void) | undefined;
}

/** What a pass did. */
export interface OverviewReport {
  readonly levels: readonly OverviewLevel[];
  /** Tiles that were brought up to date, and that were so before. */
  readonly updated: number;
  readonly current: number;
  readonly commits: number;
  /** The id of the last commit; empty where nothing was to be done, and for a plain Zarr directory. */
  readonly snapshot: string;
}

/** A commit holds what was finished in that time, at least a block: what a kill costs. */
const COMMIT_MS = 5_000;

/** Memory for pixels that are reduced at a time. */
const PIXEL_BYTES = 512 * 1024 ** 2;

/** Commits of others that come first, one after the other, before it is given up. */
const MOST_CONFLICTS = 20;

/** As `Cube.updateOverviews`. */
export async function updateOverviews(
  cube: OpenedCube,
  options: OverviewOptions = {},
): Promise<OverviewReport> {
  checkExtendable(cube);
  const { repository, dataset, codec, grid } = cube;
  const pool = options.pool ?? createPool({ size: 0 });
  try {
    const pass = async () => {
      await updateLedger(repository, dataset, codec);
      const record = await ensureOverviews(cube, options, pool);
      const roll = { cube, record, levels: levelPlaces(record, grid), pool };
      return new Pass(roll, options).run();
    };
    return await asOnlyPass(cube, pass, options);
  } finally {
    if (options.pool === undefined) await pool.close();
  }
}

/**
 * Makes the documents of the levels, or brings them up to date with those of the bands.
 * @throws {InvalidInputError} where the cube has other levels.
 */
export async function ensureOverviews(
  { repository, dataset, codec, grid }: OpenedCube,
  {
    factors,
    reduction,
    rebuild = false,
  }: OverviewSettings & { readonly rebuild?: boolean | undefined },
  pool: Pool,
): Promise<OverviewRecord> {
  refuseNames(dataset.bands.map(({ name }) => name));
  const { store } = await repository.readSession();
  const known = await readOverviewRecord(store);
  const wanted: OverviewRecord = {
    rules: 1,
    factors:
      factors === undefined ? (known?.factors ?? defaultFactors(grid)) : checkedFactors(factors),
    reductions:
      reduction === undefined && known !== undefined
        ? known.reductions
        : reductionsOf(dataset, reduction),
  };
  if (known !== undefined) checkSame(known, wanted, rebuild);
  const levels = levelPlaces(wanted, grid);
  const coordinates = await coordinatesOf(levels, pool, codec);
  const session = await repository.writeSession();
  const message =
    known === undefined ? 'Add overviews' : 'Bring the overviews in line with the bands';
  await repository.commit(session, message, async (newest) => {
    const how = { record: wanted, levels, base: grid.geobox, codec, coordinates };
    await writeLevelDocuments(newest, how);
    if (rebuild) await forget(newest, grid, dataset.time && TimeAxis.fromRecord(dataset.time));
  });
  return wanted;
}

function refuseNames(names: readonly string[]): void {
  if (names.includes('overviews'))
    throw expected('no band of the name "overviews"', 'a cube that is to have overviews', 'one');
}

function checkSame(known: OverviewRecord, wanted: OverviewRecord, rebuild: boolean): void {
  if (known.factors.join() !== wanted.factors.join())
    throw expected(
      `${known.factors.join()}, as the cube's overviews have them,`,
      'the factors',
      wanted.factors.join(),
      'They are fixed when the first are made.',
    );
  const name = Object.keys(wanted.reductions).find(
    (each) => known.reductions[each] !== wanted.reductions[each],
  );
  if (name !== undefined && !rebuild)
    throw expected(
      `${known.reductions[name]}, as the cube has it,`,
      `the overviews of ${name}`,
      wanted.reductions[name],
      'Make all of them anew with --rebuild (rebuild).',
    );
}

/** Nothing counts as being in the overviews. */
async function forget(
  store: CubeStore,
  { rows, cols }: OpenedCube['grid'],
  axis: TimeAxis | undefined,
): Promise<void> {
  const numbers = overviewNumbers(store);
  for (const step of axis?.steps ?? [undefined])
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < cols; col++) {
        const index = step === undefined ? { row, col } : { t: step.index, row, col };
        const noted = numbers.peek(index) ?? (await numbers.get(index))[0];
        if (noted !== 0) await numbers.put(index, [0, 0]);
      }
  await numbers.flush();
}

/** Chunks of the x and y of levels, by key. */
export async function coordinatesOf(
  levels: readonly LevelPlace[],
  pool: Pool,
  codec: OpenedCube['codec'],
): Promise<Map<string, Buffer>> {
  const chunks = new Map<string, Buffer>();
  for (const { path, geobox } of levels)
    for (const [key, bytes] of await axisChunks(geobox, pool, codecFor(codec, 'float64')))
      chunks.set(`${path}/${key}`, Buffer.from(bytes));
  return chunks;
}

/** Blocks that are committed together, and what is noted of their tiles. */
interface Group {
  readonly session: WriteSession;
  readonly ledger: Ledger;
  readonly marks: TileMarks;
  readonly begun: {
    readonly block: Block;
    left: number;
    readonly notes: Map<TileIndex, TileMark>;
  }[];
}

class Pass {
  readonly #cutter: BlockCutter;
  readonly #pending: Block[] = [];
  /** Cells of one band meet in a chunk: they are put there one after the other. */
  readonly #gates = new Map<string, Gate>();
  #stale = 0;
  #current = 0;
  #updated = 0;
  #commits = 0;
  #snapshot = '';

  constructor(
    private readonly roll: RollUp,
    private readonly options: OverviewOptions,
  ) {
    this.#cutter = new BlockCutter(roll.cube.grid, roll.record.factors);
    for (const { name } of roll.cube.dataset.bands) this.#gates.set(name, new Gate(1));
  }

  async run(): Promise<OverviewReport> {
    await this.#look();
    let conflicts = 0;
    while (this.#pending.length > 0) {
      if (this.options.signal?.aborted) throw stopped(this.options.signal);
      const before = [...this.#pending];
      try {
        await this.#group();
        conflicts = 0;
      } catch (error) {
        const isConflict = error instanceof StoreError && error.kind === 'conflict';
        if (!isConflict || ++conflicts > MOST_CONFLICTS) throw error;
        // Another process wrote the same chunks: what it did is seen by the next session.
        this.#pending.splice(0, this.#pending.length, ...before);
      }
    }
    return {
      levels: overviewLevels(this.roll.record, this.roll.cube.grid),
      updated: this.#updated,
      current: this.#current,
      commits: this.#commits,
      snapshot: this.#snapshot,
    };
  }

  /** Which blocks hold a tile that the overviews do not have as it is. */
  async #look(): Promise<void> {
    const { repository, dataset, timeAxis } = this.roll.cube;
    const { store } = await repository.readSession();
    const marks = new TileMarks(store, await readLedger(store, dataset));
    for (const step of timeAxis?.steps ?? [undefined])
      for (const block of this.#cutter.blocks(step?.index)) {
        let stale = 0;
        for (const index of tilesOfBlock(block)) {
          if (!(await marks.isCurrent(index))) stale++;
          else if (marks.isLoaded(index)) this.#current++;
        }
        this.#stale += stale;
        if (stale > 0) this.#pending.push(block);
      }
  }

  /** Works for a while, and commits what was finished. */
  async #group(): Promise<void> {
    const { cube, pool } = this.roll;
    const session = await cube.repository.writeSession();
    const ledger = await readLedger(session.store, cube.dataset);
    const group: Group = {
      session,
      ledger,
      marks: new TileMarks(session.store, ledger),
      begun: [],
    };
    const jobs = this.#jobs(group);
    let failure: { readonly error: unknown } | undefined;
    const lane = async () => {
      for (;;) {
        if (failure !== undefined || this.options.signal?.aborted) return;
        const { value, done } = await jobs.next();
        if (done) return;
        await this.#job(value, group);
        value.entry.left--;
      }
    };
    const guarded = () =>
      lane().catch((error: unknown) => {
        failure ??= { error };
      });
    await Promise.all(Array.from({ length: this.#lanes(pool) }, guarded));
    const finished = group.begun.filter(({ left }) => left === 0);
    if (finished.length > 0) await this.#commit(group, finished);
    if (failure !== undefined) throw failure.error;
    const isWhole = this.#pending.length === 0 && finished.length === group.begun.length;
    if (this.options.signal?.aborted && !isWhole) throw stopped(this.options.signal);
  }

  #lanes({ size }: Pool): number {
    const { dataset } = this.roll.cube;
    const bytes = 2 * 4096 ** 2 * bytesOf(widestType(dataset));
    return Math.max(Math.min(size + 1, Math.floor(PIXEL_BYTES / bytes)), 1);
  }

  async *#jobs(
    group: Group,
  ): AsyncGenerator<PieceJob & { readonly entry: Group['begun'][number] }> {
    const until = performance.now() + COMMIT_MS;
    const { bands } = this.roll.cube.dataset;
    for (;;) {
      if (group.begun.length > 0 && performance.now() > until) return;
      const block = this.#pending.shift();
      if (block === undefined) return;
      const notes = await this.#notesOf(block, group);
      if (notes === undefined) continue;
      const pieces = [...this.#cutter.pieces(block)];
      const entry = { block, left: pieces.length * bands.length, notes };
      group.begun.push(entry);
      for (const piece of pieces)
        for (const { name } of bands) yield { piece, t: block.t, name, entry };
    }
  }

  /** What will be noted of a block's tiles, before a pixel of them is read; `undefined` where all of it stands there. */
  async #notesOf(
    block: Block,
    { session, ledger, marks }: Group,
  ): Promise<Map<TileIndex, TileMark> | undefined> {
    const { dataset, repository } = this.roll.cube;
    const notes = new Map<TileIndex, TileMark>();
    const lost: string[] = [];
    const names = dataset.bands.map(({ name }) => name);
    for (const index of tilesOfBlock(block)) {
      if (!(await marks.isCurrent(index))) notes.set(index, await marks.now(index));
      if (
        repository.location.kind === 'zarr' &&
        (await isLost(index, names, { session, ledger, dataset }))
      )
        lost.push(tileId(index));
    }
    if (lost.length > 0) throw lostError(lost);
    return notes.size === 0 ? undefined : notes;
  }

  async #job(job: PieceJob, { session, ledger }: Group): Promise<void> {
    const results = await reducePiece(this.roll, session, ledger, job);
    await this.#gates.get(job.name)?.run(() => writeCells(this.roll, session, job, results));
  }

  async #commit({ session }: Group, finished: Group['begun']): Promise<void> {
    const { repository } = this.roll.cube;
    let tiles = 0;
    for (const { notes } of finished) tiles += notes.size;
    const message = `Bring the overviews of ${tiles} ${tiles === 1 ? 'tile' : 'tiles'} up to date`;
    this.#snapshot = await repository.commit(session, message, async (newest) => {
      const numbers = overviewNumbers(newest);
      for (const { notes } of finished)
        for (const [index, mark] of notes) await numbers.put(index, mark);
      await numbers.flush();
    });
    this.#commits++;
    this.#updated += tiles;
    this.options.onProgress?.(this.#updated, Math.max(this.#stale, this.#updated));
  }
}

function stopped(signal: AbortSignal): AbortedError {
  return new AbortedError(
    'The pass over the overviews was stopped; what was finished is committed, and the next one goes on.',
    { cause: signal.reason },
  );
}
