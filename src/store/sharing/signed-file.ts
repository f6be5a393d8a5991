import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

/** What a file of this program says it is; the rest is for its kind to know. */
export interface Signed {
  readonly geocubes: 'process' | 'lock' | 'claim' | 'failed';
}

/** No file of ours is longer. */
const MAX_BYTES = 4096;

/** Follows no link, where the system can be told so. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads a file that this program has signed.
 * @returns `missing`; `empty` for one whose words a power cut took, or that is being written where there are no hard links; `foreign` for whatever
 * does not parse as ours, links and folders among it, which is nobody's to remove.
 */
export async function readSigned<T extends Signed>(
  path: string,
  kind: T['geocubes'],
): Promise<T | 'missing' | 'empty' | 'foreign'> {
  let file: FileHandle;
  try {
    file = await open(path, READ);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'foreign';
  }
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > MAX_BYTES) return 'foreign';
    if (found.size === 0) return 'empty';
    const value = JSON.parse(await file.readFile('utf8')) as T | null;
    return value?.geocubes === kind ? value : 'foreign';
  } catch {
    return 'foreign';
  } finally {
    await file.close();
  }
}

/** Whether a folder is there that is no link to one. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
