import type { ChunkCompression } from '../../raster/codec.js';
import { bytesOf, DTYPES, type DType } from '../../raster/dtype.js';

/** How an array of Zarr v3 is stored, as far as its chunks can be read without a Zarr library. */
export interface ArrayLayout {
  readonly dtype: DType;
  /** Of all dimensions; the last two are y and x. */
  readonly shape: readonly number[];
  /** Of all dimensions; 1 in all but the last two. */
  readonly chunk: readonly number[];
  readonly compression: ChunkCompression;
  readonly fillValue: number;
  /** Where chunks consist of inner chunks; compression is theirs. */
  readonly inner?: InnerLayout;
  /** Key of a chunk below the array's own path, by its indices in all dimensions. */
  keyOf(indices: readonly number[]): string;
}

/** Inner chunks of a chunk, and where their index lies. */
export interface InnerLayout {
  readonly chunk: readonly [height: number, width: number];
  readonly index: 'start' | 'end';
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The layout that `zarr.json` of an array describes; `undefined` where the chunks need more than is done
 * here: other types, big-endian bytes, filters, chunks of several layers, inner chunks with an index of another kind. A Zarr library reads those.
 */
export function layoutOf(document: unknown): ArrayLayout | undefined {
  const { zarr_format, node_type, data_type, shape, chunk_grid, ...rest } = (document ??
    {}) as Json;
  const { chunk_key_encoding, codecs, fill_value, storage_transformers } = rest;
  if (zarr_format !== 3 || node_type !== 'array') return undefined;
  const dtype = DTYPES.find((name) => name === data_type);
  const chunk = configurationOf(chunk_grid, 'regular')?.chunk_shape;
  const sharding = shardingOf(codecs);
  const compression = compressionOf(sharding?.codecs ?? codecs, dtype);
  const fillValue = parseFillValue(fill_value);
  const keyOf = keysOf(chunk_key_encoding);
  const isPlain = !Array.isArray(storage_transformers) || storage_transformers.length === 0;
  if (dtype === undefined || compression === undefined || fillValue === undefined) return undefined;
  if (keyOf === undefined || !isPlain || !areSizes(shape) || !areSizes(chunk)) return undefined;
  if (shape.length < 2 || chunk.length !== shape.length) return undefined;
  if (chunk.slice(0, -2).some((size) => size !== 1)) return undefined;
  const layout = { dtype, shape, chunk, compression, fillValue, keyOf };
  if (sharding === undefined) return layout;
  const inner = innerOf(sharding, chunk);
  return inner === undefined ? undefined : { ...layout, inner };
}

function shardingOf(codecs: unknown): Json | undefined {
  return Array.isArray(codecs) && codecs.length === 1
    ? configurationOf(codecs[0], 'sharding_indexed')
    : undefined;
}

function innerOf(
  { chunk_shape: inner, index_codecs: codecs, index_location: index = 'end' }: Json,
  chunk: readonly number[],
): InnerLayout | undefined {
  if (!areSizes(inner) || inner.length !== chunk.length) return undefined;
  if (inner.some((size, i) => (chunk[i] as number) % size !== 0)) return undefined;
  const [bytes, checksum, ...more] = Array.isArray(codecs) ? (codecs as unknown[]) : [];
  if (configurationOf(bytes, 'bytes')?.endian !== 'little' || more.length > 0) return undefined;
  if (configurationOf(checksum, 'crc32c') === undefined) return undefined;
  if (index !== 'start' && index !== 'end') return undefined;
  return { chunk: inner.slice(-2) as [number, number], index };
}

function configurationOf(extension: unknown, name: string): Json | undefined {
  if (typeof extension !== 'object' || extension === null) return undefined;
  const { name: found, configuration } = extension as Json;
  return found === name ? ((configuration ?? {}) as Json) : undefined;
}

function areSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size) && size > 0);
}

function compressionOf(codecs: unknown, dtype: DType | undefined): ChunkCompression | undefined {
  if (!Array.isArray(codecs) || codecs.length === 0 || codecs.length > 2) return undefined;
  const [serializer, compressor] = codecs as [unknown, unknown];
  const bytes = configurationOf(serializer, 'bytes');
  if (bytes === undefined) return undefined;
  const isByte = dtype !== undefined && bytesOf(dtype) === 1;
  if (!isByte && bytes.endian !== 'little') return undefined;
  if (compressor === undefined) return 'none';
  return (['blosc', 'gzip', 'zstd'] as const).find(
    (name) => configurationOf(compressor, name) !== undefined,
  );
}

function parseFillValue(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  return value === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined;
}

function keysOf(encoding: unknown): ArrayLayout['keyOf'] | undefined {
  const standard = configurationOf(encoding, 'default');
  if (standard !== undefined) {
    const { separator = '/' } = standard;
    return (indices) => ['c', ...indices].join(String(separator));
  }
  const old = configurationOf(encoding, 'v2');
  if (old === undefined) return undefined;
  const { separator = '.' } = old;
  return (indices) => indices.join(String(separator));
}
