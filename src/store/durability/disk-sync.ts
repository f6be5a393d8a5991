import { execFile } from 'node:child_process';
import { type FileHandle, open, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the system has no `sync -f`: how long before this object was made a file may have been written that counts. */
const SLACK_MS = 3_600_000;

/**
 * Makes sure that what was written is on the disk, before anything refers to it: until then a power cut leaves
 * names without content. One call of syncfs(2) for the whole file system (by coreutils' `sync -f`), because the
 * names of the files that Icechunk writes are not told; elsewhere each file that is new enough, one by one.
 */
export class DiskSync {
  #hasCommand = process.platform === 'linux';
  #since = Date.now() - SLACK_MS;

  /**
   * @param isOn without it nothing is done.
   * @param command for tests: what is run in place of `sync`.
   */
  constructor(
    readonly isOn: boolean,
    private readonly command = 'sync',
  ) {}

  /** All that was written below a folder. @throws the system's own error. */
  async all(root: string): Promise<void> {
    if (!this.isOn) return;
    if (this.#hasCommand) {
      try {
        await run(this.command, ['-f', root]);
        return;
      } catch {
        // No such command, or not this option of it; a disk that fails tells so again below.
        this.#hasCommand = false;
      }
    }
    const began = Date.now() - SLACK_MS;
    await syncNewer(root, this.#since);
    this.#since = began;
  }

  /** A file whose name and content are new, or a folder in which names are. */
  async one(path: string): Promise<void> {
    if (this.isOn) await syncPath(path);
  }
}

async function syncNewer(folder: string, since: number): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncNewer(path, since);
    else if (entry.isFile()) {
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && found.mtimeMs >= since) await syncPath(path);
    }
  }
  await syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Removed by another process meanwhile; Windows opens no folders.
    if (code === 'ENOENT' || process.platform === 'win32') return;
    throw error;
  }
  try {
    await file.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Some file systems cannot do so for folders, and Windows not for files that are open for reading.
    if (code !== 'EINVAL' && code !== 'EPERM' && code !== 'ENOTSUP') throw error;
  } finally {
    await file.close();
  }
}
