import type { Dataset } from '../../dataset/dataset.js';
import type { DatasetFile } from '../../dataset/file/dataset-file.js';
import type { BandsOfFile, TypedDataset } from '../../dataset/file/typed.js';
import type { GridOptions } from '../../dataset/grid/read-grid.js';
import { defineDataset as define, type Frozen } from '../../dataset/parse.js';
import { checkSourceTime } from '../../dataset/read-time-axis.js';
import type { BuildImage } from '../../earth-engine/expressions/official-client.js';
import type { DType } from '../../raster/dtype.js';
import type { EarthEngineAccountOptions } from '../sources/earth-engine.js';
import { earthEngineExpression } from '../sources/expression.js';

/** A dataset whose image is built with Google's own client, in place of the fields that name a source. */
export interface BuiltDataset
  extends Omit<Frozen<DatasetFile>, 'collection' | 'image' | 'expression' | 'local'> {
  /**
   * Gets the client and the start and the end of a time step, and gives an `ee.Image` with the dataset's bands.
   * It is called once: what it builds is stored in the cube, and computed by Earth Engine for each step.
   */
  readonly image: BuildImage;
}

/** What a file says of its bands' names and types, for the compiler. */
interface Said<Entries, Common> {
  readonly bands: Entries;
  readonly dtype?: Common | undefined;
}

/**
 * A dataset from its file's content, given in TypeScript.
 *
 * Where its `image` is a function, that builds the image with Google's own client, for which it is asked for its
 * list of functions once, so that a promise comes back:
 *
 * ```ts
 * const dataset = await defineDataset(
 *   {
 *     title: 'Monthly medians',
 *     image: (ee, { start, end }) =>
 *       ee.ImageCollection('COPERNICUS/S2_SR_HARMONIZED')
 *         .filterDate(start, end).select(['B4', 'B3', 'B2']).median(),
 *     bands: ['B4', 'B3', 'B2'],
 *     dtype: 'uint16',
 *     nodata: 0,
 *     grid: { crs: 'EPSG:32633', bounds: [500000, 5690000, 510000, 5700000], resolution: 10, chunk: 512 },
 *     time: { start: '2024-01', step: '1 month', count: 12 },
 *   },
 *   { project: 'my-project' },
 * );
 * ```
 *
 * @param options beside those of the grid, the account for that request
 * @throws {InvalidInputError} naming the field that is wrong, what was expected and what came; for an image of one
 * time in a dataset with steps, and for one that depends on them in a dataset without.
 * @throws {EarthEngineError} where the client cannot be had.
 */
export function defineDataset<
  const Entries extends BuiltDataset['bands'],
  const Common extends DType = DType,
>(
  file: BuiltDataset & Said<Entries, Common>,
  options?: GridOptions & EarthEngineAccountOptions,
): Promise<TypedDataset<BandsOfFile<Entries, Common>>>;
export function defineDataset<
  const Entries extends Frozen<DatasetFile>['bands'],
  const Common extends DType = DType,
>(
  file: Frozen<DatasetFile> & Said<Entries, Common>,
  options?: GridOptions,
): TypedDataset<BandsOfFile<Entries, Common>>;
export function defineDataset(
  file: Frozen<DatasetFile> | BuiltDataset,
  options: GridOptions & EarthEngineAccountOptions = {},
): Dataset | Promise<Dataset> {
  return isBuilt(file) ? build(file, options) : define(file, options);
}

function isBuilt(file: Frozen<DatasetFile> | BuiltDataset): file is BuiltDataset {
  return typeof (file as { readonly image?: unknown } | null)?.image === 'function';
}

async function build(
  { image, ...rest }: BuiltDataset,
  { like, onSnap, ...account }: GridOptions & EarthEngineAccountOptions,
): Promise<Dataset> {
  const grid = {
    ...(like === undefined ? {} : { like }),
    ...(onSnap === undefined ? {} : { onSnap }),
  };
  // Whatever else is wrong, another source among it, is told before anyone is asked: a name stands for the image.
  const isAlone = !['collection', 'expression', 'local'].some((field) => field in rest);
  const dataset = define({ ...rest, [isAlone ? 'collection' : 'image']: 'built' }, grid);
  const source = await earthEngineExpression(image, account);
  checkSourceTime(source, dataset.time !== undefined);
  return { ...dataset, source };
}
