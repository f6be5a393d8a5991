import { typeGroups } from '../../dataset/band-types.js';
import { type Dataset, fillValueOf, type Resampling } from '../../dataset/dataset.js';
import { arrayCodecOf } from '../../dataset/grid/inner-chunk.js';
import { requestAffine } from '../../grid/onto/request-grid.js';
import {
  type ArrayCodec,
  bloscFor,
  type Codec,
  DEFAULT_BLOCKSIZE,
  DEFAULT_CLEVEL,
  FAST_BLOCKSIZE,
  FAST_CLEVEL,
  SEED_CLEVEL,
} from '../../raster/codec.js';
import { isNarrow, workTypeOf } from '../../raster/dtype.js';
import type { MaskTransport, Recipe, TileSource } from '../../tile.js';

/**
 * What a kernel must know to process the tiles of `dataset`.
 *
 * @param resampling in place of the dataset's own
 */
export function recipeOf(
  dataset: Dataset,
  codec: ArrayCodec,
  mask: MaskTransport,
  resampling: Resampling = dataset.processing.resampling,
): Recipe {
  return {
    bands: dataset.bands.length,
    dtype: workTypeOf(dataset.dtype),
    ...(isNarrow(dataset.dtype) ? { storedAs: dataset.dtype } : {}),
    fillValue: fillValueOf(dataset),
    ...(dataset.nodata === undefined ? {} : { nodata: dataset.nodata }),
    mask,
    processing: { ...dataset.processing, resampling },
    grid: dataset.grid.geobox,
    ...(dataset.requestGrid === undefined
      ? {}
      : { requestGrid: requestAffine(dataset.requestGrid) }),
    chunk: dataset.grid.chunk,
    codec,
  };
}

/** What a kernel must know of some of a dataset's bands, which are of one type. */
export interface BandsRecipe {
  /** As indices into the dataset's bands, in order. */
  readonly bands: readonly number[];
  readonly recipe: Recipe;
}

/** The recipes of a dataset's bands, by type: one for all where all are of one. */
export function recipesOf(
  dataset: Dataset,
  codec: Codec,
  source: Pick<TileSource, 'mask' | 'maskOf' | 'resampling'>,
): readonly BandsRecipe[] {
  return typeGroups(dataset).map(({ bands, dataset: typed }) => ({
    bands,
    recipe: recipeOf(
      typed,
      arrayCodecOf(typed, codec),
      source.maskOf?.(bands[0] ?? 0) ?? source.mask,
      source.resampling,
    ),
  }));
}

/** The codec of a new cube's bands; `hasBlosc` tells whether an honest Blosc encoder was found. */
export function chooseCodec(
  { dtype, codec }: Pick<Dataset, 'dtype' | 'codec'>,
  hasBlosc: boolean,
): Codec {
  if (!hasBlosc) return { name: 'gzip', level: codec === 'seed' ? SEED_CLEVEL : 1 };
  switch (codec) {
    case 'default':
      return bloscFor(dtype, DEFAULT_CLEVEL, DEFAULT_BLOCKSIZE);
    case 'fast':
      return bloscFor(dtype, FAST_CLEVEL, FAST_BLOCKSIZE, 'lz4');
    case 'seed':
      return bloscFor(dtype, SEED_CLEVEL);
  }
}

/** Coordinates are written once and read often: the level zarr-python takes by default. */
export function coordinateCodec(hasBlosc: boolean): Codec {
  return hasBlosc ? bloscFor('float64', 5) : { name: 'gzip', level: 5 };
}
