/**
 * The members of smart-geocubes' accessor that stand on others: each is a few lines over what `Cube` does.
 * README.md beside this file has the table of all of them.
 */
import type { MultiPolygon, Polygon } from 'geojson';
import type { Dataset } from '../dataset/dataset.js';
import type { TimeAxis, TimeStep } from '../dataset/time-axis.js';
import type { Toi } from '../dataset/toi.js';
import { expected } from '../errors.js';
import type { GeoBox } from '../grid/geobox.js';
import { type Roi, roiWindows, tilesOf } from '../grid/roi.js';
import { type Grid, parseTileId, type TileIndex, tileId } from '../grid/tiling.js';
import { logBenchmarkSummary, Stopwatch, type SummaryLog } from '../observe/stopwatch.js';
import type { IngestSummary } from '../observe/summary.js';
import { renderPng } from '../picture/png.js';
import { createPool, type Pool, type PoolOptions } from '../pool/pool.js';
import type { Repository } from '../store/repository.js';
import { nameStorage, PLACES } from '../store/storage-url.js';
import { TileState } from '../store/tiles/ledger.js';
import type { TileSource } from '../tile.js';
import { atSteps } from './fill/plan.js';
import type { LoadOptions, Region, TimeOptions } from './read/load.js';
import { checkCreated } from './state/existence.js';
import { type TileFeatures, tileFeatures } from './state/tile-features.js';

/** A tile that a region touches. */
export interface AdjacentTile {
  /** `row-col`, in temporal cubes `t-row-col`. */
  readonly id: string;
  readonly index: TileIndex;
  readonly geobox: GeoBox;
}

/** What a cube is kept in. */
export interface RepositoryFacts {
  readonly format: 'icechunk' | 'zarr';
  /** Where it lies: in a local folder, in memory or in an object store. */
  readonly kind: 'local' | 'memory' | 's3' | 'gs' | 'az';
  /** As {@link Accessor.storage}. */
  readonly storage: string;
}

/** Which tiles the current state is of. */
export interface CurrentStateOptions extends TimeOptions {
  /** Also the tiles that are not loaded. Default `false`, as smart-geocubes. */
  readonly all?: boolean;
}

/** What the map of the loaded tiles shows. */
export interface StatePictureOptions extends TimeOptions {
  /** Default: the dataset's title. */
  readonly title?: string;
  /** Outlined in the map. */
  readonly roi?: Roi;
  /** Default: that of `drawStateMap`. */
  readonly widthPx?: number;
}

/** With what one tile is fetched, and which of its bands are read. */
export type DownloadTileOptions = Pick<LoadOptions, 'signal' | 'bands'> & {
  readonly source: TileSource;
  readonly pool: Pool;
};

/** How tiles are computed: on the calling thread, or in a pool of threads. */
export type ConcurrencyMode = 'blocking' | 'threaded';

/** What the pool of one download is. */
export interface ProceduralDownloadOptions {
  /** Default `blocking`, as smart-geocubes. */
  readonly mode?: ConcurrencyMode;
  /** Threads of the mode `threaded`. Default: the cores the process may use. */
  readonly threads?: number;
  /** What computes. Default `gdal`. */
  readonly kernel?: PoolOptions['kernel'];
}

/** @typeParam Ingest the options of an ingest. */
export abstract class Accessor<
  Ingest extends TimeOptions & { readonly source: TileSource; readonly pool: Pool },
> {
  abstract readonly dataset: Dataset;
  abstract readonly grid: Grid;
  abstract readonly timeAxis: TimeAxis | undefined;
  protected abstract readonly repository: Repository;

  /** Milliseconds spent by this object, by what it did. */
  readonly stopwatch = new Stopwatch();

  abstract ingest(roi: Roi, options: Ingest): Promise<IngestSummary>;
  abstract load(roi: Roi, options?: LoadOptions): Promise<Region>;
  abstract stepsOf(time?: Toi): readonly TimeStep[] | undefined;
  abstract tileStates(
    roi: Roi,
    options?: TimeOptions,
  ): Promise<(TileIndex & { readonly state: TileState })[]>;

  /** The dataset's title. */
  get title(): string {
    return this.dataset.title;
  }

  /** The names of the bands, in their order. */
  get channels(): string[] {
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
    return nameStorage(this.repository.location);
  }

  /** What the cube is kept in. */
  get repo(): RepositoryFacts {
    const { format, lies } = PLACES[this.repository.location.kind];
    return { format, kind: lies, storage: this.storage };
  }

  /**
   * Looks whether the cube is still where it was opened.
   * @throws {StoreError} of kind `not-a-cube` when it is not.
   */
  assertCreated(): Promise<void> {
    return checkCreated(this.repository);
  }

  /**
   * The tiles that a region touches, in temporal cubes at each of the steps that are meant.
   * @throws {InvalidInputError} when it touches none.
   */
  adjacentTiles(roi: Roi, { time }: TimeOptions = {}): AdjacentTile[] {
    const tiles = atSteps([...tilesOf(roi, this.grid)], this.stepsOf(time));
    return Array.from(tiles, (index) => ({
      id: tileId(index),
      index,
      geobox: this.grid.tileGeoBox(index),
    }));
  }

  /** The same as {@link ingest}, by the name that smart-geocubes has for it. */
  download(roi: Roi, options: Ingest): Promise<IngestSummary> {
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
    options: Omit<Ingest, 'pool'> & ProceduralDownloadOptions,
  ): Promise<IngestSummary> {
    const pool = createPool(poolOptionsOf(options));
    try {
      // TypeScript cannot see that taking a field out of a type parameter and putting it back gives the same type.
      return await this.ingest(roi, { ...options, pool } as unknown as Ingest);
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
    const index = typeof tile === 'string' ? parseTileId(tile) : tile;
    const geobox = this.grid.tileGeoBox(index);
    return this.load(geobox, { ...options, ...this.timeOf(index) });
  }

  /** The time of a tile's step. @throws {InvalidInputError} where the cube has no such step. */
  protected timeOf({ t }: TileIndex): TimeOptions {
    const steps = this.timeAxis?.steps;
    if (steps === undefined && t === undefined) return {};
    const step = t === undefined ? undefined : steps?.[t];
    if (step === undefined) {
      const wanted = steps === undefined ? 'none' : `a step from 0 to ${steps.length - 1}`;
      throw expected(wanted, "the time of the tile's index", t === undefined ? 'none' : t);
    }
    return { time: { kind: 'at', time: new Date(step.start) } };
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
    const { drawStateMap } = await import('../picture/state-map.js');
    const svg = drawStateMap({
      title,
      grid: this.grid,
      // The last word counts: a tile that is loaded at one step and empty at another is loaded.
      states: tiles
        .filter(({ state }) => state !== TileState.notLoaded)
        .sort((one, other) => other.state - one.state),
      ...(widthPx === undefined ? {} : { widthPx }),
      ...(roi === undefined ? {} : { region: roiWindows(roi, this.grid.geobox) }),
    });
    return format === 'svg' ? svg : renderPng(svg);
  }

  /** Writes what {@link stopwatch} holds to a logger such as pino's, a line for each name. */
  logBenchmarkSummary(log: SummaryLog): void {
    logBenchmarkSummary(this.stopwatch, log);
  }
}

function poolOptionsOf({
  mode = 'blocking',
  threads,
  kernel,
}: ProceduralDownloadOptions): PoolOptions {
  if (mode !== 'blocking' && mode !== 'threaded')
    throw expected('"blocking" or "threaded"', 'the concurrency mode', mode);
  const ofKernel = kernel === undefined ? {} : { kernel };
  if (mode === 'blocking') return { size: 0, ...ofKernel };
  return threads === undefined ? ofKernel : { size: threads, ...ofKernel };
}
