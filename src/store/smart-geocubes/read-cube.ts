/** Recognises the cubes that the Python package smart-geocubes makes, and derives what it did not record. */
import { isDeepStrictEqual } from 'node:util';
import { typedFor } from '../../dataset/band-types.js';
import type { Band, Dataset } from '../../dataset/dataset.js';
import { DEFAULT_PROCESSING, fillValueOf } from '../../dataset/dataset.js';
import { seedRecipe } from '../../dataset/smart-geocubes.js';
import { StoreError } from '../../errors.js';
import { Grid } from '../../grid/tiling.js';
import { type Codec, codecFor } from '../../raster/codec.js';
import type { DType } from '../../raster/dtype.js';
import {
  type ArrayDocument,
  attributesOf,
  codecOf,
  readArray,
} from '../metadata/array-document.js';
import { readMetadata } from '../read.js';
import type { Session } from '../session.js';
import { deriveGeoBox } from './grid.js';
import { LIST_NAMES } from './loaded-list.js';
import { deriveTimeAxis } from './time.js';

/** A cube without a record of ours, and what can be done with it. */
export interface SeedCube {
  readonly dataset: Dataset;
  readonly codec: Codec;
  /** Why it can be read but not extended, as the end of the sentence "It cannot be extended: ..."; absent where it can. */
  readonly readOnlyBecause?: string;
}

const COORDINATES = new Set(['x', 'y', 'time', 'spatial_ref', 'geocubes', 'zarr.json']);

/** Said where a caller's dataset can supply what is missing. */
export const UNKNOWN_SOURCE = 'where its pixels come from is not known';

/**
 * The cube of smart-geocubes in a store: title, list of loaded patches, and bands on x and y, with or without time.
 * `undefined` when the store holds something else.
 *
 * @throws {StoreError} of kind `not-a-cube` for a cube of smart-geocubes that cannot be read here.
 */
export async function recogniseSeedCube(session: Session): Promise<SeedCube | undefined> {
  const root = attributesOf(await readMetadata(session, ''));
  const { title } = root;
  if (typeof title !== 'string' || !LIST_NAMES.some((name) => Array.isArray(root[name])))
    return undefined;
  const arrays = await readBands(session);
  const [first] = arrays;
  if (first === undefined) return undefined;
  const { hasTime, shape, chunk } = agreedShape(title, arrays);
  const geobox = await deriveGeoBox(session, shape);
  const recipe = seedRecipe(title);
  const types = arrays.map(({ document }) => typeOf(document));
  const common = types[0] as SeedType;
  const codec = codecOf(first.document);
  const dataset: Dataset = {
    title,
    source: recipe?.source ?? { kind: 'none' },
    bands: arrays.map(({ name, document }, i) => ({
      name,
      ...ownType(types[i] as SeedType, common),
      attributes: plainAttributes(document),
    })),
    ...common,
    grid: new Grid(geobox, chunk).toRecord(),
    ...(hasTime ? { time: await deriveTimeAxis(session) } : {}),
    processing: recipe?.processing ?? DEFAULT_PROCESSING,
    codec: 'default',
  };
  const otherFill = arrays
    .map(({ document }) => document.fillValue)
    .find((fill, i) => !Object.is(fillValueOf(typedFor(dataset, dataset.bands[i])), fill));
  const reason =
    codec === undefined || !arrays.every(({ document }) => isEncodedBy(codec, document))
      ? 'its chunks are compressed in a way that is not written here'
      : otherFill !== undefined
        ? `its arrays hold ${otherFill} where there is no value, and float cubes are written with NaN here`
        : recipe === undefined
          ? UNKNOWN_SOURCE
          : undefined;
  return {
    dataset,
    codec: codec ?? { name: 'uncompressed' },
    ...(reason === undefined ? {} : { readOnlyBecause: reason }),
  };
}

type SeedType = Pick<Dataset, 'nodata'> & { readonly dtype: DType };

/** What stands for "no value" is what the array holds where nothing was written. */
function typeOf({ dtype, fillValue }: ArrayDocument): SeedType {
  const hasCode = dtype !== 'bool' && !Number.isNaN(fillValue) && fillValue !== 0;
  return { dtype: dtype as DType, ...(hasCode ? { nodata: fillValue } : {}) };
}

/** What a band says of its type beside what is said for all. */
function ownType(own: SeedType, common: SeedType): Pick<Band, 'dtype' | 'nodata'> {
  return {
    ...(own.dtype === common.dtype ? {} : { dtype: own.dtype }),
    ...(own.nodata === common.nodata ? {} : { nodata: own.nodata ?? null }),
  };
}

/** Whether the chunks of an array are encoded as those of its type are where others are by `codec`. */
function isEncodedBy(codec: Codec, document: ArrayDocument): boolean {
  return isDeepStrictEqual(codecOf(document), codecFor(codec, document.dtype as DType));
}

interface NamedArray {
  readonly name: string;
  readonly document: ArrayDocument;
}

/** In the order of their names: Icechunk does not keep the order in which arrays were made. */
async function readBands(session: Session): Promise<NamedArray[]> {
  const arrays: NamedArray[] = [];
  for (const name of (await session.store.list('')).sort()) {
    if (COORDINATES.has(name) || name.startsWith('.')) continue;
    const document = await readArray(session, name);
    if (document !== undefined) arrays.push({ name, document });
  }
  return arrays;
}

/** What all bands must have in common. */
function agreedShape(title: string, arrays: readonly NamedArray[]) {
  const [first, ...others] = arrays.map(({ document }) => document);
  if (first === undefined) throw cannotRead(title, 'it has no bands');
  const { dimensions, shape, chunk } = first;
  const [height, width] = shape.slice(-2);
  const [chunkHeight, chunkWidth] = chunk.slice(-2);
  const hasTime = dimensions[0] === 'time';
  const axes = hasTime ? ['time', 'y', 'x'] : ['y', 'x'];
  if (
    dimensions.join() !== axes.join() ||
    [shape, chunk].some(({ length }) => length !== axes.length)
  )
    throw cannotRead(title, `its bands have the axes ${dimensions.join(', ')}`);
  if (hasTime && chunk[0] !== 1) throw cannotRead(title, 'its chunks span several time steps');
  const unknown = arrays.find(({ document }) => document.dtype === undefined);
  if (unknown !== undefined)
    throw cannotRead(title, `its band ${unknown.name} is of type ${unknown.document.dataType}`);
  const isLike = (other: ArrayDocument) =>
    other.shape.join() === shape.join() &&
    other.chunk.join() === chunk.join() &&
    other.dimensions.join() === dimensions.join();
  if (!others.every(isLike)) throw cannotRead(title, 'its bands differ in shape or chunks');
  return {
    hasTime,
    shape: { height: height ?? 0, width: width ?? 0 },
    chunk: { height: chunkHeight ?? 0, width: chunkWidth ?? 0 },
  };
}

function plainAttributes({ attributes }: ArrayDocument): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(attributes).filter(
      (entry): entry is [string, string | number] =>
        ['long_name', 'data_source', 'units'].includes(entry[0]) &&
        (typeof entry[1] === 'string' || typeof entry[1] === 'number'),
    ),
  );
}

function cannotRead(title: string, why: string): StoreError {
  return new StoreError(
    'not-a-cube',
    `Expected a cube whose bands are alike but ${title}, made by smart-geocubes, is another: ${why}. Read it with smart-geocubes.`,
  );
}
