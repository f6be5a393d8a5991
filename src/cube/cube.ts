/**
 * The door: what callers ask of a cube, each a few lines over the room that does it. A tile's way begins at
 * `ingest`, which hands a region or a list of tiles to `fill/ingest.ts`; that has them planned first, `fill/plan.ts`.
 */
import type { Dataset } from '../dataset/dataset.js';
import type { BandTypes, Chosen, TypedDataset } from '../dataset/file/typed.js';
import type { TimeAxis, TimeStep } from '../dataset/time-axis.js';
import { selectSteps, type Toi } from '../dataset/toi.js';
import { expected } from '../errors.js';
import { type Roi, tilesIn } from '../grid/roi.js';
import type { Grid, TileIndex } from '../grid/tiling.js';
import type { IngestEvent } from '../observe/events.js';
import type { IngestSummary } from '../observe/summary.js';
import { type RollBack, rollBack } from '../store/durability/roll-back.js';
import type { Published } from '../store/session.js';
import { parseStorage } from '../store/storage-url.js';
import { Accessor } from './accessor.js';
import type { SaveArraysOptions } from './arrays/array-export.js';
import type { IngestEstimate } from './cost/estimate.js';
import { type EstimateOptions, estimateRegion } from './cost/estimate-region.js';
import { type CreateOptions, createCube, openIfCreated } from './create.js';
import { eventsOf } from './fill/event-stream.js';
import { ingest } from './fill/ingest.js';
import type { IngestOptions, IngestTarget } from './fill/ingest-options.js';
import { type IngestPlan, type PlanOptions, planTarget, type TilePlanner } from './fill/plan.js';
import { TileLoader } from './fill/tile-loader.js';
import { UnderWay } from './fill/under-way.js';
import { type DropOptions, type DropReport, dropTiles } from './life/drop.js';
import { type ExtendOptions, type Extension, extendCube } from './life/extend.js';
import { type TileRecord, tileRecord } from './life/tile-record.js';
import { type OpenOptions, openBranch, openCube } from './open.js';
import { ledgerOf, type OpenedCube } from './opened-cube.js';
import type { OverviewLevel, OverviewSettings } from './overviews/levels.js';
import { levelsOf, type OverviewState, overviewState } from './overviews/stale.js';
import type { OverviewOptions, OverviewReport } from './overviews/update.js';
import { viewFor } from './read/cube-view.js';
import { checkFits } from './read/in-memory.js';
import {
  geoboxOf,
  type Like,
  type LoadOptions,
  loadRegion,
  prepareLoad,
  type Region,
} from './read/load.js';
import { type LazyDataset, openDataset } from './read/open-dataset.js';
import { type SavedRegion, type SaveOptions, saveGeoTiff } from './read/save-geotiff.js';
import { type MergeOptions, type MergeReport, mergeStores } from './shards/merge.js';
import { openOwnStore } from './shards/own-store.js';
import type { Shard } from './shards/shard.js';
import { isCreated } from './state/existence.js';
import { type FinaliseOptions, type FinaliseReport, finaliseRegion } from './state/finalise.js';
import { countStates, type StepCounts, type TileStatus, walkStates } from './state/tile-states.js';
import { type VerifyOptions, verifyRegion } from './state/verify.js';
import type { VerifyReport } from './state/verify-tiles.js';
import { type TimeOptions, tilesMeant } from './tiles.js';
import type { SampledPoints, SampleOptions } from './values/sample.js';
import type { RegionStats, StatsOptions } from './values/stats.js';

/** How {@link Cube.create} makes a cube, or opens the one that is there. */
export interface CubeCreateOptions extends CreateOptions {
  /** Opens the cube that is there, when its dataset is the same. Default `false`. */
  readonly existsOk?: boolean;
  /** Called with a new cube, before it is handed out; not with one that was there. When it fails, the empty cube stays. */
  readonly postCreate?: (cube: Cube) => void | Promise<void>;
  /** Reduced levels, which {@link Cube.updateOverviews} fills: `true`, or which. Default `false`. */
  readonly overviews?: boolean | OverviewSettings;
}

/** Options of a load with the names of bands that the compiler knows. */
type Loading<Names> = LoadOptions & { readonly bands?: Names | undefined };

/**
 * A datacube in an Icechunk repository or a plain Zarr directory. Where it was created of, or opened with, a dataset
 * whose bands the compiler knows, what is loaded of it is typed by their names.
 */
export class Cube<Bands extends BandTypes = BandTypes> extends Accessor<Bands> {
  /** Of this object alone: another one of the same cube fetches for itself. */
  readonly #loader = new TileLoader((tiles, options) => this.#fill(tiles, options));

  readonly #underWay = new UnderWay();

  /** Another one when the cube was extended. */
  #opened: OpenedCube;

  private constructor(opened: OpenedCube) {
    super();
    this.#opened = opened;
  }

  protected get opened(): OpenedCube {
    return this.#opened;
  }

  get grid(): Grid {
    return this.#opened.grid;
  }

  /** The steps of a temporal cube, those that {@link extend} added included. */
  get timeAxis(): TimeAxis | undefined {
    return this.#opened.timeAxis;
  }

  get dataset(): Dataset {
    return this.#opened.dataset;
  }

  /**
   * Creates an empty cube at `storage` and opens it. A path or `file:` URL is an Icechunk repository, or
   * a plain Zarr directory where it ends in `.zarr`; `s3:`, `gs:` and `az:` are Icechunk repositories in
   * object stores; `memory:NAME` lasts as long as the process, in which {@link open} finds it again.
   *
   * @throws {StoreError} of kind `exists` when one is there already, and neither `overwrite` nor `existsOk` is set.
   * @throws {InvalidInputError} with `existsOk` when the cube there has another dataset.
   */
  static async create<Bands extends BandTypes>(
    storage: string,
    dataset: TypedDataset<Bands>,
    { existsOk = false, postCreate, overviews = false, ...options }: CubeCreateOptions,
  ): Promise<Cube<Bands>> {
    const there = existsOk ? await openIfCreated(storage, dataset, options) : undefined;
    if (there !== undefined) return new Cube<Bands>(there);
    const start = performance.now();
    const cube = new Cube<Bands>(await createCube(parseStorage(storage), dataset, options));
    if (overviews !== false) {
      const { ensureOverviews } = await import('./overviews/update.js');
      await ensureOverviews(cube.opened, overviews === true ? {} : overviews, options.pool);
    }
    cube.stopwatch.add('create', performance.now() - start);
    await postCreate?.(cube as unknown as Cube);
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
  static async open<Bands extends BandTypes>(
    storage: string,
    options: OpenOptions & { readonly dataset?: TypedDataset<Bands> } = {},
  ): Promise<Cube<Bands>> {
    return new Cube<Bands>(await openCube(storage, options));
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
    options: PlanOptions = {},
  ): Promise<IngestPlan> {
    return planTarget(this.opened, target, source, options);
  }

  /**
   * What {@link ingest} of a region, or of a list, would cost: requests, bytes, memory, time. Without a sample no pixels
   * are fetched, and nobody is asked.
   *
   * @throws {InvalidInputError} outside the cube, or its time axis; with a sample {@link AbortedError}.
   */
  async estimate(target: IngestTarget, options: EstimateOptions = {}): Promise<IngestEstimate> {
    return estimateRegion(this.opened, target, options);
  }

  /**
   * Fetches, processes and commits every tile of a region, or of a list, that is not loaded yet. Tiles that
   * fail are listed in the summary and do not stop the others. Tiles that another process is filling in the
   * same cube are left to it. With {@link IngestOptions.shard} it is one part of the region, and then what
   * is left of the others.
   *
   * @throws {InvalidInputError} when the region or a tile lies outside the cube; {@link EarthEngineError},
   * `StoreError` or {@link AbortedError} when the run as a whole cannot go on. Whatever was
   * finished before is committed.
   */
  async ingest(target: IngestTarget, options: IngestOptions): Promise<IngestSummary> {
    return this.#fill(target, options);
  }

  /**
   * What {@link ingest} tells its `onEvent`, as an iterator that returns the summary. The ingest does not wait for
   * whoever listens. To leave the loop is to stop it: what is finished is committed.
   *
   * @throws as {@link ingest}, after all that it told.
   */
  ingestEvents(
    target: IngestTarget,
    { signal, onEvent, ...options }: IngestOptions,
  ): AsyncGenerator<IngestEvent, IngestSummary, undefined> {
    return eventsOf<IngestEvent, IngestSummary>(
      (tell, stop) =>
        this.#fill(target, {
          ...options,
          signal: stop,
          onEvent: (event) => {
            onEvent?.(event);
            tell(event);
          },
        }),
      signal,
    );
  }

  /**
   * Stops what this object still fetches (ingests, and loads that fetch) as a signal would, and waits for its end:
   * finished tiles are committed. `await using` calls it. Nothing else of a cube needs to be closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.end();
  }

  async #fill(target: IngestTarget, options: IngestOptions): Promise<IngestSummary> {
    const summary = await this.#underWay.run(
      (signal) => ingest(this.opened, target, { ...options, signal }),
      options.signal,
    );
    this.stopwatch.addIngest(summary);
    return summary;
  }

  /**
   * Reads a region: the pixels it touches on the cube's own grid, or, with `like` or a geobox of another
   * CRS or resolution, exactly the pixels of that geobox; of temporal cubes those of the given time. With `persist: false` nothing is read yet: as {@link openDataset}.
   *
   * @throws {InvalidInputError} when the region lies outside the cube, or an option does not fit it, and for more pixels
   * than this machine has memory for, before anything is fetched or read.
   * @throws {RasterError} for a damaged chunk; {@link AbortedError}.
   */
  load<const Names extends readonly (keyof Bands & string)[]>(
    roi: Roi,
    options: Omit<Loading<Names>, 'clip'> & { readonly persist: false },
  ): Promise<LazyDataset<Chosen<Bands, Names[number]>>>;
  load<const Names extends readonly (keyof Bands & string)[]>(
    roi: Roi,
    options?: Loading<Names> & { readonly persist?: true },
  ): Promise<Region<Chosen<Bands, Names[number]>>>;
  load(roi: Roi, options?: LoadOptions & { readonly persist?: true }): Promise<Region>;
  async load(
    roi: Roi,
    options: LoadOptions & { readonly persist?: boolean } = {},
  ): Promise<unknown> {
    if (options.persist === false && options.clip)
      throw expected('no clip', 'what is read later', 'clip: true', 'Clip what load() gives.');
    // Before tiles are fetched for it.
    if (options.persist !== false && options.source !== undefined)
      checkFits(prepareLoad(this.opened, roi, options), this.dataset);
    const view = await viewFor(this.opened, roi, options, this.#loader);
    return options.persist === false
      ? openDataset(view, roi, options)
      : this.stopwatch.time('load', () => loadRegion(view, roi, options));
  }

  /**
   * Writes a region as a GeoTIFF without ever having more of it in memory than {@link SaveOptions.pixelBytes}:
   * parts are read and written one after the other. The pixels are those of {@link load}. An existing file is
   * replaced when the new one is whole. Outside the shape of GeoJSON there is no value, unless `clip` is `false`.
   * Where bands have no code for "no value", a mask within the file tells which pixels have one. Several time steps
   * are bands one after the other. A COG is made of a GeoTIFF beside it, which takes its size on the disk
   * twice while it is made.
   *
   * @throws {InvalidInputError} as {@link load}, for creation options that do not fit, and for several steps that
   * would need a mask each, before anything is read; {@link RasterError} where it cannot be written; {@link AbortedError}.
   */
  async saveGeoTiff(roi: Roi, file: string, options: SaveOptions): Promise<SavedRegion> {
    const view = await viewFor(this.opened, roi, options, this.#loader);
    return this.stopwatch.time('load', () => saveGeoTiff(view, roi, file, options));
  }

  /**
   * Writes a region as a plain Zarr v3 directory: bands with their coordinates, CF attributes and grid mapping, each of
   * its own type, `[y, x]` or `[time, y, x]`; chunks are the cube's. It is no cube: nothing fills it further. Outside the
   * shape of GeoJSON there is no value, unless `clip` is `false`; where a band has no code for that, an array `mask` is
   * beside it. What is there is replaced when the new one is whole, unless it is a cube or no Zarr group.
   *
   * @throws {InvalidInputError} as {@link load}; {@link RasterError} where it cannot be written; {@link AbortedError}.
   */
  async saveZarr(roi: Roi, folder: string, options: SaveArraysOptions): Promise<SavedRegion> {
    const view = await viewFor(this.opened, roi, options, this.#loader);
    const { saveZarr } = await import('./arrays/save-zarr.js');
    return this.stopwatch.time('load', () => saveZarr(view, roi, folder, options));
  }

  /**
   * Writes a region as a NetCDF 4 file, which is what {@link saveZarr} writes in another form. HDF5 writes it in the
   * calling thread, by DEFLATE.
   *
   * @throws {InvalidInputError} as {@link load}; {@link RasterError} where it cannot be written; {@link SetupError}
   * without the package h5wasm; {@link AbortedError}.
   */
  async saveNetCdf(roi: Roi, file: string, options: SaveArraysOptions): Promise<SavedRegion> {
    const view = await viewFor(this.opened, roi, options, this.#loader);
    const { saveNetCdf } = await import('./arrays/save-netcdf.js');
    return this.stopwatch.time('load', () => saveNetCdf(view, roi, file, options));
  }

  /**
   * A region of the cube, by default all of it, as labelled arrays that read only what is selected of
   * them. Takes the options of {@link load}; what another process commits later is not seen.
   *
   * @throws {InvalidInputError} when the region lies outside the cube, or an option does not fit it.
   */
  async openDataset<const Names extends readonly (keyof Bands & string)[]>(
    roi: Roi = this.grid.geobox,
    options: Omit<Loading<Names>, 'clip'> = {},
  ): Promise<LazyDataset<Chosen<Bands, Names[number]>>> {
    return this.load<Names>(roi, { ...options, persist: false });
  }

  /** Reads exactly the pixels of a geobox, or of anything that has one. As {@link load}. */
  loadLike<const Names extends readonly (keyof Bands & string)[]>(
    reference: Like,
    options: Omit<Loading<Names>, 'like' | 'clip'> = {},
  ): Promise<Region<Chosen<Bands, Names[number]>>> {
    const geobox = geoboxOf(reference);
    return this.load<Names>(geobox, { ...options, like: geobox });
  }

  /**
   * Numbers of a region, by band and time step: how many of its pixels are valid, without a value and not loaded;
   * extremes, mean, standard deviation and quantiles of the valid ones. Counts, extremes and quantiles are exactly
   * numpy's; mean and deviation, in double precision, are to about 1e-13 of the largest value. Of regions of any
   * size: chunks are gone through one after the other, once, for quantiles of types of 32 bits
   * twice, of float64 four times. A polygon's pixels are those whose centre lies in it; a box along the grid, and a
   * geobox, have those that {@link load} gives.
   *
   * @throws {InvalidInputError} when the region lies outside the cube or holds no pixel's centre, or an option does not
   * fit; `StoreError` for lost chunks; {@link RasterError} for a damaged one; {@link AbortedError}.
   */
  async stats(roi: Roi, options: StatsOptions = {}): Promise<RegionStats> {
    const { regionStats } = await import('./values/stats.js');
    return this.stopwatch.time('stats', () => regionStats(this.opened, roi, options));
  }

  /**
   * The values of the pixels that contain points, by band, in temporal cubes at each of the steps that are meant. A
   * chunk is read once for all points in it. Where the grid goes around the earth, longitudes 360 degrees apart are one
   * place; a point on the grid's far edge is in its last pixel.
   *
   * @param points each [x, y], in degrees unless {@link SampleOptions.crs} says other
   * @throws {InvalidInputError} for what is no point, or an option that does not fit; `StoreError` for lost chunks;
   * {@link RasterError} for a damaged one; {@link AbortedError}.
   */
  async sample(
    points: readonly (readonly [x: number, y: number])[],
    options: SampleOptions = {},
  ): Promise<SampledPoints> {
    const { samplePoints } = await import('./values/sample.js');
    return this.stopwatch.time('sample', () => samplePoints(this.opened, points, options));
  }

  /** The state of each tile that a region touches, in temporal cubes at each of the given steps. */
  async tileStates(roi: Roi, options: TimeOptions = {}): Promise<TileStatus[]> {
    const states: TileStatus[] = [];
    for await (const status of this.walkStates(roi, options)) states.push(status);
    return states;
  }

  /** As {@link tileStates}, one after the other: for cubes of more tiles than memory should hold. */
  async *walkStates(roi: Roi, { time }: TimeOptions = {}): AsyncGenerator<TileStatus> {
    const steps = this.stepsOf(time);
    yield* walkStates(await ledgerOf(this.opened), tilesIn(roi, this.grid), steps);
  }

  /** How many tiles of a region are in which state: one record for each of the given steps, or one in all. */
  async countStates(roi: Roi, { time }: TimeOptions = {}): Promise<StepCounts[]> {
    const steps = this.stepsOf(time);
    return countStates(await ledgerOf(this.opened), tilesIn(roi, this.grid), steps);
  }

  /**
   * Checks that the chunks of each loaded tile of a region, or of a list, are there and can be decoded, and that there
   * are none that the ledger does not know of. In a plain Zarr directory those may be what a killed
   * ingest left, or of one that is under way; they do no harm. With {@link VerifyOptions.shard} it is one part of the
   * region: all of them together check each tile once.
   *
   * @throws {InvalidInputError} outside the cube, or where a cube cannot be repaired; `StoreError`;
   * {@link AbortedError}, before anything is repaired.
   */
  async verify(target: IngestTarget, options: VerifyOptions = {}): Promise<VerifyReport> {
    return verifyRegion(this.opened, target, options);
  }

  /**
   * What is done once when all processes that fill a region have ended, however each did: removes what dead ones left,
   * writes the list that smart-geocubes reads, looks whether each chunk is there, and counts what is missing.
   *
   * @throws {InvalidInputError} outside the cube, or where nothing can be written to it; `StoreError`; {@link AbortedError}.
   */
  async finalise(roi: Roi, options: FinaliseOptions = {}): Promise<FinaliseReport> {
    return finaliseRegion(this.opened, roi, options);
  }

  /**
   * Opens a branch of this cube, and makes it at the newest state where there is none of that name. What is committed to
   * it this cube's readers do not see before {@link publish}: so they see all of a run, or nothing.
   *
   * @throws {InvalidInputError} for a name that cannot be one; `StoreError` of kind `io` for a plain Zarr directory.
   */
  async openBranch(name: string): Promise<Cube> {
    return new Cube(await openBranch(this.#opened, name));
  }

  /**
   * Makes what a branch holds the newest state of the cube, in one step that readers see whole, and removes the branch.
   * Interrupted between the two, the same call ends it. Nobody may fill the branch meanwhile.
   *
   * @throws {InvalidInputError} when there is no such branch; `StoreError` of kind `conflict` when the cube has got
   * commits that the branch lacks: then nothing is moved.
   */
  async publish(branch: string): Promise<Published> {
    return this.#opened.repository.branches.publish(branch);
  }

  /**
   * Opens the store of a shard's own, `<storage>.shard-3-of-8`, and makes it where there is none: for machines that
   * share a file system whose folders no two of them may write to. {@link ingest} with that shard fills it with what
   * this cube lacks of the shard's part of the region, and {@link merge} brings all of them together.
   *
   * @throws {InvalidInputError} where the store there is of another cube, or this cube's place has no name that could
   * be made longer; `StoreError`.
   */
  async openShardStore(
    shard: Shard,
    options: Pick<OpenOptions, 'sync'> = {},
  ): Promise<Cube<Bands>> {
    return new Cube<Bands>(await openOwnStore(this.#opened, shard, options));
  }

  /**
   * Copies the tiles of other stores of the same dataset, by their paths or URLs, or those that
   * {@link openShardStore} has made for so many shards, into this cube: encoded chunks as they
   * are, with what is known of each tile, in commits of bounded size. A tile that is here already stays as it is; of one
   * that several stores have the first one's is taken. Nothing is decoded, but chunks that are cut short or not there
   * are noticed, and their tiles left out. When it breaks off, the same call goes on. The stores are left as they are.
   *
   * @throws {InvalidInputError} for a store of another dataset, grid, codec or time axis, before anything is copied;
   * `StoreError`; {@link AbortedError}. What was copied by then is committed.
   */
  async merge(
    stores: readonly string[] | { readonly shards: number },
    options: MergeOptions = {},
  ): Promise<MergeReport> {
    return mergeStores(this.#opened, stores, options);
  }

  /**
   * Adds steps at the end of the time axis, in one commit: arrays, ledger, time coordinate and dataset. No chunk is
   * touched, no tile loses its id, and whoever fills the cube meanwhile goes on; other objects that opened it have the
   * longer axis when they open it again. This one has it at once.
   *
   * @throws {InvalidInputError} for a cube without a time axis, one that nothing can be written to, a time before the
   * axis, or one that leaves a gap in regular steps; `StoreError`.
   */
  async extend(options: ExtendOptions): Promise<Extension> {
    const { extended, extension } = await extendCube(this.#opened, options);
    this.#opened = extended;
    return extension;
  }

  /**
   * Makes tiles of a region, or of a list, as if they had never been loaded, in one commit: the ledger, the list that smart-geocubes
   * reads, and their chunks, which the history of an Icechunk repository keeps until old snapshots are expired.
   *
   * @throws {InvalidInputError} outside the cube, or where nothing can be written to it; `StoreError`.
   */
  async drop(target: IngestTarget, options: DropOptions = {}): Promise<DropReport> {
    return dropTiles(this.#opened, target, options);
  }

  /**
   * Brings the reduced levels beside the bands up to date with the tiles that are committed, and makes them where there
   * are none: each of a level's pixels is made of the cube's own, `factor` x `factor` of them. Goes on where a call
   * before was stopped, and does what changed since. Tiles that are committed meanwhile are left to the next call.
   *
   * @throws {InvalidInputError} for settings that are not those of the cube's levels, or where nothing can be written;
   * `StoreError` of kind `conflict` where another process does the same; {@link RasterError} for a damaged chunk;
   * {@link AbortedError}. What was finished by then is committed.
   */
  async updateOverviews(options: OverviewOptions = {}): Promise<OverviewReport> {
    const { updateOverviews } = await import('./overviews/update.js');
    return this.stopwatch.time('overviews', () => updateOverviews(this.opened, options));
  }

  /** The reduced levels, the finest first; none where the cube has no overviews. They may be behind: {@link overviewState}. */
  async levels(): Promise<readonly OverviewLevel[]> {
    return levelsOf(this.opened);
  }

  /** What the overviews have of a region: a tile that was loaded, fetched again or taken out since they were made is stale. */
  async overviewState(
    roi: Roi = this.grid.geobox,
    { time }: TimeOptions = {},
  ): Promise<OverviewState> {
    return overviewState(this.opened, tilesMeant(roi, this.opened, time));
  }

  /** What is known of one tile: whether it is loaded, when it was fetched, and of what. @throws {InvalidInputError} when there is no such tile. */
  async tileRecord(tile: TileIndex | string): Promise<TileRecord> {
    return tileRecord(this.#opened, tile);
  }

  /**
   * The steps of the cube's axis that a time of interest means; all of them without one.
   * @returns `undefined` for cubes without a time axis.
   * @throws {InvalidInputError} when the time is not on the axis, or there is none.
   */
  stepsOf(time?: Toi): readonly TimeStep[] | undefined {
    return selectSteps(this.timeAxis, time);
  }
}
