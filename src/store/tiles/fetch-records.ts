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
}

/** [field, tile row, tile column] of a chunk: the time, and the number of the origin, from 1, in the attribute `sources`. */
const FIELDS = 2;
const TILES = LEDGER_CHUNK * LEDGER_CHUNK;
const CHUNK_BYTES = FIELDS * TILES * Float64Array.BYTES_PER_ELEMENT;

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
    const chunk = await this.#chunk(keyOf(index));
    const sources = sourcesOf(await this.#readDocument());
    const origin = sources[(chunk[TILES + offsetOf(index)] ?? 0) - 1];
    return { fetchedAt, origin: origin ?? { name: 'unknown' } };
  }

  /** 0 where that is not known. */
  async fetchedAt(index: TileIndex): Promise<number> {
    if ((await this.#readDocument()) === undefined) return 0;
    return (await this.#chunk(keyOf(index)))[offsetOf(index)] ?? 0;
  }

  async set(tiles: readonly TileIndex[], { fetchedAt, origin }: FetchRecord): Promise<void> {
    if (tiles.length === 0) return;
    const number = await this.#numberOf(origin);
    for (const index of tiles) await this.#put(index, fetchedAt, number);
  }

  /** Forgets what is known, where anything is. */
  async clear(tiles: readonly TileIndex[]): Promise<void> {
    if ((await this.#readDocument()) === undefined) return;
    for (const index of tiles) await this.#put(index, 0, 0);
  }

  /** Writes the changed chunks; they count once the session is committed. */
  async flush(): Promise<void> {
    for (const key of this.#changed) {
      const { buffer } = await this.#chunk(key);
      await this.store.set(key, gzipSync(new Uint8Array(buffer), { level: 1 }));
    }
    this.#changed.clear();
  }

  async #put(index: TileIndex, fetchedAt: number, number: number): Promise<void> {
    const key = keyOf(index);
    const chunk = await this.#chunk(key);
    chunk[offsetOf(index)] = fetchedAt;
    chunk[TILES + offsetOf(index)] = number;
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
          'field 0: when each tile was fetched, milliseconds since 1970-01-01 (UTC), 0 where that is not known; field 1: of what, as a number from 1 into the attribute "sources"',
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
    const read = this.store.get(key).then((bytes) => {
      if (bytes === null || bytes === undefined) return new Float64Array(FIELDS * TILES);
      return unpack(key, bytes);
    });
    this.#chunks.set(key, read);
    return read;
  }
}

function unpack(key: string, bytes: Uint8Array): Float64Array {
  try {
    const plain = gunzipSync(bytes, { maxOutputLength: CHUNK_BYTES });
    // A copy of its own: Node lends small buffers from a pool, at any offset.
    if (plain.byteLength === CHUNK_BYTES) return new Float64Array(new Uint8Array(plain).buffer);
  } catch {
    // Said below.
  }
  throw new StoreError(
    'io',
    `Expected when ${LEDGER_CHUNK} x ${LEDGER_CHUNK} tiles were fetched at ${key} but received other bytes. The file is damaged: without it that counts as not known.`,
  );
}

function sourcesOf(document: Document | undefined): readonly Origin[] {
  const sources = document?.attributes?.sources;
  return Array.isArray(sources) ? (sources as Origin[]) : [];
}

function keyOf({ t, row, col }: TileIndex): string {
  const place = `0/${Math.floor(row / LEDGER_CHUNK)}/${Math.floor(col / LEDGER_CHUNK)}`;
  return `${FETCHES_PATH}/c/${t === undefined ? '' : `${t}/`}${place}`;
}

function offsetOf({ row, col }: TileIndex): number {
  return (row % LEDGER_CHUNK) * LEDGER_CHUNK + (col % LEDGER_CHUNK);
}
