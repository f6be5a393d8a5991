import { isDeepStrictEqual } from 'node:util';
import type { Dataset } from '../../dataset/dataset.js';
import { expected, StoreError } from '../../errors.js';
import { Repository } from '../../store/repository.js';
import { nameStorage, type StorageLocation } from '../../store/storage-url.js';
import { openRecord } from '../open.js';

/** @throws {StoreError} of kind `not-a-cube` when there is none (any more). */
export async function checkCreated({ location }: Repository): Promise<void> {
  // A repository that is open may see what has been removed since.
  const isReachable = location.kind !== 'memory' || location.name !== undefined;
  if (isReachable) await openAt(location);
}

/** Whether a cube is there, ours or one of smart-geocubes. */
export async function isCreated(location: StorageLocation): Promise<boolean> {
  try {
    await openAt(location);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not-a-cube') return false;
    throw error;
  }
}

async function openAt(location: StorageLocation): Promise<void> {
  const repository = await Repository.open(location);
  await openRecord(await repository.readSession(), nameStorage(location), undefined);
}

/** @throws {InvalidInputError} when the pixels of two datasets of one grid differ, by the first thing that makes them. */
export function checkAgrees(given: Dataset, cube: Dataset): void {
  for (const field of ['source', 'processing', 'nodata', 'requestGrid', 'innerChunk'] as const) {
    // The cube's has been through JSON.
    const [wanted, received] = [asJson(cube[field]), asJson(given[field])];
    if (isDeepStrictEqual(wanted, received)) continue;
    throw expected(
      `${JSON.stringify(wanted)}, as in the cube that is there,`,
      `${field} of the dataset`,
      JSON.stringify(received),
      'Choose another folder, or replace the cube with overwrite.',
    );
  }
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
