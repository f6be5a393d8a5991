import { expected } from '../errors.js';
import { parseCrs } from '../grid/crs/crs.js';
import { canHold, type DType } from '../raster/dtype.js';
import { type Band, type Dataset, DEFAULT_PROCESSING, type NamedSource } from './dataset.js';
import { readExpression } from './expressions/expression.js';
import { type CheckedDatasetFile, type DatasetFile, datasetFile } from './file/dataset-file.js';
import { issueError } from './file/issue.js';
import { checkInnerChunk } from './grid/inner-chunk.js';
import { type GridOptions, readGrid } from './grid/read-grid.js';
import { checkSourceTime, readTimeAxis } from './read-time-axis.js';
import { readBandRecipe, withRecipe } from './recipe/read-recipe.js';

/** Names that a band may not take, because the cube has arrays of these names. */
const RESERVED = new Set(['x', 'y', 'time', 'spatial_ref', 'geocubes', 'zarr.json']);

/** The same, `as const` or not. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/**
 * A dataset from its file's content, given in TypeScript.
 * @throws {InvalidInputError} as {@link parseDataset} does.
 */
export function defineDataset(file: Frozen<DatasetFile>, options: GridOptions = {}): Dataset {
  return parseDataset(file, options);
}

/**
 * Reads a dataset from parsed JSON.
 * @throws {InvalidInputError} naming the field that is wrong, what was expected and what came.
 */
export function parseDataset(json: unknown, options: GridOptions = {}): Dataset {
  const result = datasetFile.safeParse(json, { reportInput: true });
  if (!result.success) {
    const [issue] = result.error.issues;
    throw issue === undefined
      ? expected('a dataset', 'the file', json)
      : issueError({ issue, path: issue.path });
  }
  const file = result.data;
  const bands = file.bands.map((entry) =>
    typeof entry === 'string' ? { name: entry } : readBand(entry),
  );
  checkBands(bands.map(({ name }) => name));
  const dtype = file.dtype ?? bands[0]?.dtype;
  checkTypes({ ...file, dtype }, bands);
  const grid = readGrid(file.grid, options);
  const source = withRecipe(sourceOf(file), file, bands);
  const time = file.time === undefined ? undefined : readTimeAxis(file.time);
  const { innerChunk } = file;
  checkInnerChunk({ grid: grid.toRecord(), ...(innerChunk === undefined ? {} : { innerChunk }) });
  checkSourceTime(source, time !== undefined);
  return {
    title: file.title,
    source,
    bands,
    dtype: dtype as DType,
    ...(file.nodata === undefined ? {} : { nodata: file.nodata }),
    grid: grid.toRecord(),
    ...(file.requestGrid === undefined ? {} : { requestGrid: requestGridOf(file.requestGrid) }),
    ...(time === undefined ? {} : { time }),
    processing: {
      fill: file.fill ?? DEFAULT_PROCESSING.fill,
      maxFillDistance:
        file.maxFillDistance === undefined
          ? DEFAULT_PROCESSING.maxFillDistance
          : file.maxFillDistance,
      clipToObserved: file.clipToObserved ?? DEFAULT_PROCESSING.clipToObserved,
      resampling: file.resampling ?? DEFAULT_PROCESSING.resampling,
    },
    codec: file.codec ?? 'default',
    ...(innerChunk === undefined ? {} : { innerChunk }),
  };
}

function requestGridOf({
  crs,
  resolution,
  origin,
}: NonNullable<CheckedDatasetFile['requestGrid']>): NonNullable<Dataset['requestGrid']> {
  return { crs: parseCrs(crs).name, resolution, ...(origin === undefined ? {} : { origin }) };
}

/** By field of the file. */
const SOURCE_READERS: {
  readonly [K in NamedSource['kind']]: (value: NonNullable<CheckedDatasetFile[K]>) => NamedSource;
} = {
  collection: (id) => ({ kind: 'collection', id }),
  image: (id) => ({ kind: 'image', id }),
  expression: (expression) => ({ kind: 'expression', expression: readExpression(expression) }),
  local: () => ({ kind: 'local' }),
};
const SOURCE_FIELDS = Object.keys(SOURCE_READERS) as NamedSource['kind'][];

function sourceOf(file: CheckedDatasetFile): NamedSource {
  const [name, ...more] = SOURCE_FIELDS.filter((field) => file[field] !== undefined);
  if (name === undefined || more.length > 0) {
    const fields = SOURCE_FIELDS.map((field) => `"${field}"`);
    const received = name === undefined ? 'none' : [name, ...more].join(', ');
    throw expected(`exactly one of ${inWords(fields)}`, 'the dataset', received);
  }
  return (SOURCE_READERS[name] as (value: unknown) => NamedSource)(file[name]);
}

function inWords(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function checkBands(names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    if (RESERVED.has(name))
      throw expected(
        'another name',
        `band ${i} of the dataset`,
        name,
        'The cube has an array of that name.',
      );
    if (names.indexOf(name) !== i)
      throw expected('each name once', 'the bands of the dataset', name);
  }
}

type BandEntry = Exclude<CheckedDatasetFile['bands'][number], string>;

/** CF attributes that a band may say as fields of its own. */
const CF_FIELDS = ['long_name', 'units', 'scale_factor', 'add_offset'] as const;

function readBand(entry: BandEntry): Band {
  const { name, dtype, nodata } = entry;
  const said = Object.fromEntries(
    CF_FIELDS.flatMap((field) => (entry[field] === undefined ? [] : [[field, entry[field]]])),
  ) as Record<string, string | number>;
  for (const [field, value] of Object.entries(said)) {
    const other = entry.attributes?.[field];
    if (other !== undefined && other !== value)
      throw expected(
        `one "${field}"`,
        `the band ${name} of the dataset`,
        `${value}, and ${other} among its attributes`,
      );
  }
  const attributes = { ...said, ...entry.attributes };
  const isNamed = entry.attributes !== undefined || Object.keys(said).length > 0;
  return {
    name,
    ...(dtype === undefined ? {} : { dtype }),
    ...(nodata === undefined ? {} : { nodata }),
    ...(isNamed ? { attributes } : {}),
    ...readBandRecipe(entry),
  };
}

/** Each band has a type, and that type has its code for "no value". */
function checkTypes(
  { dtype, nodata }: Pick<CheckedDatasetFile, 'dtype' | 'nodata'>,
  bands: readonly Band[],
): void {
  for (const band of bands) {
    const own = band.dtype ?? dtype;
    if (own === undefined)
      throw expected('a "dtype"', `the dataset, for its band ${band.name},`, 'none');
    const code = band.nodata === undefined ? nodata : band.nodata;
    if (code === undefined || code === null) continue;
    if (own === 'bool')
      throw expected(
        `a "nodata" of null for the band ${band.name} of bool`,
        'the dataset',
        code,
        'It would be one of the two values.',
      );
    if (canHold(own, code)) continue;
    throw band.nodata === undefined && band.dtype !== undefined
      ? expected(
          `a "nodata" of its own, or null, for the band ${band.name} of ${own}`,
          'the dataset',
          `${code} for all bands, which ${own} cannot hold`,
        )
      : expected(
          `a value that ${own} can hold`,
          band.nodata === undefined
            ? '"nodata" of the dataset'
            : `"nodata" of the band ${band.name}`,
          code,
        );
  }
}
