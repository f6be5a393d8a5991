import type { Dataset } from '../dataset/dataset.js';
import { expected, SetupError, StoreError } from '../errors.js';
import { GeoBox } from '../grid/geobox.js';
import { type Roi, roiWindows } from '../grid/roi.js';
import { Grid, type TileIndex } from '../grid/tiling.js';
import type { Window } from '../grid/window.js';
import type { OnEvent } from '../observe/events.js';
import { type IngestSummary, Tally } from '../observe/summary.js';
import type { Pool } from '../pool/pool.js';
import type { Codec } from '../raster/codec.js';
import { chunkLocator } from '../store/chunk-files.js';
import { Ledger, TileState } from '../store/ledger.js';
import { type OpenZarr, openZarr, readMetadata } from '../store/read.js';
import { Repository } from '../store/repository.js';
import { parseStorage } from '../store/storage-url.js';
import { CUBE_RECORD_PATH, type CubeRecord, LAYOUT_VERSION } from '../store/zarr-metadata.js';
import type { TileSource } from '../tile.js';
import { type CreateOptions, createCube } from './create.js';
import { defaultTilesInFlight, runIngest } from './ingest.js';
import {
  type CubeView,
  type Like,
  type LoadOptions,
  loadRegion,
  planLoad,
  type Region,
  tilesOfPlan,
} from './load.js';
import { type LazyDataset, openDataset } from './open-dataset.js';
import { type IngestPlan, planIngest } from './plan.js';
import { recipeOf } from './recipe.js';
import { TileLoader } from './tile-loader.js';

export type { Region } from './load.js';

export interface IngestOptions {
  readonly source: TileSource;
  readonly pool: Pool;
  /** Tiles between "being fetched" and "written" at a time, which bounds memory. Default: {@link defaultTilesInFlight}. */
  readonly tilesInFlight?: number;
  /** Tiles in one commit. Default: see the committer. */
  readonly groupSize?: number;
  /** Milliseconds after which a group that is not full is committed. */
  readonly maxCommitDelayMs?: number;
  readonly onEvent?: OnEvent;
  /** Stops the ingest: what is finished is committed, the rest is dropped. */
  readonly signal?: AbortSignal;
}

function checkCount(value: number | undefined, name: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value > 0))
    throw expected('a positive whole number', name, value);
}

/** The state of one tile. */
export interface TileStatus extends TileIndex {
  readonly state: TileState;
}

/** A datacube in an Icechunk repository. */
export class Cube {
  readonly grid: Grid;

  private constructor(
    readonly dataset: Dataset,
    private readonly repository: Repository,
    private readonly codec: Codec,
  ) {
    this.grid = Grid.fromRecord(dataset.grid);
  }

  /**
   * Creates an empty cube at `storage` (a path, `file:` or `memory:`) and opens it.
   *
   * @throws {StoreError} of kind `exists` when one is there already.
   */
  static async create(storage: string, dataset: Dataset, options: CreateOptions): Promise<Cube> {
    const { repository, codec } = await createCube(parseStorage(storage), dataset, options);
    return new Cube(dataset, repository, codec);
  }

  /** Opens an existing cube. @throws {StoreError} of kind `not-a-cube` when there is none. */
  static async open(storage: string): Promise<Cube> {
    const repository = await Repository.open(parseStorage(storage));
    const session = await repository.readSession();
    const group = (await readMetadata(session, CUBE_RECORD_PATH)) as
      | { attributes?: Partial<CubeRecord> }
      | undefined;
    const { layout, dataset, codec } = group?.attributes ?? {};
    if (dataset === undefined || codec === undefined) {
      throw new StoreError(
        'not-a-cube',
        `Expected a cube at ${storage} but the repository there holds none. Make one with "geocubes create" in another folder.`,
      );
    }
    if (layout !== LAYOUT_VERSION) {
      throw new StoreError(
        'not-a-cube',
        `Expected a cube of layout ${LAYOUT_VERSION} at ${storage} but received ${layout}. Update smart-geocubes-native.`,
      );
    }
    return new Cube(dataset, repository, codec);
  }

  /** What {@link ingest} would do for a region: no pixels are fetched. @throws {InvalidInputError} outside the cube. */
  async plan(roi: Roi, source: Pick<TileSource, 'planRequests'>): Promise<IngestPlan> {
    const windows = roiWindows(roi, this.grid.geobox);
    const ledger = await this.#ledger();
    return planIngest(
      this.grid,
      windows,
      source,
      async (index) => (await ledger.get(index)) !== TileState.notLoaded,
    );
  }

  /**
   * Fetches, processes and commits every tile of the region that is not loaded yet. Tiles that fail
   * are listed in the summary and do not stop the others.
   *
   * @throws {InvalidInputError} when the region lies outside the cube; {@link EarthEngineError},
   * {@link StoreError} or {@link AbortedError} when the run as a whole cannot go on. Whatever was
   * finished before is committed.
   */
  async ingest(roi: Roi, options: IngestOptions): Promise<IngestSummary> {
    checkCount(options.tilesInFlight, 'tilesInFlight');
    checkCount(options.groupSize, 'groupSize');
    return this.#run(await this.plan(roi, options.source), options);
  }

  async #run(plan: IngestPlan, options: IngestOptions): Promise<IngestSummary> {
    const { source, pool, onEvent, signal, groupSize, maxCommitDelayMs } = options;
    const { hasBlosc } = await pool.ready();
    if (this.codec.name === 'blosc' && !hasBlosc) {
      throw new SetupError(
        'Expected a Blosc encoder for this cube but there is none here. Install the system\'s GDAL with its headers and run "node scripts/bootstrap.mjs".',
      );
    }
    const tally = new Tally();
    await runIngest({
      plan,
      source,
      pool,
      recipe: recipeOf(this.dataset, this.codec, source.mask),
      repository: this.repository,
      dataset: this.dataset,
      tilesInFlight: options.tilesInFlight ?? defaultTilesInFlight(plan, pool.size),
      commit: {
        ...(groupSize === undefined ? {} : { groupSize }),
        ...(maxCommitDelayMs === undefined ? {} : { maxDelayMs: maxCommitDelayMs }),
      },
      onEvent: (event) => {
        tally.add(event);
        onEvent?.(event);
      },
      signal,
    });
    return tally.end();
  }

  /**
   * Reads a region: the pixels it touches on the cube's own grid, or, with `like` or a geobox of another
   * CRS or resolution, exactly the pixels of that geobox. With `persist: false` nothing is read yet: as {@link openDataset}.
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
    if (options.source !== undefined) await this.#fetchMissing(roi, options.source, options);
    const view = await this.#view();
    return options.persist === false
      ? openDataset(view, roi, options)
      : loadRegion(view, roi, options);
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
    const { grid, dataset } = this;
    const { location } = this.repository;
    const session = await this.repository.readSession();
    const ledger = new Ledger(session.store);
    const isMissing = async (index: TileIndex) => (await ledger.get(index)) === TileState.notLoaded;
    const locate =
      location.kind === 'local' ? chunkLocator(location.path, session.snapshotId) : undefined;
    return { grid, dataset, session, locate, isMissing };
  }

  /** Fetches the tiles that a load needs and that are not loaded yet. */
  async #fetchMissing(roi: Roi, source: TileSource, options: LoadOptions): Promise<void> {
    const { pool, signal, resampling } = options;
    if (pool === undefined)
      throw expected('a pool', 'loading from a source', 'none', 'Make one with createPool().');
    const { grid } = this;
    const ledger = await this.#ledger();
    const missing: TileIndex[] = [];
    for (const index of tilesOfPlan(grid, planLoad(grid.geobox, roi, options), resampling))
      if ((await ledger.get(index)) === TileState.notLoaded) missing.push(index);
    if (missing.length > 0) await this.#loader.ensure(missing, { source, pool }, signal);
  }

  /** Of this object alone: another one of the same cube fetches for itself. */
  readonly #loader = new TileLoader(async (tiles, options) => {
    const ledger = await this.#ledger();
    const windows = tiles.map((index) => this.grid.tileWindow(index));
    const plan = await planIngest(
      this.grid,
      windows,
      options.source,
      async (index) => (await ledger.get(index)) !== TileState.notLoaded,
    );
    return this.#run(plan, options);
  });

  /** The state of each tile that a region touches. */
  async tileStates(roi: Roi): Promise<TileStatus[]> {
    const ledger = await this.#ledger();
    const states: TileStatus[] = [];
    for (const index of this.grid.tilesIn(this.windowsOf(roi)))
      states.push({ ...index, state: await ledger.get(index) });
    return states;
  }

  /** The pixels of the cube's grid that a region touches. */
  windowsOf(roi: Roi): Window[] {
    return roiWindows(roi, this.grid.geobox);
  }

  /** The commits, newest first. */
  history(): Promise<{ id: string; message: string; writtenAt: string }[]> {
    return this.repository.history();
  }

  async #ledger(): Promise<Ledger> {
    return new Ledger((await this.repository.readSession()).store);
  }
}
