import type { RequestGrid } from '../grid/onto/request-grid.js';
import type { GridRecord } from '../grid/tiling.js';
import type { DType } from '../raster/dtype.js';
import type { BandRecipe, Recipe } from './recipe/recipe.js';
import type { TimeAxisRecord } from './time-axis.js';

/** One band of a dataset, which becomes one array of the cube. */
export interface Band extends BandRecipe {
  /** Name at Earth Engine and in the cube; of a band that is derived, in the cube alone. */
  readonly name: string;
  /** Of its pixels, where that is not the dataset's. */
  readonly dtype?: DType;
  /** Its own code for "no value", or `null` for none, where that is not the dataset's. */
  readonly nodata?: number | null;
  /** Attributes of the cube's array, such as `long_name` and `data_source`. */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

export const FILLS = ['none', 'idw', 'nearest'] as const;

/**
 * What becomes of the pixels that Earth Engine masks.
 * - `none`: they stay empty: `nodata` in integer cubes, NaN in float cubes
 * - `idw`: GDAL's fillNodata: inverse distance weighting of the nearest valid pixels in each quadrant
 * - `nearest`: the value of the nearest valid pixel, exactly, as smart-geocubes does it
 */
export type Fill = (typeof FILLS)[number];

/** GDAL's names. Earth Engine itself always answers with the nearest pixel. */
export const RESAMPLINGS = ['near', 'bilinear', 'cubic', 'average', 'mode'] as const;

/** How pixels come onto another grid, by GDAL's names. */
export type Resampling = (typeof RESAMPLINGS)[number];

/**
 * How far each looks from a pixel's centre, in the larger of source and target pixels. 0: at the pixel that holds
 * it, or at what the target pixel covers.
 */
export const RESAMPLING_RADII: Readonly<Record<Resampling, number>> = {
  near: 0,
  bilinear: 1,
  cubic: 2,
  average: 0,
  mode: 0,
};

/** How decoded pixels become the cube's pixels. */
export interface Processing {
  readonly fill: Fill;
  /** How far, in pixels, a gap is filled from its edge; `null` is without limit. */
  readonly maxFillDistance: number | null;
  /** Keep filled values within the smallest and largest valid value of the tile's band. */
  readonly clipToObserved: boolean;
  /** Used only where pixels arrive on another grid than the tile's. */
  readonly resampling: Resampling;
}

/**
 * Where the pixels come from: exactly one of an image collection (mosaicked, unless its recipe says other), an
 * image, an expression (of an image, or of a function that gives one for a time step), or files on disk
 * (`local`), which are named when they are imported. Files can be imported into every cube.
 * `none` in cubes that another program made and that do not tell: they can be read.
 */
export type Source =
  | { readonly kind: 'none' }
  | { readonly kind: 'collection'; readonly id: string; readonly recipe?: Recipe }
  | { readonly kind: 'image'; readonly id: string; readonly recipe?: Pick<Recipe, 'mask'> }
  | { readonly kind: 'expression'; readonly expression: unknown }
  | { readonly kind: 'local' };

/** A source that a dataset file names, in the field of its kind. */
export type NamedSource = Exclude<Source, { kind: 'none' }>;

/** Of which sources the pixels can be told apart by time, so that a cube of it may have steps. */
export const SOURCES: Readonly<Record<NamedSource['kind'], { readonly hasTime: boolean }>> = {
  collection: { hasTime: true },
  image: { hasTime: false },
  /** Where it is a function of the time step. */
  expression: { hasTime: true },
  local: { hasTime: true },
};

/**
 * The recipe of a cube: everything needed to create and fill it. Plain data, and stored in the
 * cube's own attributes, so that an existing cube needs no recipe beside it.
 */
export interface Dataset {
  /** The cube's `title` attribute. */
  readonly title: string;
  readonly source: Source;
  /** In the order of the cube's arrays. */
  readonly bands: readonly Band[];
  /** Of all bands that do not say their own. */
  readonly dtype: DType;
  /**
   * The code that stands for "no value" in the stored integer pixels, where the type has one to
   * spare. Without it, masks travel as bands of their own, and pixels left empty are stored as 0.
   * Float cubes need none: they store NaN. Of all bands that do not say their own.
   */
  readonly nodata?: number;
  readonly grid: GridRecord;
  /**
   * The grid pixels are asked for on, where that is not the cube's: each tile's pixels come in a padded
   * window of it, and are resampled here, as `processing.resampling` says. Earth Engine itself takes the
   * nearest pixel.
   */
  readonly requestGrid?: RequestGrid;
  /**
   * The steps of a temporal cube, whose arrays are `[time, y, x]`: each is made of the
   * collection's images that begin in it. Absent: arrays `[y, x]` of all images whatever their time.
   */
  readonly time?: TimeAxisRecord;
  readonly processing: Processing;
  /** How chunks are compressed. */
  readonly codec: CodecChoice;
  /**
   * Side in pixels of the inner chunks that each chunk consists of (Zarr's sharding), a divisor of the chunk's sides:
   * who reads a window reads no more of a chunk than these. Absent: chunks are encoded whole.
   */
  readonly innerChunk?: number;
}

/**
 * `default`: Blosc with zstd, level 2. `fast`: Blosc with LZ4, which takes less time to write and to read, and
 * is larger. `seed`: zstd of level 9, as smart-geocubes has it. native-bench/README.md has what each gives.
 */
export const CODECS = ['default', 'fast', 'seed'] as const;
export type CodecChoice = (typeof CODECS)[number];

/** GDAL's own default for fillNodata. */
export const DEFAULT_FILL_DISTANCE = 100;

export const DEFAULT_PROCESSING: Processing = {
  fill: 'none',
  maxFillDistance: DEFAULT_FILL_DISTANCE,
  clipToObserved: false,
  resampling: 'near',
};

/** What is stored where there is no value: unloaded tiles and gaps that stay. */
export function fillValueOf({ dtype, nodata }: Pick<Dataset, 'dtype' | 'nodata'>): number {
  if (dtype === 'float32' || dtype === 'float64') return Number.NaN;
  return nodata ?? 0;
}
