import { randomUUID } from 'node:crypto';
import {
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../../errors.js';
import type { StoreFolder } from '../durability/store-folder.js';
import { writeInFolder } from '../folder.js';
import { translate } from '../store-errors.js';
import { isOnThisHost, lookUp, type ProcessIdentity, thisProcess } from './process-identity.js';
import { isFolder, readSigned, type Signed } from './signed-file.js';

/** The one name inside a local store that is neither Icechunk's nor Zarr's. */
export const SHARING_NAME = '.geocubes';

/** How long things last that are kept by a heartbeat, in milliseconds. */
export interface LeaseTimes {
  /** Between two beats. */
  readonly beat: number;
  /** A process that was not heard of for so long counts as gone: what it holds may be taken over. */
  readonly lease: number;
  /** How long one is watched whose last beat lies that far back already: a clock may have been set forward. */
  readonly confirm: number;
}

export const LEASE_TIMES: LeaseTimes = { beat: 5_000, lease: 30_000, confirm: 11_000 };

/** How a process is known to the others that share a store: its file is its heartbeat. */
interface ProcessRecord extends Signed, ProcessIdentity {
  readonly geocubes: 'process';
  readonly id: string;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const RECORD = 'process.json';
const OWNER = 'owner.json';
const DRAFT = /^[\w-]+\.draft$/;
const FAILURE = /^(?:\d+-){1,2}\d+\.json$/;

/** A process of another host that was not heard of for so long is gone: clients of network file systems cache times for up to a minute. */
const STRANGER_MS = 180_000;

/** Tries, while other processes remove folders as they leave. */
const MAX_TRIES = 20;

/** What file systems without hard links answer, such as exFAT and some in user space; there files are made under their names. */
const NO_LINKS: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

interface Beat {
  readonly mtimeNs: bigint;
  readonly since: number;
  /** Whether it was seen to beat. */
  readonly hasMoved: boolean;
}

/**
 * What the processes that fill one local store keep in it while they run: `.geocubes`, with a folder for each
 * process that has its record and its drafts, one for the lock, and the claims. Everything in it says by its
 * content or by its name that it is ours, and nothing else is ever removed; links are not followed. The last
 * process to leave takes it away.
 *
 * Asks of the file system: that `mkdir`, `link` (or exclusive creation) and `rename` are atomic and seen by all at once,
 * as on every local file system, and that files have times. Caches of a network file system's clients break that.
 */
export class SharingFolder {
  readonly id = randomUUID();
  readonly path: string;
  /** The claims of this process, and the run that has each. */
  readonly claims = new Map<string, object>();
  readonly #beats = new Map<string, Beat>();
  #holders = 0;
  #entering: Promise<void> | undefined;
  #leaving: Promise<void> = Promise.resolve();
  #heart: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #names = 0;
  #refuse: ((stranger: string) => StoreError) | undefined;
  #refused: StoreError | undefined;

  constructor(
    readonly store: StoreFolder,
    readonly times: LeaseTimes = LEASE_TIMES,
  ) {
    this.path = join(store.path, SHARING_NAME);
  }

  /** This process's own folder: there while it is held. */
  get own(): string {
    return join(this.path, 'processes', this.id);
  }

  /** Tiles that failed for good are told to the others here, as long as there are any. */
  get failures(): string {
    return join(this.path, 'failed');
  }

  /** A path in {@link own} that nothing has had. */
  newDraft(): string {
    return join(this.own, `${this.#names++}.draft`);
  }

  /** Runs a task while the others see that this process lives. @throws {StoreError} */
  async during<T>(task: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await task();
    } finally {
      await leave();
    }
  }

  /** Begins to live for the others. @returns what ends it again. @throws {StoreError} */
  async enter(): Promise<() => Promise<void>> {
    this.#holders++;
    let isIn = true;
    const leave = async () => {
      if (!isIn) return;
      isIn = false;
      this.#holders--;
      if (this.#holders > 0) return;
      const left = this.#leaving.then(() => this.#leave());
      this.#leaving = left.catch(() => {});
      await left;
    };
    try {
      this.#entering ??= this.#leaving.then(() => this.#begin());
      await this.#entering;
    } catch (error) {
      this.#entering = undefined;
      await leave().catch(() => {});
      throw translate(error, `be shared by ${this.path}`, this.store);
    }
    return leave;
  }

  async #begin(): Promise<void> {
    await this.#sign();
    this.#heart = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beatAndLook().catch(() => {}));
    }, this.times.beat);
    this.#heart.unref();
  }

  /** Writes this process's record, and the folders it lies in. */
  async #sign(): Promise<void> {
    const record: ProcessRecord = { geocubes: 'process', id: this.id, ...thisProcess() };
    for (let tries = 1; ; tries++) {
      this.store.check();
      await makeFolder(this.path);
      try {
        await makeFolder(join(this.path, 'processes'));
        await makeFolder(this.own);
        // Under its name when it is whole: a process that is killed here leaves a folder without one, which is no process.
        const draft = this.newDraft();
        await writeFile(draft, `${JSON.stringify(record)}\n`, { flag: 'wx' });
        await rename(draft, join(this.own, RECORD));
        return;
      } catch (error) {
        const isGoing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        if (!isGoing || tries >= MAX_TRIES) throw error;
      }
    }
  }

  /** Signs again, where somebody took this process for gone and has cleared away. */
  async revive(): Promise<void> {
    if ((await mtimeOf(join(this.own, RECORD))) === undefined) await this.#sign();
  }

  async #leave(): Promise<void> {
    if (this.#holders > 0) return;
    clearInterval(this.#heart);
    this.#entering = undefined;
    await this.#beating;
    await removeProcess(this.own);
    await this.#tidy();
  }

  /** Removes the folders that are empty; any process may, at any time. */
  async #tidy(): Promise<void> {
    const isLast = await rmdir(join(this.path, 'processes')).then(
      () => true,
      () => false,
    );
    if (isLast) await this.#forgetFailures();
    for (const folder of ['claims', '.']) await rmdir(join(this.path, folder)).catch(() => {});
  }

  /** Whoever comes later is a run of its own, and may try what has failed. */
  async #forgetFailures(): Promise<void> {
    if (!(await isFolder(this.failures))) return;
    for (const name of await readdir(this.failures).catch((): string[] => [])) {
      const file = join(this.failures, name);
      if (FAILURE.test(name) && (await readSigned(file, 'failed')) !== 'foreign')
        await rm(file, { force: true }).catch(() => {});
    }
    await rmdir(this.failures).catch(() => {});
  }

  /** Whoever looks at all the others with each beat knows of one that is gone when a lease is over. */
  async #beatAndLook(): Promise<void> {
    await this.#beat();
    const stranger = this.#refuse === undefined ? undefined : await this.stranger();
    if (stranger !== undefined) this.#refused = this.#refuse?.(stranger);
    await this.sweep();
  }

  /** The time of the record is set by the file system, whose clock is the same for all. */
  async #beat(): Promise<void> {
    const touched = await touch(join(this.own, RECORD));
    // Somebody took this process for gone: it may have slept.
    if (!touched && this.#holders > 0) await this.#sign();
  }

  /**
   * Whether a process that shares the store is gone, as far as can be known: it has ended, or has not been heard
   * of for a lease. Its beats are timed by this process's own clock, from when they are first asked for; sooner
   * than that an old one counts by the file system's clock, and only where it stays silent.
   */
  async isGone(id: string): Promise<boolean> {
    return (await this.#lookAt(id)) !== 'lives';
  }

  /** `unsigned` is one that has no record: it left, or was killed before it had one, or is about to sign. */
  async #lookAt(id: string): Promise<'lives' | 'gone' | 'unsigned'> {
    if (id === this.id) return this.#holders === 0 ? 'gone' : 'lives';
    if (!ID.test(id)) return 'lives';
    const file = join(this.path, 'processes', id, RECORD);
    const record = await readSigned<ProcessRecord>(file, 'process');
    if (record === 'missing') return 'unsigned';
    if (record === 'foreign') return 'lives';
    const seen = record === 'empty' ? 'unknown' : lookUp(record);
    if (seen === 'ended') return 'gone';
    const mtimeNs = await mtimeOf(file);
    if (mtimeNs === undefined) return 'unsigned';
    const now = performance.now();
    let beat = this.#beats.get(id);
    if (beat?.mtimeNs !== mtimeNs) {
      beat = { mtimeNs, since: now, hasMoved: beat !== undefined };
      this.#beats.set(id, beat);
    }
    const silent = now - beat.since;
    if (silent >= this.times.lease) return 'gone';
    if (seen === 'running' || silent < this.times.confirm) return 'lives';
    const age = await this.#ageOf(mtimeNs);
    return age !== undefined && age >= this.times.lease ? 'gone' : 'lives';
  }

  /** Milliseconds since a file in here was written; `undefined` where it is gone, or this process does not share yet. */
  async ageOfFile(path: string): Promise<number | undefined> {
    const mtimeNs = await mtimeOf(path);
    return mtimeNs === undefined ? undefined : this.#ageOf(mtimeNs);
  }

  /** By the clock of the file system, which is asked by touching a file. */
  async #ageOf(mtimeNs: bigint): Promise<number | undefined> {
    await this.#beat();
    const now = await mtimeOf(join(this.own, RECORD));
    return now === undefined ? undefined : Number(now - mtimeNs) / 1e6;
  }

  /** For people: whose a thing is. */
  async nameOf(id: string): Promise<string> {
    const file = join(this.path, 'processes', id, RECORD);
    const record = await readSigned<ProcessRecord>(file, 'process');
    return typeof record === 'string'
      ? 'an unknown process'
      : `process ${record.pid} on ${record.host}`;
  }

  /** The other processes that are here, and whether each is known to live, or may be gone. */
  async others(): Promise<{ readonly id: string; readonly lives: boolean }[]> {
    const folder = join(this.path, 'processes');
    const found: { id: string; lives: boolean }[] = [];
    for (const id of await readdir(folder).catch((): string[] => [])) {
      if (id === this.id || !ID.test(id)) continue;
      const record = await readSigned<ProcessRecord>(join(folder, id, RECORD), 'process');
      const isSeen = typeof record !== 'string' && lookUp(record) === 'running';
      found.push({ id, lives: isSeen || this.#beats.get(id)?.hasMoved === true });
    }
    return found;
  }

  /**
   * A process of another host that shares the store, or did until a short time ago: `undefined` where there is none.
   * Only while this one shares it too.
   */
  async stranger(): Promise<string | undefined> {
    const folder = join(this.path, 'processes');
    for (const id of await readdir(folder).catch((): string[] => [])) {
      if (id === this.id || !ID.test(id)) continue;
      const file = join(folder, id, RECORD);
      const record = await readSigned<ProcessRecord>(file, 'process');
      if (typeof record === 'string' || isOnThisHost(record)) continue;
      const age = await this.ageOfFile(file);
      if (age !== undefined && age < STRANGER_MS) return this.nameOf(id);
    }
    return undefined;
  }

  /** From now on the others are looked at for processes of other hosts, with each beat. */
  watchForStrangers(refuse: (stranger: string) => StoreError): void {
    this.#refuse = refuse;
  }

  /** @throws {StoreError} where a process of another host was seen that must not be here. */
  checkAlone(): void {
    if (this.#refused !== undefined) throw this.#refused;
  }

  /** Removes the folders of processes that are gone, with their drafts. Their claims and lock are found by themselves. */
  async sweep(): Promise<void> {
    const folder = join(this.path, 'processes');
    if (!(await isFolder(folder))) return;
    for (const id of await readdir(folder).catch((): string[] => [])) {
      if (id !== this.id) await this.forget(id);
    }
  }

  /** Removes the folder of a process, if it is gone. Of one that has no record, a record that comes meanwhile stays. */
  async forget(id: string): Promise<void> {
    if (!ID.test(id)) return;
    const found = await this.#lookAt(id);
    if (found === 'lives') return;
    await removeProcess(join(this.path, 'processes', id), found === 'gone');
    this.#beats.delete(id);
  }

  /**
   * Makes a file where none has its name, whole from its first moment: it is written beside the others' eyes, and gets
   * the name by a link. Whoever is killed meanwhile leaves a draft, which goes with its process, and no file that
   * nobody can judge. Folders that others removed as they left are made again.
   *
   * @param path in a folder within {@link path}
   * @throws the system's own error: `EEXIST` where a file is there, which stays.
   */
  async publishNew(path: string, content: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      const draft = this.newDraft();
      try {
        await writeFile(draft, content, { flag: 'wx' });
        await link(draft, path);
        return;
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (NO_LINKS.has(code)) return await writeInFolder(path, content, 'wx');
        if (code !== 'ENOENT' || tries >= MAX_TRIES) throw error;
        await this.revive();
        await makeFolder(this.path);
        await makeFolder(dirname(path));
      } finally {
        await rm(draft, { force: true }).catch(() => {});
      }
    }
  }

  /** Puts a folder or file out of the way of others, to be looked at and removed. @returns its new path; undefined where it is gone. */
  async takeAway(path: string): Promise<string | undefined> {
    const taken = this.newDraft();
    try {
      await rename(path, taken);
      return taken;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** @throws {StoreError} where something else has the name, a link among others. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // One look: between two, others may have removed it and made it again.
    const found = await lstat(path).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'ENOENT') throw failure;
    });
    if (found === undefined) return makeFolder(path);
    if (found.isDirectory()) return;
    throw new StoreError(
      'io',
      `Expected a folder of geocubes at ${path} but something else has that name, which is left as it is. Move it away and run again.`,
    );
  }
}

/** Removes what a process has in its folder, and the folder; whatever is not ours stays, and so does the folder then. */
async function removeProcess(folder: string, withRecord = true): Promise<void> {
  if (!(await isFolder(folder))) return;
  // The record goes last: until then others see whose the rest is.
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names)
    if (DRAFT.test(name)) await removeTaken(join(folder, name)).catch(() => {});
  if (withRecord) await rm(join(folder, RECORD), { force: true }).catch(() => {});
  await rmdir(folder).catch(() => {});
}

/** Removes a draft, or a lock that was taken away: a folder with its owner's name, and in it the drafts of one token. */
export async function removeTaken(path: string): Promise<void> {
  if (!(await isFolder(path))) {
    await unlink(path).catch(ignoreMissing);
    return;
  }
  for (let tries = 1; ; tries++) {
    for (const name of await readdir(path)) {
      const inside = join(path, name);
      if (name === OWNER || DRAFT.test(name)) await unlink(inside).catch(ignoreMissing);
      else if (ID.test(name) && (await isFolder(inside))) await removeTaken(inside);
    }
    try {
      await rmdir(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      // Its owner may have put a draft into it at this moment, the last one that it can.
      if (tries >= 3) throw error;
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Writes the last byte of a record anew. @returns false where the file is gone. */
async function touch(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      await file.write('\n', Math.max(size - 1, 0));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function mtimeOf(path: string): Promise<bigint | undefined> {
  return (await stat(path, { bigint: true }).catch(() => undefined))?.mtimeNs;
}
