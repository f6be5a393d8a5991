import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../errors.js';
import { localPath } from '../../machine/local-path.js';

/** In the folder of a report: the reports of its shards. */
export const SHARDS = 'shards';
export const SHARD_FOLDER = /^\d{1,6}-of-\d{1,6}(?:\.run-\d{1,4})?$/;

/** Runs of one shard. */
const MOST_RUNS = 9999;

/**
 * A new folder for the report of one shard, in that of the report of all: `shards/3-of-40`, and where the shard has
 * one already, because it was begun again, `shards/3-of-40.run-2`.
 *
 * @throws {StoreError} of kind `io`
 */
export async function newShardFolder(
  folder: string,
  { index, count }: { readonly index: number; readonly count: number },
): Promise<string> {
  const shards = join(localPath(folder, 'the folder of the report'), SHARDS);
  try {
    await mkdir(shards, { recursive: true });
    for (let run = 1; run <= MOST_RUNS; run++) {
      const path = join(shards, `${index + 1}-of-${count}${run === 1 ? '' : `.run-${run}`}`);
      const isNew = await mkdir(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (isNew) return path;
    }
  } catch (cause) {
    throw new StoreError(
      'io',
      `Expected to make a folder for the report in ${shards} but received: ${(cause as Error).message}`,
      { cause },
    );
  }
  throw new StoreError(
    'io',
    `Expected fewer than ${MOST_RUNS} reports of a shard in ${shards}. Choose another folder.`,
  );
}
