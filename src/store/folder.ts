import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Tries, while other processes remove the folder as they leave. */
const MAX_TRIES = 10;

/**
 * Writes a small or passing file into a folder that is made where it is missing. Whatever cannot be written
 * whole, as on a full disk, is removed.
 *
 * @param flag `wx` refuses, with the system's `EEXIST`, where a file is there; that file stays.
 * @throws the system's own error.
 */
export async function writeInFolder(
  file: string,
  content: Uint8Array | string,
  flag: 'w' | 'wx' = 'w',
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await writeFile(file, content, { flag });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && tries < MAX_TRIES) {
        await mkdir(dirname(file), { recursive: true });
        continue;
      }
      if (code !== 'EEXIST') await rm(file, { force: true }).catch(() => {});
      throw error;
    }
  }
}
