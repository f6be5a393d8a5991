/**
 * The list of loaded tiles that smart-geocubes keeps among the cube's attributes: `loaded_patches`
 * since its version 0.1, `loaded_tiles` before. The ledger is the truth here, because two writers
 * cannot both edit an attribute; the list is taken over into it before tiles are written, and
 * written back once, at the end of a run, so that either program can go on where the other stopped.
 */
import type { Dataset } from '../dataset/dataset.js';
import { StoreError } from '../errors.js';
import { Grid, type TileIndex, tileId } from '../grid/tiling.js';
import type { Codec } from '../raster/codec.js';
import { Ledger, TileState } from './ledger.js';
import type { Repository } from './repository.js';
import type { CubeStore, KeyValueStore } from './session.js';
import { CUBE_RECORD_PATH, LEDGER_PATH, metadataOf } from './zarr-metadata.js';

/** Both are written, whoever made the cube: each generation of smart-geocubes reads its own alone. */
export const LIST_NAMES = ['loaded_patches', 'loaded_tiles'] as const;

interface GroupDocument {
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** A ledger of what the cube's own ledger or the list has: what counts when tiles are planned. */
export async function readLedger(store: KeyValueStore, grid: Grid): Promise<Ledger> {
  const ledger = new Ledger(store);
  await takeOver(ledger, listedIds(await readRoot(store)), grid);
  return ledger;
}

/**
 * Makes the cube's ledger where smart-geocubes made the cube, and enters the tiles that only the list
 * has. Where there is nothing to do, nothing is committed.
 *
 * @throws {StoreError}
 */
export async function updateLedger(
  repository: Repository,
  dataset: Dataset,
  codec: Codec,
): Promise<void> {
  const grid = Grid.fromRecord(dataset.grid);
  const session = await repository.writeSession();
  await repository.commit(session, 'Take over the list of loaded tiles', async (newest) => {
    await ensureLedger(newest, dataset, codec);
    const ledger = new Ledger(newest);
    await takeOver(ledger, listedIds(await readRoot(newest)), grid);
    await ledger.flush();
  });
}

/**
 * Writes the list for smart-geocubes: ids it holds already stay where they are, others are appended.
 * Another writer's commit at the same moment may win; then the list is left to its owner's next run.
 *
 * @throws {StoreError} when the store itself fails.
 */
export async function writeLoadedLists(repository: Repository, dataset: Dataset): Promise<void> {
  const grid = Grid.fromRecord(dataset.grid);
  try {
    const session = await repository.writeSession();
    await repository.commit(session, 'List the loaded tiles', async (newest) => {
      const root = await readRoot(newest);
      const ledger = new Ledger(newest);
      const loaded: string[] = [];
      for (const index of allTiles(grid)) {
        if ((await ledger.get(index)) !== TileState.notLoaded) loaded.push(tileId(index));
      }
      const ids = [...new Set([...listedIds(root), ...loaded])];
      if (ids.length === 0 || LIST_NAMES.every((name) => idsOf(root, name).length === ids.length))
        return;
      const lists = Object.fromEntries(LIST_NAMES.map((name) => [name, ids]));
      const document = { ...root, attributes: { ...root.attributes, ...lists } };
      await newest.set('zarr.json', Buffer.from(JSON.stringify(document, undefined, 2)));
    });
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'conflict')) throw error;
  }
}

/** The index in an id of a cube without a time axis; `undefined` for other ids and for tiles outside the grid. */
export function indexOfId(id: string, grid: Grid): TileIndex | undefined {
  const [, row, col] = /^(\d+)-(\d+)$/.exec(id) ?? [];
  const index = { row: Number(row), col: Number(col) };
  return index.row < grid.rows && index.col < grid.cols ? index : undefined;
}

async function takeOver(ledger: Ledger, ids: Iterable<string>, grid: Grid): Promise<void> {
  for (const id of ids) {
    const index = indexOfId(id, grid);
    if (index !== undefined && (await ledger.get(index)) === TileState.notLoaded)
      await ledger.set(index, TileState.loaded);
  }
}

/** In a cube that smart-geocubes made, our group is not there at first. */
async function ensureLedger(store: CubeStore, dataset: Dataset, codec: Codec): Promise<void> {
  if (await has(store, `${LEDGER_PATH}/zarr.json`)) return;
  for (const [key, document] of metadataOf(dataset, codec, codec)) {
    if (key.startsWith(`${CUBE_RECORD_PATH}/`))
      await store.set(key, Buffer.from(JSON.stringify(document, undefined, 2)));
  }
}

async function has(store: KeyValueStore, key: string): Promise<boolean> {
  return ((await store.get(key)) ?? undefined) !== undefined;
}

function allTiles(grid: Grid): Iterable<TileIndex> {
  const { height, width } = grid.geobox;
  return grid.tilesIn([{ row: 0, col: 0, height, width }]);
}

async function readRoot(store: KeyValueStore): Promise<GroupDocument> {
  const bytes = await store.get('zarr.json');
  if (bytes === null || bytes === undefined) return {};
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as GroupDocument;
}

function listedIds(root: GroupDocument): Set<string> {
  return new Set(LIST_NAMES.flatMap((name) => idsOf(root, name)));
}

function idsOf({ attributes }: GroupDocument, name: string): string[] {
  const list = attributes?.[name];
  return Array.isArray(list) ? list.filter((id) => typeof id === 'string') : [];
}
