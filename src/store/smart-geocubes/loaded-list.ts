/**
 * The list of loaded tiles that smart-geocubes keeps among the cube's attributes: `loaded_patches`
 * since its version 0.1, `loaded_tiles` before. The ledger is the truth here, because two writers
 * cannot both edit an attribute; the list is taken over into it before tiles are written, and
 * written back once, at the end of a run, so that either program can go on where the other stopped.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { TimeAxis } from '../../dataset/time-axis.js';
import { StoreError } from '../../errors.js';
import { Grid, type TileIndex, tileId } from '../../grid/tiling.js';
import type { Codec } from '../../raster/codec.js';
import { CUBE_RECORD_PATH, LEDGER_PATH, metadataOf } from '../metadata/zarr-metadata.js';
import { parseDocument } from '../read.js';
import type { Repository } from '../repository.js';
import type { CubeStore, KeyValueStore } from '../session.js';
import { Ledger, TileState } from '../tiles/ledger.js';

export const LIST_NAMES = ['loaded_patches', 'loaded_tiles'] as const;

/**
 * Both are written, whoever made the cube: each generation of smart-geocubes reads its own alone. But
 * 0.0.x names a time step by its date instead of its position, which is read, not written.
 */
function namesToWrite({ time }: Dataset): readonly string[] {
  return time === undefined ? LIST_NAMES : ['loaded_patches'];
}

interface GroupDocument {
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** A ledger of what the cube's own ledger or the list has: what counts when tiles are planned. */
export async function readLedger(store: KeyValueStore, dataset: Dataset): Promise<Ledger> {
  const ledger = new Ledger(store);
  await takeOver(ledger, listedIds(await readRoot(store)), dataset);
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
  // Most cubes: nobody is waited for where there is nothing to write.
  if (await isTakenOver((await repository.readSession()).store, dataset)) return;
  const session = await repository.writeSession();
  await repository.commit(session, 'Take over the list of loaded tiles', (newest) =>
    enterListedTiles(newest, dataset, codec),
  );
}

/** The same, as a part of another commit. */
export async function enterListedTiles(
  newest: CubeStore,
  dataset: Dataset,
  codec: Codec,
): Promise<void> {
  await ensureLedger(newest, dataset, codec);
  const ledger = new Ledger(newest);
  await takeOver(ledger, listedIds(await readRoot(newest)), dataset);
  await ledger.flush();
}

/**
 * With more tiles than this the list is left as it is. It is part of every snapshot, so with each tile
 * more every commit would become slower; smart-geocubes then fetches again what it does not find there.
 */
export const LIST_LIMIT = 10_000;

/**
 * Writes the list for smart-geocubes: ids it holds already stay where they are, others are appended.
 * It does not grow past {@link LIST_LIMIT}, unless it is longer already: then smart-geocubes keeps it.
 * Another writer's commit at the same moment may win; then the list is left to its owner's next run.
 *
 * @throws {StoreError} when the store itself fails.
 */
export async function writeLoadedLists(repository: Repository, dataset: Dataset): Promise<void> {
  const names = namesToWrite(dataset);
  try {
    const session = await repository.writeSession();
    await repository.commit(session, 'List the loaded tiles', async (newest) => {
      const root = await readRoot(newest);
      const ledger = new Ledger(newest);
      const ids = listedIds(root);
      const limit = ids.size > LIST_LIMIT ? Number.POSITIVE_INFINITY : LIST_LIMIT;
      for (const index of allTiles(dataset)) {
        const state = ledger.peek(index) ?? (await ledger.get(index));
        if (state !== TileState.notLoaded) ids.add(tileId(index));
        if (ids.size > limit) return;
      }
      if (ids.size === 0 || names.every((name) => idsOf(root, name).length === ids.size)) return;
      const lists = Object.fromEntries(names.map((name) => [name, [...ids]]));
      const document = { ...root, attributes: { ...root.attributes, ...lists } };
      await newest.set('zarr.json', Buffer.from(JSON.stringify(document, undefined, 2)));
    });
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'conflict')) throw error;
  }
}

/**
 * The index in an id: `row-col`, in temporal cubes `t-row-col`, of smart-geocubes 0.0.x
 * `YYYYMMDDhhmmss-row-col`. `undefined` for other ids and for tiles outside the cube.
 */
export function indexReader({
  grid: record,
  time,
}: Dataset): (id: string) => TileIndex | undefined {
  const { rows, cols } = Grid.fromRecord(record);
  const steps = time === undefined ? undefined : TimeAxis.fromRecord(time).steps;
  const byDate = new Map(steps?.map(({ start, index }) => [dateOf(start), index]));
  return (id) => {
    const [, first, row, col] = /^(?:(\d+)-)?(\d+)-(\d+)$/.exec(id) ?? [];
    const place = { row: Number(row), col: Number(col) };
    if (!(place.row < rows && place.col < cols)) return undefined;
    if (steps === undefined) return first === undefined ? place : undefined;
    if (first === undefined) return undefined;
    const t = first.length === DATE_DIGITS ? byDate.get(first) : Number(first);
    return t !== undefined && t < steps.length ? { t, ...place } : undefined;
  };
}

/** Of `YYYYMMDDhhmmss`. */
const DATE_DIGITS = 14;

function dateOf(instant: number): string {
  return new Date(instant).toISOString().replace(/\D/g, '').slice(0, DATE_DIGITS);
}

async function takeOver(ledger: Ledger, ids: ReadonlySet<string>, dataset: Dataset): Promise<void> {
  for await (const index of listedAlone(ledger, ids, dataset))
    await ledger.set(index, TileState.loaded, 'unknown');
}

/** Tiles that the ledger does not have. */
async function* listedAlone(
  ledger: Ledger,
  ids: ReadonlySet<string>,
  dataset: Dataset,
): AsyncGenerator<TileIndex> {
  if (ids.size === 0) return;
  const read = indexReader(dataset);
  for (const id of ids) {
    const index = read(id);
    if (index === undefined) continue;
    const state = ledger.peek(index) ?? (await ledger.get(index));
    if (state === TileState.notLoaded) yield index;
  }
}

/** Whether there is a ledger, and in it all that the list has. */
async function isTakenOver(store: KeyValueStore, dataset: Dataset): Promise<boolean> {
  if (!(await has(store, `${LEDGER_PATH}/zarr.json`))) return false;
  const alone = listedAlone(new Ledger(store), listedIds(await readRoot(store)), dataset);
  return (await alone.next()).done === true;
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

/** Every tile, one time step after the other. */
function* allTiles({ grid: record, time }: Dataset): Generator<TileIndex> {
  const { rows, cols } = Grid.fromRecord(record);
  const steps = time === undefined ? [undefined] : TimeAxis.fromRecord(time).steps;
  for (const step of steps)
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < cols; col++)
        yield step === undefined ? { row, col } : { t: step.index, row, col };
}

export async function readRoot(store: KeyValueStore): Promise<GroupDocument> {
  const bytes = await store.get('zarr.json');
  if (bytes === null || bytes === undefined) return {};
  return parseDocument(bytes, 'zarr.json') as GroupDocument;
}

function listedIds(root: GroupDocument): Set<string> {
  return new Set(LIST_NAMES.flatMap((name) => idsOf(root, name)));
}

function idsOf({ attributes }: GroupDocument, name: string): string[] {
  const list = attributes?.[name];
  return Array.isArray(list) ? list.filter((id) => typeof id === 'string') : [];
}
