import { type Dataset, fillValueOf, type Resampling } from '../../dataset/dataset.js';
import { requestAffine } from '../../grid/onto/request-grid.js';
import {
  bloscFor,
  type Codec,
  DEFAULT_BLOCKSIZE,
  DEFAULT_CLEVEL,
  FAST_BLOCKSIZE,
  FAST_CLEVEL,
  SEED_CLEVEL,
} from '../../raster/codec.js';
import type { MaskTransport, Recipe } from '../../tile.js';

/**
 * What a kernel must know to process the tiles of `dataset`.
 *
 * @param resampling in place of the dataset's own
 */
export function recipeOf(
  dataset: Dataset,
  codec: Codec,
  mask: MaskTransport,
  resampling: Resampling = dataset.processing.resampling,
): Recipe {
  return {
    bands: dataset.bands.length,
    dtype: dataset.dtype,
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
