import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AbortedError, GeocubesError, RasterError } from '../../errors.js';
import { lookUp, type ProcessIdentity, thisProcess } from '../../store/sharing/process-identity.js';

/** Whose folder it is. */
const OWNER = 'owner.json';

/**
 * Makes a file, or a folder, in a folder beside its place and renames it when it is whole, so that nothing half-made ever has
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
    await naming(file, () => takePlace(path, file, folder));
    return result;
  } catch (error) {
    throw signal?.aborted ? stopped() : error;
  } finally {
    signal?.removeEventListener('abort', remove);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder is renamed onto no other one: what is there goes first, with what else is removed. */
async function takePlace(path: string, file: string, folder: string): Promise<void> {
  const isFolder = await stat(path).then((made) => made.isDirectory());
  if (isFolder) await rename(file, join(folder, 'replaced')).catch(ignoreAbsent);
  await rename(path, file);
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
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

/** @throws {RasterError} that names the file. */
export async function naming<T>(file: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    if (cause instanceof GeocubesError) throw cause;
    throw new RasterError('encode', `Expected to write ${file} but received: ${wordsOf(cause)}`, {
      cause,
    });
  }
}

/** Of a library's own account of an error, what the system said. */
function wordsOf(cause: unknown): string {
  const words = cause instanceof Error ? cause.message : String(cause);
  return /error message = '([^']+)'/.exec(words)?.[1] ?? words.split('\n', 1)[0] ?? '';
}
