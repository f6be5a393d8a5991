import { lstat, readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '../../errors.js';

/** Version 0.1 wrote its claims beside the store, signed by pid and host alone, and touched them this often at least. */
const STALE_MS = 180_000;

/** Claims looked at: if one is alive, all are of running processes. */
const MAX_LOOKS = 64;

/**
 * Earlier versions locked a store by folders beside it (`<store>.lock`, `.claims`, `.drafts`), which this one neither
 * takes nor removes: those names may be anybody's. One that is still running would not see this one's lock.
 *
 * @throws {StoreError} of kind `conflict` while such a process fills the store.
 */
export async function refuseOlderProcesses(store: string): Promise<void> {
  const folder = `${store}.claims`;
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) return;
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((each) => /^[\d-]+\.json$/.test(each)).slice(0, MAX_LOOKS)) {
    const pid = await livingOwner(join(folder, name));
    if (pid !== undefined)
      throw new StoreError(
        'conflict',
        `Expected no older geocubes to fill ${store} but process ${pid} does, by ${join(folder, name)}. Let it end, then run again.`,
      );
  }
}

async function livingOwner(file: string): Promise<number | undefined> {
  try {
    const found = await lstat(file);
    if (!found.isFile() || found.size > 4096 || Date.now() - found.mtimeMs > STALE_MS)
      return undefined;
    const { pid, host, run } = JSON.parse(await readFile(file, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0 || typeof host !== 'string' || typeof run !== 'string')
      return undefined;
    if (host === hostname()) process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? -1 : undefined;
  }
}
