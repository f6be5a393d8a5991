import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AbortedError, RasterError } from '../../errors.js';
import { lookUp, type ProcessIdentity, thisProcess } from '../../store/sharing/process-identity.js';

/** Whose folder it is. */
const OWNER = 'owner.json';

/**
 * Makes a file in a folder beside its place and renames it when it is whole, so that nothing half-made ever has
 * its name. The folder goes whatever happens: with an abort at once, after a killed process when the file is
 * written the next time.
 *
 * @param file absolute
 * @param make writes to the path it is given; what else it leaves in that folder is removed
 * @throws {RasterError} where the folder cannot be made or the file not be moved; {@link AbortedError}.
 */
export async function replaceFile<T>(
  file: string,
  make: (path: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const stopped = () => new AbortedError('Writing was stopped: there is no new file.');
  if (signal?.aborted) throw stopped();
  const folder = join(dirname(file), `${prefixFor(file)}${randomUUID()}`);
  // A signal may end the process right after.
  const remove = () => rmSync(folder, { recursive: true, force: true });
  signal?.addEventListener('abort', remove);
  try {
    const path = join(folder, basename(file));
    await naming(file, async () => {
      await removeLeftOvers(file);
      await mkdir(folder);
      await writeFile(join(folder, OWNER), JSON.stringify(thisProcess()));
    });
    const result = await make(path);
    if (signal?.aborted) throw stopped();
    await naming(file, () => rename(path, file));
    return result;
  } catch (error) {
    throw signal?.aborted ? stopped() : error;
  } finally {
    signal?.removeEventListener('abort', remove);
    await rm(folder, { recursive: true, force: true });
  }
}

function prefixFor(file: string): string {
  return `.${basename(file)}.geocubes-`;
}

/** What processes left that were killed while they wrote this file. Those of other machines cannot be told. */
async function removeLeftOvers(file: string): Promise<void> {
  const [folder, prefix] = [dirname(file), prefixFor(file)];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const owner = await readFile(join(folder, name, OWNER), 'utf8')
      .then((text) => JSON.parse(text) as ProcessIdentity)
      .catch(() => undefined);
    if (owner !== undefined && lookUp(owner) === 'ended')
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function naming<T>(file: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    throw new RasterError(
      'encode',
      `Expected to write ${file} but received: ${(cause as Error).message}`,
      { cause },
    );
  }
}
