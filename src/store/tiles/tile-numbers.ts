/** Some numbers for each tile: an array [time?, field, tile row, tile column] beside the ledger, in chunks as the ledger's. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { StoreError } from '../../errors.js';
import type { TileIndex } from '../../grid/tiling.js';
import { type Document, readDocument } from '../metadata/documents.js';
import { LEDGER_CHUNK, LEDGER_PATH } from '../metadata/zarr-metadata.js';
import type { KeyValueStore } from '../session.js';

const TILES = LEDGER_CHUNK * LEDGER_CHUNK;

/** For who is told that a chunk of numbers is damaged. */
export interface NumbersWords {
  readonly tell: string;
  readonly without: string;
}

/** The numbers in a store, read chunk by chunk as they are asked for, and kept for the life of the object. */
export class TileNumbers {
  readonly #chunks = new Map<string, Promise<Float64Array>>();
  readonly #changed = new Set<string>();
  /** The chunk that was read last. */
  #last: { readonly key: string; readonly chunk: Float64Array } | undefined;

  /**
   * @param fields how many the array has
   * @param what they tell of the tiles of a chunk, and what counts without it
   */
  constructor(
    private readonly store: KeyValueStore,
    private readonly path: string,
    private readonly fields: () => Promise<number>,
    private readonly what: NumbersWords,
  ) {}

  /** One number for each field; 0 where nothing was written. */
  async get(index: TileIndex): Promise<number[]> {
    const key = this.#keyOf(index);
    const chunk = await this.#chunk(key);
    this.#last = { key, chunk };
    return Array.from(
      { length: chunk.length / TILES },
      (_, field) => chunk[field * TILES + offsetOf(index)] ?? 0,
    );
  }

  /** The same of one field, where its chunk is the one that was read last; else `undefined`. */
  peek(index: TileIndex, field = 0): number | undefined {
    return this.#last?.key === this.#keyOf(index)
      ? this.#last.chunk[field * TILES + offsetOf(index)]
      : undefined;
  }

  /** @param values of the fields; an array that has fewer keeps the first */
  async put(index: TileIndex, values: readonly number[]): Promise<void> {
    const key = this.#keyOf(index);
    const chunk = await this.#chunk(key);
    const fields = chunk.length / TILES;
    for (const [field, value] of values.slice(0, fields).entries())
      chunk[field * TILES + offsetOf(index)] = value;
    this.#changed.add(key);
  }

  /** Writes the changed chunks; they count once the session is committed. */
  async flush(): Promise<void> {
    for (const key of this.#changed) {
      const { buffer } = await this.#chunk(key);
      await this.store.set(key, gzipSync(new Uint8Array(buffer), { level: 1 }));
    }
    this.#changed.clear();
  }

  #chunk(key: string): Promise<Float64Array> {
    const known = this.#chunks.get(key);
    if (known !== undefined) return known;
    const read = this.#readChunk(key);
    this.#chunks.set(key, read);
    return read;
  }

  async #readChunk(key: string): Promise<Float64Array> {
    const fields = await this.fields();
    const bytes = await this.store.get(key);
    if (bytes === null || bytes === undefined) return new Float64Array(fields * TILES);
    return unpack(key, bytes, fields, this.what);
  }

  #keyOf(index: TileIndex): string {
    return numbersKey(this.path, index);
  }
}

/** Key of the chunk with a tile's numbers, in the array at a path. */
export function numbersKey(path: string, { t, row, col }: TileIndex): string {
  const place = `0/${Math.floor(row / LEDGER_CHUNK)}/${Math.floor(col / LEDGER_CHUNK)}`;
  return `${path}/c/${t === undefined ? '' : `${t}/`}${place}`;
}

/** The document of such an array, as long as the ledger is in each of its dimensions. */
export async function numbersDocument(
  store: KeyValueStore,
  fields: number,
  attributes: Readonly<Record<string, unknown>>,
): Promise<Document> {
  const ledger = await readDocument(store, LEDGER_PATH);
  const [rows = 0, cols = 0] = (ledger?.shape as number[] | undefined)?.slice(-2) ?? [];
  const steps = (ledger?.shape as number[] | undefined)?.slice(0, -2) ?? [];
  return {
    shape: [...steps, fields, rows, cols],
    data_type: 'float64',
    chunk_grid: {
      name: 'regular',
      configuration: {
        chunk_shape: [...steps.map(() => 1), fields, LEDGER_CHUNK, LEDGER_CHUNK],
      },
    },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'gzip', configuration: { level: 1 } },
    ],
    attributes,
    dimension_names: [...steps.map(() => 'time'), 'field', 'tile_row', 'tile_col'],
    zarr_format: 3,
    node_type: 'array',
    storage_transformers: [],
  };
}

/** The numbers of a chunk. @throws {StoreError} for bytes that are none. */
function unpack(
  key: string,
  bytes: Uint8Array,
  fields: number,
  { tell, without }: NumbersWords,
): Float64Array {
  const length = fields * TILES * Float64Array.BYTES_PER_ELEMENT;
  try {
    const plain = gunzipSync(bytes, { maxOutputLength: length });
    // A copy of its own: Node lends small buffers from a pool, at any offset.
    if (plain.byteLength === length) return new Float64Array(new Uint8Array(plain).buffer);
  } catch {
    // Said below.
  }
  throw new StoreError(
    'io',
    `Expected ${tell} ${LEDGER_CHUNK} x ${LEDGER_CHUNK} tiles at ${key} but received other bytes. The file is damaged: ${without}. "geocubes verify --repair" removes it.`,
  );
}

function offsetOf({ row, col }: TileIndex): number {
  return (row % LEDGER_CHUNK) * LEDGER_CHUNK + (col % LEDGER_CHUNK);
}
