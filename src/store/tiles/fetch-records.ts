/**
 * When each tile was fetched, and of what: an array beside the ledger, which changes in the same commits. It is made by
 * the first commit that has something to say, so that cubes of any age and origin get one.
 */
import type { Origin } from '../../dataset/origin.js';
import type { TileIndex } from '../../grid/tiling.js';
import { type Document, readDocument, writeDocument } from '../metadata/documents.js';
import type { KeyValueStore } from '../session.js';
import { numbersDocument, numbersKey, TileNumbers } from './tile-numbers.js';

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

/** What is known of the tiles in a store, read chunk by chunk as it is asked for. */
export class FetchRecords {
  readonly #numbers: TileNumbers;
  #document: Promise<Document | undefined> | undefined;

  constructor(private readonly store: KeyValueStore) {
    const fields = async () => fieldsOf(await this.#readDocument());
    this.#numbers = new TileNumbers(store, FETCHES_PATH, fields, {
      tell: 'when each was fetched of',
      without: 'without it that counts as not known',
    });
  }

  /** `undefined` for tiles that are not loaded, and for those that were before such records were kept. */
  async get(index: TileIndex): Promise<FetchRecord | undefined> {
    const fetchedAt = await this.fetchedAt(index);
    if (fetchedAt === 0) return undefined;
    const [, source = 0, updatedAt] = await this.#numbers.get(index);
    const sources = sourcesOf(await this.#readDocument());
    const origin = sources[source - 1];
    const sourceUpdatedAt = updatedAt || undefined;
    return { fetchedAt, origin: origin ?? { name: 'unknown' }, sourceUpdatedAt };
  }

  /** 0 where that is not known. */
  async fetchedAt(index: TileIndex): Promise<number> {
    if ((await this.#readDocument()) === undefined) return 0;
    return this.#numbers.peek(index) ?? (await this.#numbers.get(index))[0] ?? 0;
  }

  async set(tiles: readonly TileIndex[], record: FetchRecord): Promise<void> {
    if (tiles.length === 0) return;
    const { fetchedAt, origin, sourceUpdatedAt = 0 } = record;
    const values = [fetchedAt, await this.#numberOf(origin), sourceUpdatedAt];
    for (const index of tiles) await this.#numbers.put(index, values);
  }

  /** Forgets what is known, where anything is. */
  async clear(tiles: readonly TileIndex[]): Promise<void> {
    if ((await this.#readDocument()) === undefined) return;
    for (const index of tiles) await this.#numbers.put(index, [0, 0, 0]);
  }

  /** Writes the changed chunks; they count once the session is committed. */
  flush(): Promise<void> {
    return this.#numbers.flush();
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

  #newDocument(): Promise<Document> {
    return numbersDocument(this.store, FIELDS, {
      long_name:
        'field 0: when each tile was fetched, milliseconds since 1970-01-01 (UTC), 0 where that is not known; field 1: of what, as a number from 1 into the attribute "sources"; field 2: when the asset was changed last, as its service told before the fetch, milliseconds since 1970-01-01 (UTC), 0 where that is not known',
      sources: [],
    });
  }
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
export function fetchesKey(index: TileIndex): string {
  return numbersKey(FETCHES_PATH, index);
}
