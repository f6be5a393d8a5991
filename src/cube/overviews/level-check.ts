/** Whether the levels of a cube are whole: their documents, the notes of what they hold, and their chunks. */
import { typedForName } from '../../dataset/band-types.js';
import { fillValueOf } from '../../dataset/dataset.js';
import type { TileIndex } from '../../grid/tiling.js';
import { contains, intersect, type Window } from '../../grid/window.js';
import { Gate } from '../../pool/gate.js';
import { createPool, type Pool } from '../../pool/pool.js';
import { isFloat } from '../../raster/dtype.js';
import { readDocument } from '../../store/metadata/documents.js';
import { levelProblems } from '../../store/metadata/overview-check.js';
import {
  type LevelPlace,
  OVERVIEW_TILES_PATH,
  type OverviewRecord,
  readOverviewRecord,
} from '../../store/metadata/overview-documents.js';
import { chunkKey } from '../../store/metadata/zarr-metadata.js';
import type { Session } from '../../store/session.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import type { CheckChunk } from '../../store/tiles/chunk-check.js';
import { TileState } from '../../store/tiles/ledger.js';
import { numbersKey } from '../../store/tiles/tile-numbers.js';
import type { OpenedCube } from '../opened-cube.js';
import { chunkCheckers } from '../state/chunk-checkers.js';
import { cellsOf } from './blocks.js';
import { levelPlaces } from './levels.js';
import { chunksOf, reducePiece } from './roll-up.js';
import { overviewNumbers, TileMarks } from './tile-marks.js';

/** What is damaged of the levels. */
export interface LevelDamage {
  /** Of a node or a chunk in the cube. */
  readonly path: string;
  /** One line for people. */
  readonly message: string;
  /** What was damaged, and with it what mends it. */
  readonly what:
    | { readonly kind: 'record' | 'document' | 'notes' }
    /** Of all tiles whose cells are in it. */
    | { readonly kind: 'chunk'; readonly window: Window; readonly t: number | undefined };
}

/** Chunks that are looked at at a time, for each thread and this one. */
const TOGETHER = 4;

export class LevelCheck {
  /** Chunks of levels that were found. */
  chunks = 0;
  readonly #damaged: LevelDamage[] = [];
  readonly #seen = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  /** What is known of tiles is asked for by one at a time: it remembers what it read last. */
  readonly #alone = new Gate(1);
  #marks: Promise<Marks> | undefined;

  private constructor(
    private readonly cube: OpenedCube,
    private readonly session: Session,
    private readonly options: LevelCheckOptions,
    private readonly known: Known | undefined,
  ) {}

  /** @param options whether chunks are decoded, and by whom */
  static async open(
    cube: OpenedCube,
    session: Session,
    options: LevelCheckOptions,
  ): Promise<LevelCheck> {
    const { store } = session;
    let record: OverviewRecord | undefined;
    try {
      record = await readOverviewRecord(store);
    } catch (error) {
      const check = new LevelCheck(cube, session, options, undefined);
      check.#tell(OVERVIEW_TILES_PATH, `cannot be read: ${wordsOf(error)}`, { kind: 'record' });
      return check;
    }
    if (record === undefined) {
      const check = new LevelCheck(cube, session, options, undefined);
      const { multiscales } = (await readDocument(store, ''))?.attributes ?? {};
      if (multiscales !== undefined)
        check.#tell(
          OVERVIEW_TILES_PATH,
          'is not there, but levels are listed; "geocubes overviews" makes all of them anew',
          { kind: 'record' },
        );
      return check;
    }
    const levels = levelPlaces(record, cube.grid);
    const problems = await levelProblems(session, { record, levels });
    const broken = new Set(problems.map(({ path }) => path));
    const paths = levels
      .flatMap(({ path }) => cube.dataset.bands.map(({ name }) => `${path}/${name}`))
      .filter((path) => !broken.has(path));
    const checkers = options.quick ? undefined : await chunkCheckers(session, paths, options.pool);
    const check = new LevelCheck(cube, session, options, { record, levels, checkers, broken });
    for (const { path, message } of problems)
      check.#tell(path === '' ? 'zarr.json' : path, message, { kind: 'document' });
    return check;
  }

  /** Begins to look at the chunks of all levels that hold cells of a tile, each once. Waits while many are looked at. */
  readonly tile = async (index: TileIndex): Promise<void> => {
    if (this.known === undefined) return;
    const { grid } = this.cube;
    const notes = numbersKey(OVERVIEW_TILES_PATH, index);
    if (this.#isNew(notes)) await this.#run(() => this.#lookAtNotes(notes, index));
    for (const level of this.known.levels)
      for (const place of chunksOf(level, cellsOf(grid.tileWindow(index), level))) {
        const at = index.t === undefined ? place.index : { t: index.t, ...place.index };
        if (!this.#isNew(chunkKey(level.path, at))) continue;
        for (const { name } of this.cube.dataset.bands)
          await this.#run(() => this.#look(level, name, at, place.window));
      }
  };

  /** What is damaged, of the chunks that tiles asked for. @param shared whether of what no tile has to itself, too */
  async damaged(shared: boolean): Promise<LevelDamage[]> {
    await Promise.all(this.#running);
    return this.#damaged.filter(
      ({ what: { kind } }) => shared || kind === 'chunk' || kind === 'notes',
    );
  }

  #isNew(key: string): boolean {
    const isNew = !this.#seen.has(key);
    this.#seen.add(key);
    return isNew;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    const running: Promise<void> = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
    const most = TOGETHER * (1 + (this.options.pool?.size ?? 0));
    if (this.#running.size >= most) await Promise.race(this.#running);
  }

  async #lookAtNotes(key: string, index: TileIndex): Promise<void> {
    try {
      // Numbers of their own, which keep no other chunk.
      await overviewNumbers(this.session.store).get(index);
    } catch (error) {
      this.#tell(key, `cannot be read: ${wordsOf(error)}`, { kind: 'notes' });
    }
  }

  async #look(level: LevelPlace, name: string, index: TileIndex, window: Window): Promise<void> {
    const path = `${level.path}/${name}`;
    if (this.known?.broken.has(path)) return;
    const key = chunkKey(path, index);
    const tell = (message: string) =>
      this.#tell(key, message, { kind: 'chunk', window: pixelsOf(window, level), t: index.t });
    const { store } = this.session;
    try {
      const check = this.known?.checkers?.get(path);
      const bytes = check === undefined ? undefined : ((await store.get(key)) ?? undefined);
      const isThere = check === undefined ? await store.holds(key) : bytes !== undefined;
      if (!isThere) {
        if (await this.#isLost(level, name, index, window)) tell('is not there');
        return;
      }
      this.chunks++;
      const problem = bytes === undefined ? undefined : await check?.(index, bytes);
      if (problem !== undefined) tell(`is damaged: ${problem}`);
    } catch (error) {
      tell(`cannot be read: ${wordsOf(error)}`);
    }
  }

  /**
   * Whether a chunk that is not there should be. Only in places without snapshots: there a lost file looks like cells of
   * which none has a value. Where a tile is not in the levels as it is, the next pass makes the chunk.
   */
  async #isLost(
    level: LevelPlace,
    name: string,
    { t }: TileIndex,
    window: Window,
  ): Promise<boolean> {
    if (this.session.version !== undefined || this.known === undefined) return false;
    const { grid, dataset } = this.cube;
    const { height, width } = grid.geobox;
    const pixels = intersect(pixelsOf(window, level), { row: 0, col: 0, height, width });
    if (pixels === undefined) return false;
    const tiles = Array.from(grid.tilesIn([pixels]), (tile) =>
      t === undefined ? tile : { t, ...tile },
    );
    return this.#alone.run(async () => {
      this.#marks ??= this.#openMarks();
      const { ledger, marks, pool } = await this.#marks;
      try {
        for (const tile of tiles) if (!(await marks.isCurrent(tile))) return false;
      } catch {
        // The notes are told of by themselves.
        return false;
      }
      const typed = typedForName(dataset, name);
      const hasCode = isFloat(typed.dtype) || typed.nodata !== undefined;
      const keepsValues = hasCode && this.known?.record.reductions[name] !== 'near';
      for (const tile of tiles) {
        if ((await ledger.get(tile)) !== TileState.loaded) continue;
        if (!(await this.session.store.holds(chunkKey(name, tile)))) continue;
        const whole = grid.tileWindow(tile);
        if (keepsValues && contains(window, cellsOf(whole, level))) return true;
        const piece = intersect(whole, pixels);
        if (this.options.quick || piece === undefined || this.known === undefined) continue;
        const roll = { cube: this.cube, record: this.known.record, levels: [level], pool };
        const [made] = await reducePiece(roll, this.session, ledger, { piece, t, name });
        const fill = fillValueOf(typed);
        if (made?.pixels.some((value) => !Object.is(value, fill))) return true;
      }
      return false;
    });
  }

  async #openMarks(): Promise<Marks> {
    const { store } = this.session;
    const ledger = await readLedger(store, this.cube.dataset);
    const pool = this.options.pool ?? createPool({ size: 0 });
    return { ledger, marks: new TileMarks(store, ledger), pool };
  }

  #tell(path: string, message: string, what: LevelDamage['what']): void {
    this.#damaged.push({ path, message, what });
  }
}

export interface LevelCheckOptions {
  /** Only whether chunks are there. */
  readonly quick: boolean;
  /** Decodes chunks. Default: this thread. */
  readonly pool: Pool | undefined;
}

interface Known {
  readonly record: OverviewRecord;
  readonly levels: readonly LevelPlace[];
  readonly checkers: ReadonlyMap<string, CheckChunk> | undefined;
  /** Paths of nodes whose documents are not to be gone by. */
  readonly broken: ReadonlySet<string>;
}

interface Marks {
  readonly ledger: Awaited<ReturnType<typeof readLedger>>;
  readonly marks: TileMarks;
  readonly pool: Pool;
}

/** The cube's pixels below cells of a level, also beyond its border. */
function pixelsOf({ row, col, height, width }: Window, { factor }: LevelPlace): Window {
  return { row: row * factor, col: col * factor, height: height * factor, width: width * factor };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
