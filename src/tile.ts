/**
 * The life of a tile. Each stage is a function from one of these states to the next:
 *
 *   planned -> fetched -> encoded -> committed
 *
 * and any stage may end in `FailedTile`. States are plain data: they cross threads as they are.
 * Between fetched and encoded a tile is decoded and aligned band by band; those two never leave a
 * kernel (kernel/pipeline.ts), so they have no state here.
 */
import type { Dataset, Resampling } from './dataset/dataset.js';
import type { Origin } from './dataset/origin.js';
import type { TimeSpan } from './dataset/period.js';
import type { ErrorRecord } from './errors.js';
import type { Affine } from './grid/affine.js';
import type { GeoBoxRecord } from './grid/geobox.js';
import type { TileIndex } from './grid/tiling.js';
import type { Window } from './grid/window.js';
import type { ArrayCodec } from './raster/codec.js';
import type { NarrowType, WorkType } from './raster/dtype.js';

/**
 * How masked pixels travel in a request's GeoTIFF.
 * - `file`: masked pixels are NaN or what the file itself says: its nodata value and, of a file on disk,
 *   its mask and alpha bands
 * - `sentinel`: a masked pixel holds `value`
 * - `bits`: after the request's data bands come ceil(bands / 8) bands of bits; bit `i % 8` of band
 *   `floor(i / 8)` is 1 where the request's data band `i` is valid
 */
export type MaskTransport =
  | { readonly kind: 'file' }
  | { readonly kind: 'sentinel'; readonly value: number }
  | { readonly kind: 'bits' };

/** Bits of a mask band that are used: one byte, whatever the band's type, so that every dtype can carry it. */
export const BITS_PER_MASK_BAND = 8;

/** Bands of mask bits that come with `bands` data bands. */
export function maskBandsOf(bands: number, mask: MaskTransport): number {
  return mask.kind === 'bits' ? Math.ceil(bands / BITS_PER_MASK_BAND) : 0;
}

/** One request for pixels: a window of the tile and some of its bands. */
export interface PixelRequest {
  /** In pixels of the tile, or of its `requestGeobox` where it has one. */
  readonly window: Window;
  readonly geobox: GeoBoxRecord;
  /** Which of the tile's bands, as indices into the dataset's bands, in order. */
  readonly bands: readonly number[];
  /** Uncompressed bytes of the reply as Earth Engine counts them, mask bytes included. */
  readonly bytes: number;
}

/** A tile to be fetched, and the requests that takes. */
export interface PlannedTile {
  readonly state: 'planned';
  /** `row-col`, or `t-row-col` in temporal cubes. */
  readonly id: string;
  readonly index: TileIndex;
  /** The pixels the tile covers; smaller than a chunk in the grid's last row and column. */
  readonly geobox: GeoBoxRecord;
  /** What pixels are asked for, where that is not the tile's own geobox: they are warped onto it here. */
  readonly requestGeobox?: GeoBoxRecord;
  /** Which images the pixels are of: those from `start` up to but not at `end`. Absent without a time axis. */
  readonly time?: TimeSpan;
  readonly requests: readonly PixelRequest[];
}

/**
 * The bytes of one reply. One owner: a thread reads them where they lie in shared memory, until they are
 * given back to the source; any others are transferred to it. Neither are copied.
 */
export interface FetchedPart {
  readonly request: PixelRequest;
  readonly bytes: Uint8Array;
}

/** What a band's stored numbers stand for: number * scale + offset, in a unit; absent where nothing is said of it. */
export interface BandPacking {
  readonly scale?: number;
  readonly offset?: number;
  readonly units?: string;
}

/** A raster file on disk, which the kernel reads itself: no byte of it crosses a thread. */
export interface FileReference {
  /** For messages: absolute, or as the user named a part of a file. */
  readonly path: string;
  /** What GDAL opens, where that is not the path: a part of a file, or the text of a VRT as it was checked. */
  readonly name?: string;
  /** The formats it may be of, by GDAL's names, or `any`. Default: those that hold data themselves. */
  readonly formats?: readonly string[] | 'any';
  /** Which of its overviews is read, from 0, the finest. Default: the file's own pixels. */
  readonly overview?: number | undefined;
  /** The file's bands, from 0, in the order of the request's bands. */
  readonly bands: readonly number[];
  /** Value of pixels without one, in place of the file's own; NaN always is one in floats. */
  readonly nodata?: number;
  /** By band of the request: the values are number * scale + offset, and these are wanted. */
  readonly unscale?: readonly { readonly scale: number; readonly offset: number }[];
  /**
   * By how often 360 units of its CRS the file's x is moved to reach the request's: whole turns of longitude,
   * or as much of them as a cylindrical map is wide.
   */
  readonly turns: number;
}

/** A part of a tile that lies in files, on whatever grid: the kernel puts it on the request's. */
export interface FilePart {
  readonly request: PixelRequest;
  /**
   * One file, or several that are of one grid and so make one raster; a later one lies over an earlier one at
   * its valid pixels. All have the same `turns`.
   */
  readonly files: readonly FileReference[];
  /** That raster, of which the files may be a part: all others of its files lie too far from the tile. */
  readonly raster: {
    readonly affine: Affine;
    readonly shape: readonly [height: number, width: number];
  };
}

/** A tile, or some of its bands, whose replies have all come and been checked. */
export interface FetchedTile {
  readonly state: 'fetched';
  readonly id: string;
  readonly index: TileIndex;
  /** Which of the dataset's bands are to be made of it, as indices, in order. Absent: all. */
  readonly bands?: readonly number[];
  readonly geobox: GeoBoxRecord;
  readonly requestGeobox?: GeoBoxRecord;
  /** Where parts overlap, a later one lies over an earlier one, band by band, at its valid pixels. */
  readonly parts: readonly FetchedPart[];
  /** Parts that the kernel reads from disk; they lie over {@link parts} in the same way. */
  readonly files?: readonly FilePart[];
}

/** Counts of the tile's own pixels in one band: valid as fetched, filled, left without a value. */
export interface BandCounts {
  readonly valid: number;
  readonly filled: number;
  readonly empty: number;
}

export interface EncodedChunk {
  /** Index into the dataset's bands. */
  readonly band: number;
  /** The encoded bytes; absent when every pixel holds the fill value, which Zarr need not store. */
  readonly bytes?: Uint8Array;
  readonly counts: BandCounts;
}

/** A tile that is compressed, or those of its bands that were asked for. */
export interface EncodedTile {
  readonly state: 'encoded';
  readonly id: string;
  readonly index: TileIndex;
  readonly chunks: readonly EncodedChunk[];
  /** True when not one pixel of these bands was valid: a tile of which that is so is recorded as empty, and no chunk is written. */
  readonly isEmpty: boolean;
  /** Milliseconds spent, by stage of the kernel. */
  readonly timings: Readonly<Record<'decode' | 'warp' | 'fill' | 'encode', number>>;
  /** When the kernel started and which thread ran it: for timelines. */
  readonly startedAt: number;
  readonly thread: number;
}

export interface CommittedTile {
  readonly state: 'committed';
  readonly id: string;
  readonly snapshot: string;
}

export interface FailedTile {
  readonly state: 'failed';
  readonly id: string;
  readonly index: TileIndex;
  readonly stage: 'fetch' | 'process' | 'commit';
  readonly error: ErrorRecord;
  /** How often what failed was tried: the request that was given up, or the fetches of pixels that could not be decoded. */
  readonly tries: number;
  /** The same reply came each time and is of no use: neither waiting nor another try would mend it. */
  readonly isRepeated?: true;
}

/** What a kernel needs to know of a dataset: the same for every tile of a run. */
export interface Recipe {
  readonly bands: number;
  /** Of the pixels as they come and are computed. */
  readonly dtype: WorkType;
  /** What they become when they are stored, where that is another type. */
  readonly storedAs?: NarrowType;
  readonly fillValue: number;
  /** The code for "no value" in integer pixels, which no computed value may take. */
  readonly nodata?: number;
  readonly mask: MaskTransport;
  readonly processing: Dataset['processing'];
  /** The cube's grid, of which tiles are parts. Absent: each tile is a grid of its own. */
  readonly grid?: Pick<GeoBoxRecord, 'affine' | 'shape'>;
  /** The grid without an end on which pixels are asked for, from any of its corners. Absent: each `requestGeobox` is one of its own. */
  readonly requestGrid?: Affine;
  /** Shape of an encoded chunk. */
  readonly chunk: readonly [height: number, width: number];
  readonly codec: ArrayCodec;
}

/** The bands that are to be made of a tile. */
export function bandsOf(
  { bands }: Pick<FetchedTile, 'bands'>,
  recipe: Pick<Recipe, 'bands'>,
): readonly number[] {
  return bands ?? Array.from({ length: recipe.bands }, (_, band) => band);
}

/** What happens while a source gets a tile's pixels, beside the pixels themselves. */
export type SourceEvent =
  /** One request was sent and answered with the pixels asked for. */
  | { readonly type: 'request'; readonly bytes: number; readonly ms: number }
  /** A request failed in a way that may pass, and is sent again after `delayMs`. */
  | { readonly type: 'retry'; readonly error: ErrorRecord; readonly delayMs: number }
  /** A request was too large for the service, and was cut in two. */
  | {
      readonly type: 'split';
      readonly error: ErrorRecord;
      readonly window: Window;
      readonly bands: number;
    }
  /** The service says that the project's quota is restricted; its own words. */
  | { readonly type: 'quota-status'; readonly status: string };

/** What a source may be told while it fetches, and whom it tells. */
export interface FetchContext {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: SourceEvent) => void) | undefined;
}

/** That an image of a source was changed. */
export interface SourceUpdate {
  /** Milliseconds since 1970, by the source's clock; infinite where it does not tell. */
  readonly updatedAt: number;
  /** Where, in degrees: west, south, east, north, at the least. Absent: anywhere. */
  readonly bounds?: readonly [west: number, south: number, east: number, north: number];
  /** Whether it is of all that tiles are made of, so that one whose record has another time was made of something else. */
  readonly isWhole?: boolean;
}

/** Where a cube's pixels come from. */
export interface TileSource {
  /** How masked pixels travel in this source's GeoTIFFs. */
  readonly mask: MaskTransport;
  /** The same of one band, where bands differ because they are of several types. Absent: `mask` for all. */
  maskOf?(band: number): MaskTransport;
  /** How its pixels are resampled, where that is not as the dataset says. */
  readonly resampling?: Resampling;
  /** What its tiles are made of, as the cube notes it of each. Absent: a source that does not tell. */
  readonly origin?: Origin;
  /** Whether it has anything for a tile, so that others are neither fetched nor recorded. Absent: for all. */
  hasTile?(index: TileIndex): boolean;
  /** What its pixels stand for, in the order of the dataset's bands; the cube's attributes must say the same. */
  readonly packings?: readonly BandPacking[];
  /** The requests that pixels on that geobox need; arithmetic only. */
  planRequests(geobox: GeoBoxRecord): PixelRequest[];
  /** What is asked for instead of the tile's own geobox, by a source whose pixels lie on another grid. */
  requestGeobox?(tile: GeoBoxRecord): GeoBoxRecord;
  /** Fails when the source cannot serve the dataset at all, before anything is written. */
  check(signal?: AbortSignal): Promise<void>;
  /**
   * Gets one tile's pixels, retrying what can be retried: those of `tile.requests`, which may be a part of the
   * planned ones, a large tile being fetched by groups of bands. Parts do not share memory. Whoever calls this
   * gives the tile to {@link release} once, when its bytes are no longer read.
   * @throws {EarthEngineError | AbortedError | RasterError}
   */
  fetch(tile: PlannedTile, context?: FetchContext): Promise<FetchedTile>;
  /**
   * Told once of each tile that it fetched, when nobody reads the tile's bytes any more: memory of a
   * source's own can be used again then.
   */
  release?(tile: FetchedTile): void;
  /**
   * When each of its images of a time step was changed last; all of them without a step. Absent: it does not tell.
   * @throws {EarthEngineError | AbortedError | InvalidInputError}
   */
  updates?(time: TimeSpan | undefined, signal?: AbortSignal): Promise<readonly SourceUpdate[]>;
  /**
   * When the asset itself, an image or a collection, was changed last, as it told when it was asked last: milliseconds
   * since 1970, by its own clock. Noted of each tile. Absent, or `undefined`: it did not tell.
   */
  updatedAt?(): number | undefined;
  close(): Promise<void>;
}
