/**
 * The members of smart-geocubes' accessor that stand on others: each is a few lines over what `Cube` does.
 * README.md beside this file has the table of all of them.
 */
import type { MultiPolygon, Polygon } from 'geojson';
import type { Dataset } from '../dataset/dataset.js';
import type { BandTypes } from '../dataset/file/typed.js';
import type { TimeAxis, TimeStep } from '../dataset/time-axis.js';
import type { Toi } from '../dataset/toi.js';
import { type Roi, roiWindows } from '../grid/roi.js';
import type { Grid, TileIndex } from '../grid/tiling.js';
import type { Window } from '../grid/window.js';
import { logBenchmarkSummary, Stopwatch, type SummaryLog } from '../observe/stopwatch.js';
import type { IngestSummary } from '../observe/summary.js';
import { renderPng } from '../picture/png.js';
import { createPool, type Pool } from '../pool/pool.js';
import type { OpenZarr, ZarrArray, ZarrGroup } from '../store/open-zarr.js';
import { openZarr } from '../store/read.js';
import type { Commit, Tag } from '../store/session.js';
import { nameStorage, PLACES } from '../store/storage-url.js';
import type { TileSource } from '../tile.js';
import type { IngestOptions, IngestTarget } from './fill/ingest-options.js';
import { type ProceduralDownloadOptions, poolOptionsOf } from './fill/own-pool.js';
import type { OpenedCube, RepositoryFacts } from './opened-cube.js';
import type { LoadOptions, Region } from './read/load.js';
import { checkCreated } from './state/existence.js';
import type { StatePictureOptions } from './state/state-picture.js';
import {
  type CurrentStateOptions,
  type TileFeatures,
  tileFeatures,
} from './state/tile-features.js';
import { TileState, type TileStatus } from './state/tile-states.js';
import {
  type AdjacentTile,
  adjacentTiles,
  indexOf,
  listedTiles,
  type TimeOptions,
  timeOf,
} from './tiles.js';

/** With what one tile is fetched, and which of its bands are read. */
export type DownloadTileOptions = Pick<LoadOptions, 'signal' | 'bands'> & {
  readonly source: TileSource;
  readonly pool: Pool;
};

export abstract class Accessor<Bands extends BandTypes = BandTypes> {
  abstract get dataset(): Dataset;
  abstract get grid(): Grid;
  abstract get timeAxis(): TimeAxis | undefined;
  protected abstract get opened(): OpenedCube;

  /** Milliseconds spent by this object, by what it did. */
  readonly stopwatch = new Stopwatch();

  abstract ingest(target: IngestTarget, options: IngestOptions): Promise<IngestSummary>;
  abstract load(roi: Roi, options?: LoadOptions): Promise<Region>;
  abstract stepsOf(time?: Toi): readonly TimeStep[] | undefined;
  abstract tileStates(roi: Roi, options?: TimeOptions): Promise<TileStatus[]>;

  /** The dataset's title. */
  get title(): string {
    return this.dataset.title;
  }

  /** The names of the bands, in their order. */
  get channels(): (keyof Bands & string)[] {
    return this.dataset.bands.map(({ name }) => name);
  }

  /** Pixels of a whole tile along each side. */
  get chunkSize(): { readonly height: number; readonly width: number } {
    return this.grid.chunk;
  }

  /**
   * The cube's outline in EPSG:4326, as GeoJSON; its geobox is `grid.geobox`.
   * @throws {InvalidInputError} when a part of it is no place on earth.
   */
  get extent(): Polygon | MultiPolygon {
    return this.grid.geobox.geographicExtent;
  }

  /** Where the cube lies, as a path or URL; it holds no credentials. */
  get storage(): string {
    return nameStorage(this.opened.repository.location);
  }

  /** What the cube is kept in. */
  get repo(): RepositoryFacts {
    const { format, lies } = PLACES[this.opened.repository.location.kind];
    return { format, kind: lies, storage: this.storage };
  }

  /**
   * Looks whether the cube is still where it was opened.
   * @throws {StoreError} of kind `not-a-cube` when it is not.
   */
  assertCreated(): Promise<void> {
    return checkCreated(this.opened.repository);
  }

  /**
   * The tiles that a region touches, in temporal cubes at each of the steps that are meant.
   * @throws {InvalidInputError} when it touches none.
   */
  adjacentTiles(roi: Roi, { time }: TimeOptions = {}): AdjacentTile[] {
    return adjacentTiles(roi, this, { time });
  }

  /**
   * The tiles of a list, each once, in the order in which they are filled.
   * @throws {InvalidInputError} for one that the cube does not have.
   */
  tilesOf(tiles: readonly (TileIndex | string)[]): TileIndex[] {
    return listedTiles(tiles, this);
  }

  /** The pixels of the cube's grid that a region touches. */
  windowsOf(roi: Roi): Window[] {
    return roiWindows(roi, this.grid.geobox);
  }

  /**
   * The cube's group and bands as zarrita opens them, at this moment of its history. What more zarrita's types say of
   * them is named by whoever has these: `cube.openZarr<zarr.Group<zarr.AsyncReadable>, zarr.Array<zarr.DataType,
   * zarr.AsyncReadable>>()`.
   */
  async openZarr<
    Group extends ZarrGroup = ZarrGroup,
    OfBand extends ZarrArray = ZarrArray,
  >(): Promise<OpenZarr<Group, OfBand>> {
    const opened = await openZarr(await this.opened.repository.readSession(), this.channels);
    return opened as unknown as OpenZarr<Group, OfBand>;
  }

  /** The commits, newest first. */
  history(): Promise<Commit[]> {
    return this.opened.repository.history();
  }

  /** The commit this cube was opened at, with {@link OpenOptions.asOf}; else `undefined`. */
  get asOf(): Commit | undefined {
    return this.opened.repository.asOf;
  }

  /** Names for commits, in the order of the names. @throws {StoreError} of kind `io` for a plain Zarr directory. */
  async tags(): Promise<Tag[]> {
    return this.opened.repository.versions.tags();
  }

  /**
   * Gives a commit a name, which then never means another one, also when it is deleted.
   *
   * @param at the commit: as {@link OpenOptions.asOf}. Default: the one that is read now.
   * @throws {InvalidInputError} for a name that cannot be one, or a version that is not there; {@link StoreError} of
   * kind `exists` for a name that is taken.
   */
  async tag(name: string, at?: string): Promise<Commit> {
    const commit = await this.#commitAt(at);
    await this.opened.repository.versions.tag(name, commit.id);
    return commit;
  }

  /** Removes a name. The commit stays. @throws {InvalidInputError} when there is none. */
  async deleteTag(name: string): Promise<void> {
    return this.opened.repository.versions.deleteTag(name);
  }

  /**
   * Makes an older state the newest one again, tiles and all. What was committed later stays in the repository, where
   * its id and tags find it, until old snapshots are expired: the same call with the id of `from` undoes it. A process
   * that fills the cube meanwhile ends with an error at its next commit.
   *
   * @param version as {@link OpenOptions.asOf}.
   * @throws {InvalidInputError} when there is no such version; {@link StoreError} of kind `conflict` when another
   * process commits at that moment.
   */
  async resetTo(version: string): Promise<{ readonly from: Commit; readonly to: Commit }> {
    const { versions } = this.opened.repository;
    const to = await versions.find(version);
    return { from: await versions.reset(to), to };
  }

  async #commitAt(version: string | undefined): Promise<Commit> {
    const { repository } = this.opened;
    if (version !== undefined) return repository.versions.find(version);
    const { version: id } = await repository.readSession();
    return repository.versions.find(id ?? '');
  }

  /** The same as {@link ingest}, by the name that smart-geocubes has for it. */
  download(roi: Roi, options: IngestOptions): Promise<IngestSummary> {
    return this.ingest(roi, options);
  }

  /**
   * Downloads a region with a pool of its own: on the calling thread (`blocking`, a pool of size 0) or in
   * threads (`threaded`). Who downloads more than once keeps a pool and calls {@link ingest}.
   *
   * @throws {InvalidInputError} for an unknown mode, and as {@link ingest}.
   */
  async proceduralDownload(
    roi: Roi,
    options: Omit<IngestOptions, 'pool'> & ProceduralDownloadOptions,
  ): Promise<IngestSummary> {
    const pool = createPool(poolOptionsOf(options));
    try {
      return await this.ingest(roi, { ...options, pool });
    } finally {
      await pool.close();
    }
  }

  /**
   * The pixels of one tile; it is fetched and committed first where it is not loaded, once however many
   * calls want it. smart-geocubes leaves the commit to its caller.
   *
   * @param tile its index, or its id `row-col`, in temporal cubes `t-row-col`.
   * @throws {InvalidInputError} when there is no such tile; what made the tile fail.
   */
  async downloadTile(tile: TileIndex | string, options: DownloadTileOptions): Promise<Region> {
    const index = indexOf(tile);
    const geobox = this.grid.tileGeoBox(index);
    return this.load(geobox, { ...options, ...timeOf(index, this.timeAxis) });
  }

  /** Footprints of the tiles that are loaded, by default in all of the cube, as GeoJSON in EPSG:4326. */
  async currentState(
    roi: Roi = this.grid.geobox,
    { all = false, ...options }: CurrentStateOptions = {},
  ): Promise<TileFeatures> {
    const tiles = await this.tileStates(roi, options);
    const shown = all ? tiles : tiles.filter(({ state }) => state !== TileState.notLoaded);
    return tileFeatures(this.grid, shown);
  }

  /** A map of the tiles that are loaded, in temporal cubes at any of the steps that are meant: a PNG, or SVG text. */
  visualizeState(options: StatePictureOptions & { readonly format: 'svg' }): Promise<string>;
  visualizeState(options?: StatePictureOptions & { readonly format?: 'png' }): Promise<Buffer>;
  async visualizeState({
    title = this.title,
    roi,
    widthPx,
    format = 'png',
    ...options
  }: StatePictureOptions & { readonly format?: 'png' | 'svg' } = {}): Promise<Buffer | string> {
    const tiles = await this.tileStates(this.grid.geobox, options);
    const { drawLoadedTiles } = await import('./state/state-picture.js');
    const svg = drawLoadedTiles(this.grid, tiles, { title, roi, widthPx });
    return format === 'svg' ? svg : renderPng(svg);
  }

  /** Writes what {@link stopwatch} holds to a logger such as pino's, a line for each name. */
  logBenchmarkSummary(log: SummaryLog): void {
    logBenchmarkSummary(this.stopwatch, log);
  }
}
