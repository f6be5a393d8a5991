import { stat } from 'node:fs/promises';
import { StoreError } from '../errors.js';

/** @throws {StoreError} when something other than a folder is at `path`. */
export async function refuseFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    throw new StoreError(
      'not-a-cube',
      `Expected a folder for the cube but ${path} is a file. Choose another place.`,
    );
  }
}
