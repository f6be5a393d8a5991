import '../kernel/gdal/proj/points.js';
import type { Dataset } from '../dataset/dataset.js';
import { TimeAxis, type TimeStep } from '../dataset/time-axis.js';
import { selectSteps, type Toi } from '../dataset/toi.js';
import { expected, SetupError, StoreError } from '../errors.js';
import { GeoBox } from '../grid/geobox.js';
import { type Roi, roiWindows, tilesIn } from '../grid/roi.js';
import { Grid, parseTileId, type TileIndex, tileId } from '../grid/tiling.js';
import type { Window } from '../grid/window.js';
import type { OnEvent } from '../observe/events.js';
import { type IngestSummary, Tally } from '../observe/summary.js';
import type { Pool } from '../pool/pool.js';
import type { Codec } from '../raster/codec.js';
import { explainDamage, type RollBack, rollBack } from '../store/durability/roll-back.js';
import { settlePacking } from '../store/metadata/band-packing.js';
import { type OpenZarr, openZarr } from '../store/read.js';
import { Repository } from '../store/repository.js';
import { readLedger, updateLedger, writeLoadedLists } from '../store/smart-geocubes/loaded-list.js';
import { parseStorage } from '../store/storage-url.js';
import { type Ledger, TileState } from '../store/tiles/ledger.js';
import { reopenTiles } from '../store/tiles/reopen-tiles.js';
import type { TileSource } from '../tile.js';
import { Accessor } from './accessor.js';
import { estimateIngest, type IngestEstimate, type Rate } from './cost/estimate.js';
import { sampleTiles } from './cost/sample.js';
import { type CreateOptions, createCube } from './create.js';
import { runIngest, tilesInFlightFor } from './fill/ingest.js';
import { atSteps, type IngestPlan, planIngest, type TilePlanner, tilesWith } from './fill/plan.js';
import { recipeOf } from './fill/recipe.js';
import type { IngestLimits } from './fill/run/tile-queue.js';
import { TileLoader } from './fill/tile-loader.js';
import { cannotExtend, type OpenOptions, openRecord } from './open.js';
import {
  type CubeView,
  type Like,
  type LoadOptions,
  loadRegion,
  planLoad,
  type Region,
  type TimeOptions,
  tilesOfPlan,
} from './read/load.js';
import { isLost } from './read/lost-chunks.js';
import { type LazyDataset, openDataset } from './read/open-dataset.js';
import { type SavedRegion, type SaveOptions, saveGeoTiff } from './read/save-geotiff.js';
import { checkAgrees, isCreated } from './state/existence.js';
import { TileRuns } from './state/tile-runs.js';
import { countStates, type StepCounts, type TileStatus, walkStates } from './state/tile-states.js';
import { type DamagedTile, type VerifyReport, verifyTiles } from './state/verify.js';

export type { Region, TimeOptions } from './read/load.js';

/** What is filled: a region, or the tiles of a list, each by its index or its id. */
export type IngestTarget = Roi | readonly (TileIndex | string)[];

/** With what a region is ingested, how much at a time, and where to end before it is done. */
export interface IngestOptions extends TimeOptions, IngestLimits {
  readonly source: TileSource;
  readonly pool: Pool;
  /** Tiles between "being fetched" and "written" at a time, which bounds memory. Default: {@link tilesInFlightFor}. */
  readonly tilesInFlight?: number;
  /** Tiles in one commit. Default: see the committer. */
  readonly groupSize?: number;
  /** Milliseconds after which a group that is not full is committed. */
  readonly maxCommitDelayMs?: number;
  readonly onEvent?: OnEvent;
  /**
   * Milliseconds that the service may be down or out of quota before the run ends; until then it waits
   * and goes on by itself. Default: {@link DEFAULT_MAX_OUTAGE_MS}.
   */
  readonly maxOutageMs?: number;
  /** Stops the ingest: what is finished is committed, the rest is dropped. */
  readonly signal?: AbortSignal;
}

/** How {@link Cube.create} makes a cube, or opens the one that is there. */
export interface CubeCreateOptions extends CreateOptions {
  /** Opens the cube that is there, when its dataset is the same. Default `false`. */
  readonly existsOk?: boolean;
  /** Called with a new cube, before it is handed out; not with one that was there. When it fails, the empty cube stays. */
  readonly postCreate?: (cube: Cube) => void | Promise<void>;
}

/** How {@link Cube.estimate} estimates. */
export interface EstimateOptions extends TimeOptions {
  /** Threads that will compute. Default: the pool's, else 1. */
  readonly threads?: number;
  /** How fast tiles come, where that is known. */
  readonly rate?: Rate | undefined;
  /** Fetches and processes so many tiles, spread over the region, without writing them. */
  readonly sample?: { readonly tiles: number; readonly source: TileSource; readonly pool: Pool };
  readonly signal?: AbortSignal;
}

export type { IngestEstimate, Rate } from './cost/estimate.js';

/** How {@link Cube.verify} checks. */
export interface VerifyOptions extends TimeOptions {
  /** Checks whether chunks are there, and does not decode them. Default: false. */
  readonly quick?: boolean;
  /** Reopens what is damaged, so that the next ingest fetches it. Default: false. */
  readonly repair?: boolean;
  /** Decodes chunks in its threads. Default: this thread alone. */
  readonly pool?: Pool | undefined;
  /** Told of each damaged tile as it is found, in the order of the tiles. */
  readonly onDamage?: (tile: DamagedTile) => void;
  /** Told now and then how many tiles have been looked at. */
  readonly onProgress?: (checked: number) => void;
  readonly signal?: AbortSignal;
}

export type { RollBack } from '../store/durability/roll-back.js';
export type { StepCounts, TileCounts, TileStatus } from './state/tile-states.js';
export type { DamagedTile, DamageKind, VerifyReport } from './state/verify.js';
export { TileState };

/** Whether a target is a list of tiles. */
export function isTileList(target: IngestTarget): target is readonly (TileIndex | string)[] {
  return Array.isArray(target);
}

function checkCount(value: number | undefined, name: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value > 0))
    throw expected('a positive whole number', name, value);
}

/** A datacube in an Icechunk repository or a plain Zarr directory. */
export class Cube extends Accessor<IngestOptions> {
  readonly grid: Grid;
  /** The steps of a temporal cube. */
  readonly timeAxis: TimeAxis | undefined;

  private constructor(
    readonly dataset: Dataset,
    protected readonly repository: Repository,
    private readonly codec: Codec,
    /** Why the cube cannot be extended, where it cannot. */
    private readonly readOnlyBecause?: string,
  ) {
    super();
    this.grid = Grid.fromRecord(dataset.grid);
    this.timeAxis = dataset.time === undefined ? undefined : TimeAxis.fromRecord(dataset.time);
  }

  /**
   * Creates an empty cube at `storage` and opens it. A path or `file:` URL is an Icechunk repository, or
   * a plain Zarr directory where it ends in `.zarr`; `s3:`, `gs:` and `az:` are Icechunk repositories in
   * object stores; `memory:NAME` lasts as long as the process, in which {@link open} finds it again.
   *
   * @throws {StoreError} of kind `exists` when one is there already, and neither `overwrite` nor `existsOk` is set.
   * @throws {InvalidInputError} with `existsOk` when the cube there has another dataset.
   */
  static async create(
    storage: string,
    dataset: Dataset,
    { existsOk = false, postCreate, ...options }: CubeCreateOptions,
  ): Promise<Cube> {
    const location = parseStorage(storage);
    if (existsOk && options.overwrite)
      throw expected('one of overwrite and existsOk', 'the cube to create', 'both');
    if (existsOk && (await isCreated(location))) {
      const cube = await Cube.open(storage, { dataset });
      checkAgrees(dataset, cube.dataset);
      return cube;
    }
    const start = performance.now();
    const { repository, codec } = await createCube(location, dataset, options);
    const cube = new Cube(dataset, repository, codec);
    cube.stopwatch.add('create', performance.now() - start);
    await postCreate?.(cube);
    return cube;
  }

  /** Whether a cube is at `storage`, ours or one of smart-geocubes. @throws {StoreError} when it cannot be told. */
  static async isCreated(storage: string): Promise<boolean> {
    return isCreated(parseStorage(storage));
  }

  /**
   * Opens an existing cube, also one that smart-geocubes made. Where such a cube does not tell where
   * its pixels come from, it can be read; with a `dataset` of the same bands and grid it can be extended.
   *
   * @throws {StoreError} of kind `not-a-cube` when there is none.
   * @throws {InvalidInputError} when the given dataset is not the cube's.
   */
  static async open(storage: string, { dataset, sync }: OpenOptions = {}): Promise<Cube> {
    const location = parseStorage(storage);
    try {
      const repository = await Repository.open(location, sync === undefined ? {} : { sync });
      const found = await openRecord(await repository.readSession(), storage, dataset);
      return new Cube(found.dataset, repository, found.codec, found.readOnlyBecause);
    } catch (error) {
      throw error instanceof StoreError ? await explainDamage(location, error) : error;
    }
  }

  /**
   * Brings a local cube whose newest commit cannot be read, as after a power cut, to the newest state that can.
   * What was committed later counts as not loaded, and the next ingest fetches it.
   *
   * @returns `undefined` where nothing was to be done.
   * @throws {StoreError} of kind `io` where no state can be read.
   */
  static async rollBack(storage: string): Promise<RollBack | undefined> {
    return rollBack(parseStorage(storage));
  }

  /**
   * What {@link ingest} would do for a region and a time: no pixels are fetched.
   * @throws {InvalidInputError} outside the cube, or its time axis.
   */
  async plan(
    target: IngestTarget,
    source: TilePlanner,
    { time, maxTiles }: TimeOptions & Pick<IngestLimits, 'maxTiles'> = {},
  ): Promise<IngestPlan> {
    if (isTileList(target)) {
      if (time !== undefined)
        throw expected('none', 'the time beside a list of tiles, which have one each', 'one');
      return this.#planTiles(this.tilesOf(target), source, this.stepsOf(), maxTiles);
    }
    const steps = this.stepsOf(time);
    const tiles = atSteps(tilesWith(source, tilesIn(target, this.grid)), steps);
    return this.#planTiles(tiles, source, steps, maxTiles);
  }

  /**
   * The tiles of a list, each once, in the order in which they are filled.
   * @throws {InvalidInputError} for one that the cube does not have.
   */
  tilesOf(tiles: readonly (TileIndex | string)[]): TileIndex[] {
    const found = new Map(
      tiles.map((tile) => {
        const index = typeof tile === 'string' ? parseTileId(tile) : tile;
        // Refuses what is not in the grid, or not on the time axis.
        this.grid.tileWindow(index);
        this.timeOf(index);
        return [tileId(index), index];
      }),
    );
    return [...found.values()].sort(
      (one, other) => (one.t ?? 0) - (other.t ?? 0) || one.row - other.row || one.col - other.col,
    );
  }

  async #planTiles(
    tiles: Iterable<TileIndex>,
    source: TilePlanner,
    steps: readonly TimeStep[] | undefined,
    maxTiles?: number,
  ): Promise<IngestPlan> {
    const ledger = await this.#ledger();
    return planIngest(
      this.grid,
      tiles,
      source,
      (index) => {
        const known = ledger.peek(index);
        return known === undefined
          ? ledger.get(index).then((state) => state !== TileState.notLoaded)
          : known !== TileState.notLoaded;
      },
      steps,
      maxTiles,
    );
  }

  /**
   * What {@link ingest} of a region would cost: requests, bytes, memory, time. Without a sample no pixels
   * are fetched, and nobody is asked.
   *
   * @throws {InvalidInputError} outside the cube, or its time axis; with a sample {@link AbortedError}.
   */
  async estimate(roi: Roi, options: EstimateOptions = {}): Promise<IngestEstimate> {
    const { sample, rate, signal } = options;
    if (sample !== undefined) checkCount(sample.tiles, 'sample');
    const planner =
      sample?.source ??
      (await import('../earth-engine/source.js')).earthEnginePlanner(this.dataset);
    const plan = await this.plan(roi, planner, { time: options.time });
    const threads = options.threads ?? sample?.pool.size ?? 1;
    const measured =
      sample === undefined
        ? undefined
        : await sampleTiles({
            tiles: plan.sampleTiles(sample.tiles),
            source: sample.source,
            pool: sample.pool,
            recipe: recipeOf(
              this.dataset,
              this.codec,
              sample.source.mask,
              sample.source.resampling,
            ),
            tilesInFlight: tilesInFlightFor(this.dataset, plan, threads),
            signal,
          });
    return estimateIngest(plan, { dataset: this.dataset, threads, rate, sample: measured });
  }

  /**
   * Fetches, processes and commits every tile of a region, or of a list, that is not loaded yet. Tiles that
   * fail are listed in the summary and do not stop the others. Tiles that another process is filling in the
   * same local cube are left to it.
   *
   * @throws {InvalidInputError} when the region or a tile lies outside the cube; {@link EarthEngineError},
   * {@link StoreError} or {@link AbortedError} when the run as a whole cannot go on. Whatever was
   * finished before is committed.
   */
  async ingest(target: IngestTarget, options: IngestOptions): Promise<IngestSummary> {
    checkCount(options.tilesInFlight, 'tilesInFlight');
    checkCount(options.groupSize, 'groupSize');
    checkCount(options.maxTiles, 'maxTiles');
    checkCount(options.maxBytes, 'maxBytes');
    const { source, time, maxTiles } = options;
    return this.#run(() => this.plan(target, source, { time, maxTiles }), options);
  }

  async #run(makePlan: () => Promise<IngestPlan>, options: IngestOptions): Promise<IngestSummary> {
    const { source, pool, onEvent, signal, groupSize, maxCommitDelayMs } = options;
    const { maxBytes, until, maxOutageMs } = options;
    if (this.readOnlyBecause !== undefined) throw cannotExtend(this.readOnlyBecause);
    const { hasBlosc } = await pool.ready();
    if (this.codec.name === 'blosc' && !hasBlosc) {
      throw new SetupError(
        'Expected a Blosc encoder for this cube but there is none here. Install the system\'s GDAL with its headers and run "node scripts/bootstrap.mjs".',
      );
    }
    const plan = await makePlan();
    const tally = new Tally();
    if (plan.pending > 0 && source.packings !== undefined)
      await settlePacking(this.repository, this.dataset, source.packings);
    if (plan.pending > 0) await updateLedger(this.repository, this.dataset, this.codec);
    const run = runIngest({
      plan,
      source,
      pool,
      recipe: recipeOf(this.dataset, this.codec, source.mask, source.resampling),
      repository: this.repository,
      dataset: this.dataset,
      tilesInFlight: options.tilesInFlight ?? tilesInFlightFor(this.dataset, plan, pool.size),
      commit: {
        ...(groupSize === undefined ? {} : { groupSize }),
        ...(maxCommitDelayMs === undefined ? {} : { maxDelayMs: maxCommitDelayMs }),
      },
      limits: { maxBytes, until, maxOutageMs },
      onEvent: (event) => {
        tally.add(event);
        onEvent?.(event);
      },
      signal,
    });
    await run.catch(async (error: unknown) => {
      // What ended the run matters more than a list that its next run can write.
      await writeLoadedLists(this.repository, this.dataset).catch(() => {});
      throw error;
    });
    await writeLoadedLists(this.repository, this.dataset);
    const summary = tally.end();
    this.stopwatch.addIngest(summary);
    return summary;
  }

  /**
   * Reads a region: the pixels it touches on the cube's own grid, or, with `like` or a geobox of another
   * CRS or resolution, exactly the pixels of that geobox; of temporal cubes those of the given time. With `persist: false` nothing is read yet: as {@link openDataset}.
   *
   * @throws {InvalidInputError} when the region lies outside the cube, or an option does not fit it.
   * @throws {RasterError} for a damaged chunk; {@link AbortedError}.
   */
  load(roi: Roi, options: LoadOptions & { readonly persist: false }): Promise<LazyDataset>;
  load(roi: Roi, options?: LoadOptions & { readonly persist?: true }): Promise<Region>;
  async load(
    roi: Roi,
    options: LoadOptions & { readonly persist?: boolean } = {},
  ): Promise<Region | LazyDataset> {
    // Before anything is fetched or read.
    this.stepsOf(options.time);
    if (options.source !== undefined) await this.#fetchMissing(roi, options.source, options);
    const view = await this.#view();
    return options.persist === false
      ? openDataset(view, roi, options)
      : this.stopwatch.time('load', () => loadRegion(view, roi, options));
  }

  /**
   * Writes a region as a GeoTIFF without ever having more of it in memory than {@link SaveOptions.pixelBytes}:
   * parts are read and written one after the other. The pixels are those of {@link load}. An existing file is
   * replaced when the new one is whole. A COG is made of a GeoTIFF beside it, which takes its size on the disk
   * twice while it is made.
   *
   * @throws {InvalidInputError} as {@link load}, for several time steps, and for creation options that do not
   * fit, before anything is read; {@link RasterError} where it cannot be written; {@link AbortedError}.
   */
  async saveGeoTiff(roi: Roi, file: string, options: SaveOptions): Promise<SavedRegion> {
    this.stepsOf(options.time);
    if (options.source !== undefined) await this.#fetchMissing(roi, options.source, options);
    const view = await this.#view();
    return this.stopwatch.time('load', () => saveGeoTiff(view, roi, file, options));
  }

  /**
   * A region of the cube, by default all of it, as labelled arrays that read only what is selected of
   * them. Takes the options of {@link load}; what another process commits later is not seen.
   *
   * @throws {InvalidInputError} when the region lies outside the cube, or an option does not fit it.
   */
  async openDataset(roi: Roi = this.grid.geobox, options: LoadOptions = {}): Promise<LazyDataset> {
    return this.load(roi, { ...options, persist: false });
  }

  /** The cube's group and bands as zarrita opens them, at this moment of its history. */
  async openZarr(): Promise<OpenZarr> {
    const session = await this.repository.readSession();
    return openZarr(
      session,
      this.dataset.bands.map(({ name }) => name),
    );
  }

  /** Reads exactly the pixels of a geobox, or of anything that has one. As {@link load}. */
  loadLike(reference: Like, options: Omit<LoadOptions, 'like'> = {}): Promise<Region> {
    const geobox = reference instanceof GeoBox ? reference : reference.geobox;
    return this.load(geobox, { ...options, like: geobox });
  }

  /** The cube as it is now. */
  async #view(): Promise<CubeView> {
    const { grid, dataset, timeAxis } = this;
    const session = await this.repository.readSession();
    const ledger = await readLedger(session.store, dataset);
    const isMissing = async (index: TileIndex) => (await ledger.get(index)) === TileState.notLoaded;
    const lost = { session, ledger, dataset };
    return {
      ...{ grid, dataset, timeAxis, session, isMissing },
      isLost: (index, names) => isLost(index, names, lost),
    };
  }

  /** Fetches the tiles that a load needs and that are not loaded yet. */
  async #fetchMissing(roi: Roi, source: TileSource, options: LoadOptions): Promise<void> {
    const { pool, signal, resampling, time } = options;
    if (pool === undefined)
      throw expected('a pool', 'loading from a source', 'none', 'Make one with createPool().');
    const { grid } = this;
    const ledger = await this.#ledger();
    const missing: TileIndex[] = [];
    const tiles = tilesOfPlan(grid, planLoad(grid.geobox, roi, options), resampling);
    for (const index of atSteps(tiles, this.stepsOf(time)))
      if ((await ledger.get(index)) === TileState.notLoaded) missing.push(index);
    if (missing.length > 0) await this.#loader.ensure(missing, { source, pool }, signal);
  }

  /** Of this object alone: another one of the same cube fetches for itself. */
  readonly #loader = new TileLoader((tiles, options) =>
    this.#run(() => this.#planTiles(tiles, options.source, this.stepsOf()), options),
  );

  /** The state of each tile that a region touches, in temporal cubes at each of the given steps. */
  async tileStates(roi: Roi, options: TimeOptions = {}): Promise<TileStatus[]> {
    const states: TileStatus[] = [];
    for await (const status of this.walkStates(roi, options)) states.push(status);
    return states;
  }

  /** As {@link tileStates}, one after the other: for cubes of more tiles than memory should hold. */
  async *walkStates(roi: Roi, { time }: TimeOptions = {}): AsyncGenerator<TileStatus> {
    const steps = this.stepsOf(time);
    yield* walkStates(await this.#ledger(), tilesIn(roi, this.grid), steps);
  }

  /** How many tiles of a region are in which state: one record for each of the given steps, or one in all. */
  async countStates(roi: Roi, { time }: TimeOptions = {}): Promise<StepCounts[]> {
    const steps = this.stepsOf(time);
    return countStates(await this.#ledger(), tilesIn(roi, this.grid), steps);
  }

  /**
   * Checks that the chunks of each loaded tile of a region are there and can be decoded, and that there
   * are none that the ledger does not know of. In a plain Zarr directory those may be what a killed
   * ingest left, or of one that is under way; they do no harm.
   *
   * @throws {InvalidInputError} outside the cube, or where a cube cannot be repaired; {@link StoreError};
   * {@link AbortedError}, before anything is repaired.
   */
  async verify(roi: Roi, options: VerifyOptions = {}): Promise<VerifyReport> {
    const { quick = false, repair = false, pool, onDamage, onProgress, signal, time } = options;
    if (repair && this.readOnlyBecause !== undefined) throw cannotExtend(this.readOnlyBecause);
    const steps = this.stepsOf(time);
    const session = await this.repository.readSession();
    const damaged = new TileRuns(this.grid.rows, this.grid.cols);
    const report = await verifyTiles({
      session,
      ledger: await readLedger(session.store, this.dataset),
      dataset: this.dataset,
      tiles: atSteps(tilesIn(roi, this.grid), steps),
      quick,
      pool,
      onDamage: (tile) => {
        damaged.add(tile.index);
        onDamage?.(tile);
      },
      onTile: onProgress,
      signal,
    });
    if (!repair || damaged.count === 0) return { ...report, repaired: 0 };
    await updateLedger(this.repository, this.dataset, this.codec);
    await reopenTiles(this.repository, this.dataset, damaged);
    return { ...report, repaired: damaged.count };
  }

  /** The pixels of the cube's grid that a region touches. */
  windowsOf(roi: Roi): Window[] {
    return roiWindows(roi, this.grid.geobox);
  }

  /**
   * The steps of the cube's axis that a time of interest means; all of them without one.
   * @returns `undefined` for cubes without a time axis.
   * @throws {InvalidInputError} when the time is not on the axis, or there is none.
   */
  stepsOf(time?: Toi): readonly TimeStep[] | undefined {
    return selectSteps(this.timeAxis, time);
  }

  /** The commits, newest first. */
  history(): Promise<{ id: string; message: string; writtenAt: string }[]> {
    return this.repository.history();
  }

  async #ledger(): Promise<Ledger> {
    return readLedger((await this.repository.readSession()).store, this.dataset);
  }
}
