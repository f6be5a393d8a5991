/**
 * When each tile was fetched, and of what: an array beside the ledger, which changes in the same commits. It is made by
 * the first commit that has something to say, so that cubes of any age and origin get one.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Origin } from '../../dataset/origin.js';
import { StoreError } from '../../errors.js';
import type { TileIndex } from '../../grid/tiling.js';
import { type Document, readDocument, writeDocument } from '../metadata/documents.js';
import { LEDGER_CHUNK, LEDGER_PATH } from '../metadata/zarr-metadata.js';
import type { KeyValueStore } from '../session.js';

/** Path of the array in the cube. */
export const FETCHES_PATH = 'geocubes/fetches';

/** What is known of a tile's pixels. */
export interface FetchRecord {
  /**
   * When the fetch of the tile began, or of the one among those committed with it that began first: what changed at
   * the source later is not in its pixels for sure. Milliseconds since 1970, by the clock of the machine that fetched.
   */
  readonly fetchedAt: number;
  readonly origin: Origin;
  /** When the asset was changed last before that, by its service's clock; absent where that is not known. */
  readonly sourceUpdatedAt?: number | undefined;
}

/**
 * [field, tile row, tile column] of a chunk: the time; the number of the origin, from 1, in the attribute `sources`; when
 * the asset was changed. Cubes whose array was made before the third was kept have two.
 */
const FIELDS = 3;
const TILES = LEDGER_CHUNK * LEDGER_CHUNK;

/** What is known of the tiles in a store, read chunk by chunk as it is asked for. */
export class FetchRecords {
  readonly #chunks = new Map<string, Promise<Float64Array>>();
  readonly #changed = new Set<string>();
  #document: Promise<Document | undefined> | undefined;

  constructor(private readonly store: KeyValueStore) {}

  /** `undefined` for tiles that are not loaded, and for those that were before such records were kept. */
  async get(index: TileIndex): Promise<FetchRecord | undefined> {
    const fetchedAt = await this.fetchedAt(index);
    if (fetchedAt === 0) return undefined;
    const chunk = await this.#chunk(fetchesKey(index));
    const sources = sourcesOf(await this.#readDocument());
    const origin = sources[(chunk[TILES + offsetOf(index)] ?? 0) - 1];
    const sourceUpdatedAt = chunk[2 * TILES + offsetOf(index)] || undefined;
    return { fetchedAt, origin: origin ?? { name: 'unknown' }, sourceUpdatedAt };
  }

  /** 0 where that is not known. */
  async fetchedAt(index: TileIndex): Promise<number> {
    if ((await this.#readDocument()) === undefined) return 0;
    return (await this.#chunk(fetchesKey(index)))[offsetOf(index)] ?? 0;
  }

  async set(tiles: readonly TileIndex[], record: FetchRecord): Promise<void> {
    if (tiles.length === 0) return;
    const { fetchedAt, origin, sourceUpdatedAt = 0 } = record;
    const values = [fetchedAt, await this.#numberOf(origin), sourceUpdatedAt];
    for (const index of tiles) await this.#put(index, values);
  }

  /** Forgets what is known, where anything is. */
  async clear(tiles: readonly TileIndex[]): Promise<void> {
    if ((await this.#readDocument()) === undefined) return;
    for (const index of tiles) await this.#put(index, [0, 0, 0]);
  }

  /** Writes the changed chunks; they count once the session is committed. */
  async flush(): Promise<void> {
    for (const key of this.#changed) {
      const { buffer } = await this.#chunk(key);
      await this.store.set(key, gzipSync(new Uint8Array(buffer), { level: 1 }));
    }
    this.#changed.clear();
  }

  /** @param values of the fields; an array that has fewer keeps the first */
  async #put(index: TileIndex, values: readonly number[]): Promise<void> {
    const key = fetchesKey(index);
    const chunk = await this.#chunk(key);
    const fields = chunk.length / TILES;
    for (const [field, value] of values.slice(0, fields).entries())
      chunk[field * TILES + offsetOf(index)] = value;
    this.#changed.add(key);
  }

  /** The origin's place in the table, which is written anew where it lacks it. */
  async #numberOf(origin: Origin): Promise<number> {
    const document = (await this.#readDocument()) ?? (await this.#newDocument());
    const sources = sourcesOf(document);
    const at = sources.findIndex(({ name, hash }) => name === origin.name && hash === origin.hash);
    if (at >= 0) return at + 1;
    const longer = [...sources, origin];
    const changed = { ...document, attributes: { ...document.attributes, sources: longer } };
    await writeDocument(this.store, FETCHES_PATH, changed);
    this.#document = Promise.resolve(changed);
    return longer.length;
  }

  #readDocument(): Promise<Document | undefined> {
    this.#document ??= readDocument(this.store, FETCHES_PATH);
    return this.#document;
  }

  /** As long as the ledger is, in each of its dimensions. */
  async #newDocument(): Promise<Document> {
    const ledger = await readDocument(this.store, LEDGER_PATH);
    const [rows = 0, cols = 0] = (ledger?.shape as number[] | undefined)?.slice(-2) ?? [];
    const steps = (ledger?.shape as number[] | undefined)?.slice(0, -2) ?? [];
    return {
      shape: [...steps, FIELDS, rows, cols],
      data_type: 'float64',
      chunk_grid: {
        name: 'regular',
        configuration: {
          chunk_shape: [...steps.map(() => 1), FIELDS, LEDGER_CHUNK, LEDGER_CHUNK],
        },
      },
      chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
      fill_value: 0,
      codecs: [
        { name: 'bytes', configuration: { endian: 'little' } },
        { name: 'gzip', configuration: { level: 1 } },
      ],
      attributes: {
        long_name:
          'field 0: when each tile was fetched, milliseconds since 1970-01-01 (UTC), 0 where that is not known; field 1: of what, as a number from 1 into the attribute "sources"; field 2: when the asset was changed last, as its service told before the fetch, milliseconds since 1970-01-01 (UTC), 0 where that is not known',
        sources: [],
      },
      dimension_names: [...steps.map(() => 'time'), 'field', 'tile_row', 'tile_col'],
      zarr_format: 3,
      node_type: 'array',
      storage_transformers: [],
    };
  }

  #chunk(key: string): Promise<Float64Array> {
    const known = this.#chunks.get(key);
    if (known !== undefined) return known;
    const read = this.#readChunk(key);
    this.#chunks.set(key, read);
    return read;
  }

  async #readChunk(key: string): Promise<Float64Array> {
    const fields = fieldsOf(await this.#readDocument());
    const bytes = await this.store.get(key);
    if (bytes === null || bytes === undefined) return new Float64Array(fields * TILES);
    return unpack(key, bytes, fields);
  }
}

/**
 * Reads the array's document, or one of its chunks, for nothing but whether that can be done.
 * @returns whether it is there
 * @throws {StoreError} where it cannot be read
 */
export async function readFetches(store: KeyValueStore, key?: string): Promise<boolean> {
  const document = await readDocument(store, FETCHES_PATH);
  if (key === undefined || document === undefined) return document !== undefined;
  const bytes = (await store.get(key)) ?? undefined;
  if (bytes !== undefined) unpack(key, bytes, fieldsOf(document));
  return bytes !== undefined;
}

function unpack(key: string, bytes: Uint8Array, fields: number): Float64Array {
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
    `Expected when ${LEDGER_CHUNK} x ${LEDGER_CHUNK} tiles were fetched at ${key} but received other bytes. The file is damaged: without it that counts as not known.`,
  );
}

/** By the array's own shape: [time?, field, tile row, tile column]. */
function fieldsOf(document: Document | undefined): number {
  const fields = (document?.shape as number[] | undefined)?.at(-3);
  return fields === 2 ? 2 : FIELDS;
}

function sourcesOf(document: Document | undefined): readonly Origin[] {
  const sources = document?.attributes?.sources;
  return Array.isArray(sources) ? (sources as Origin[]) : [];
}

/** Key of the chunk with a tile's record. */
export function fetchesKey({ t, row, col }: TileIndex): string {
  const place = `0/${Math.floor(row / LEDGER_CHUNK)}/${Math.floor(col / LEDGER_CHUNK)}`;
  return `${FETCHES_PATH}/c/${t === undefined ? '' : `${t}/`}${place}`;
}

function offsetOf({ row, col }: TileIndex): number {
  return (row % LEDGER_CHUNK) * LEDGER_CHUNK + (col % LEDGER_CHUNK);
}
