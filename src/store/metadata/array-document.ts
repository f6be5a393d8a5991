/** The `zarr.json` of an array that another program may have written, as far as a cube needs it. */
import type { Codec } from '../../raster/codec.js';
import { DTYPES, type DType } from '../../raster/dtype.js';
import { readMetadata } from '../read.js';
import type { Session } from '../session.js';

type Json = Readonly<Record<string, unknown>>;

export interface ArrayDocument {
  readonly shape: readonly number[];
  readonly chunk: readonly number[];
  readonly dimensions: readonly string[];
  /** The type as the document names it. */
  readonly dataType: string;
  /** Absent for types that cubes cannot have. */
  readonly dtype?: DType;
  readonly fillValue: number;
  readonly codecs: readonly Json[];
  readonly attributes: Json;
}

/** `undefined` where there is no array, or one that is not laid out in regular chunks. */
export async function readArray(
  session: Session,
  path: string,
): Promise<ArrayDocument | undefined> {
  const document = (await readMetadata(session, path)) as Json | undefined;
  if (document?.node_type !== 'array') return undefined;
  const grid = document.chunk_grid as { name?: unknown; configuration?: Json } | undefined;
  const chunk = grid?.configuration?.chunk_shape;
  if (grid?.name !== 'regular' || !isNumbers(document.shape) || !isNumbers(chunk)) return undefined;
  const { dimension_names: names, data_type: dataType, fill_value: fill, codecs } = document;
  const dtype = DTYPES.find((known) => known === dataType);
  return {
    shape: document.shape,
    chunk,
    dimensions: Array.isArray(names) ? names.map(String) : [],
    dataType: String(dataType),
    ...(dtype === undefined ? {} : { dtype }),
    fillValue: fill === 'NaN' ? Number.NaN : Number(fill),
    codecs: Array.isArray(codecs) ? (codecs as Json[]) : [],
    attributes: attributesOf(document),
  };
}

/** Keys of the chunks of a coordinate: of one dimension, or of none, and then one chunk whose key is just "c". */
export async function lineKeys(session: Session, path: string): Promise<string[]> {
  const array = await readArray(session, path);
  if (array === undefined) return [];
  const [[length], [chunk = 1]] = [array.shape, array.chunk];
  if (length === undefined) return [`${path}/c`];
  return Array.from({ length: Math.ceil(length / chunk) }, (_, i) => `${path}/c/${i}`);
}

export function attributesOf(document: unknown): Json {
  const attributes = (document as { attributes?: unknown } | undefined)?.attributes;
  return typeof attributes === 'object' && attributes !== null ? (attributes as Json) : {};
}

/** How the array's chunks must be encoded; `undefined` where kernels do not write such. */
export function codecOf({ codecs }: ArrayDocument): Codec | undefined {
  const [bytes, compressor, ...more] = codecs;
  const { endian = 'little' } = configurationOf(bytes);
  if (bytes?.name !== 'bytes' || endian !== 'little' || more.length > 0) return undefined;
  const settings = configurationOf(compressor);
  switch (compressor?.name) {
    case undefined:
      return { name: 'uncompressed' };
    case 'gzip':
      return { name: 'gzip', level: Number(settings.level) };
    case 'blosc':
      return bloscOf(settings);
    default:
      return undefined;
  }
}

function bloscOf({ cname, clevel, shuffle, typesize, blocksize }: Json): Codec | undefined {
  if (cname !== 'zstd' && cname !== 'lz4') return undefined;
  if (shuffle !== 'noshuffle' && shuffle !== 'shuffle' && shuffle !== 'bitshuffle')
    return undefined;
  return {
    name: 'blosc',
    cname,
    clevel: Number(clevel),
    shuffle,
    typesize: Number(typesize),
    // 0 leaves it to the encoder, as its absence does.
    ...(blocksize ? { blocksize: Number(blocksize) } : {}),
  };
}

function configurationOf(codec: Json | undefined): Json {
  return (codec?.configuration as Json | undefined) ?? {};
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0);
}
