/**
 * A store of a shard's own, beside the cube: where several hosts must not write to one folder, each writes to another,
 * and `merge.ts` brings them together.
 */
import { expected, StoreError } from '../../errors.js';
import type { StoreOptions } from '../../store/durability/local-store.js';
import { splitSide } from '../../store/icechunk/manifest-split.js';
import { emptyCopy } from '../../store/metadata/empty-copy.js';
import { DEFAULT_ICECHUNK_FORMAT, Repository } from '../../store/repository.js';
import { nameStorage, type StorageLocation } from '../../store/storage-url.js';
import { openCube } from '../open.js';
import { checkExtendable, type OpenedCube } from '../opened-cube.js';
import { isCreated } from '../state/existence.js';
import { checkMergeable } from './same-cube.js';
import { checkShard, type Shard, shardSuffix } from './shard.js';

/**
 * Where the store of a shard lies: beside the cube, an Icechunk repository whatever that is.
 * @throws {InvalidInputError} where the cube's place has no name that could be made longer.
 */
export function ownStoreOf(location: StorageLocation, shard: Shard): StorageLocation {
  const suffix = shardSuffix(shard);
  switch (location.kind) {
    case 'local':
    case 'zarr':
      return { kind: 'local', path: location.path + suffix };
    case 'memory':
      if (location.name !== undefined) return { kind: 'memory', name: location.name + suffix };
      break;
    case 's3':
    case 'gs':
    case 'az':
      if (location.prefix !== '') return { ...location, prefix: location.prefix + suffix };
  }
  throw expected(
    'a cube whose place has a name of its own',
    'the cube beside which shards have their stores',
    nameStorage(location),
  );
}

/**
 * Opens the store of a shard, and makes it where there is none: with all that the cube is, and none of its tiles.
 *
 * @throws {InvalidInputError} where one is there that is another cube.
 */
export async function openOwnStore(
  cube: OpenedCube,
  shard: Shard,
  options: StoreOptions = {},
): Promise<OpenedCube> {
  checkShard(shard);
  checkExtendable(cube);
  const location = ownStoreOf(cube.repository.location, shard);
  if (!(await isCreated(location))) await create(cube, location, options);
  const storage = nameStorage(location);
  const opened = await openCube(storage, options);
  // One of smart-geocubes does not tell where its pixels come from; the cube was opened with what does.
  const own =
    opened.readOnlyBecause === cube.readOnlyBecause
      ? opened
      : await openCube(storage, { ...options, dataset: cube.dataset });
  await checkMergeable(cube, own, 'same axis');
  return { ...own, mergesInto: cube };
}

async function create(
  { repository, dataset, grid, timeAxis }: OpenedCube,
  location: StorageLocation,
  options: StoreOptions,
): Promise<void> {
  const entries = await emptyCopy(
    await repository.readSession(),
    dataset.bands.map(({ name }) => name),
  );
  const settings = {
    format: DEFAULT_ICECHUNK_FORMAT,
    splitSide: splitSide(grid.rows * grid.cols * (timeAxis?.length ?? 1)),
  };
  const own = await Repository.create(location, settings, options);
  const session = await own.writeSession();
  // A repository of something else is told when it is opened.
  if (((await session.store.get('zarr.json')) ?? undefined) !== undefined) return;
  for (const [key, value] of entries) await session.store.set(key, value);
  const message = `Initialize empty datacube for a shard of ${nameStorage(repository.location)}`;
  await own
    .commit(session, message, async () => {})
    .catch((error: unknown) => {
      // The same task, begun twice, may have been here first.
      if (!(error instanceof StoreError && error.kind === 'conflict')) throw error;
    });
}
