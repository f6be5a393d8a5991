import { randomUUID } from 'node:crypto';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeInFolder } from './folder.js';
import { hasEnded, thisProcess } from './owner.js';

/** Of this process alone, whatever others had its pid before. */
const PROCESS = randomUUID();

/** Of all drafts of this process: a cube may be open several times. */
let count = 0;

/** A draft of another machine that is this old is nobody's: one is written in seconds. */
const ORPHANED_MS = 3_600_000;

/**
 * Where files are written before they take their names, so that each appears whole or not at all. It lies
 * beside the cube: a process that is killed leaves its drafts there, where no reader of the cube meets them
 * and where they are found again without a walk over the cube.
 */
export class DraftFolder {
  constructor(private readonly folder: string) {}

  /** @returns the path of a new file with these bytes, which is to be renamed or removed. */
  async write(bytes: Uint8Array): Promise<string> {
    const { pid, host } = thisProcess();
    const name = `${pid}.${PROCESS}.${count++}.${encodeURIComponent(host)}`;
    const draft = join(this.folder, name);
    await writeInFolder(draft, bytes);
    return draft;
  }

  /** Removes what processes that are gone have left. */
  async sweep(): Promise<void> {
    const names = await readdir(this.folder).catch((): string[] => []);
    for (const name of names) {
      const file = join(this.folder, name);
      if (await isAbandoned(file, name)) await rm(file, { force: true }).catch(() => {});
    }
  }

  /** Removes the folder when nothing is in it. */
  async tidy(): Promise<void> {
    await rmdir(this.folder).catch(() => {});
  }
}

async function isAbandoned(file: string, name: string): Promise<boolean> {
  const [, pid, process = '', host = ''] = /^(\d+)\.([\w-]+)\.\d+\.(.+)$/.exec(name) ?? [];
  // Something else that somebody has put there.
  if (pid === undefined) return false;
  const owner = { pid: Number(pid), host: decodeURIComponent(host) };
  if (hasEnded(owner, process === PROCESS)) return true;
  // What this process writes is in use, however old.
  if (process === PROCESS) return false;
  const made = await stat(file).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs > ORPHANED_MS;
}
