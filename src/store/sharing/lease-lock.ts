import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../errors.js';
import { translate } from '../store-errors.js';
import { removeTaken, type SharingFolder } from './sharing-folder.js';
import { isFolder, readSigned, type Signed } from './signed-file.js';

/** Between tries for a lock that another process holds, and between looks whether that process lives. */
const RETRY_MS = 20;
const LOOK_MS = 250;

/** How long one process may hold the lock at a time while it lives: it is held for one commit. */
const PATIENCE_MS = 120_000;

interface LockRecord extends Signed {
  readonly geocubes: 'lock';
  /** Of the one time it was taken. */
  readonly token: string;
  /** The process, by its id in the sharing folder. */
  readonly owner: string;
}

/** The owner of a lock that lost its name. */
const NAMELESS: LockRecord = { geocubes: 'lock', token: '', owner: '' };

/** The lock was taken over by another process, which took this one for gone. What it was to guard has not been done. */
export class LostLease extends Error {}

/** The right to change what all processes share, for as long as the others hear of this one. */
export interface Lease {
  /**
   * Puts a file in its place, at once, if the lease still holds: a file that is written into the lock is moved out
   * of it, and whoever takes a lock over moves it away first. So there is no moment between asking and doing.
   *
   * @param path a place on the file system of the store.
   * @throws {LostLease}
   */
  publish(path: string, content: Uint8Array, options: { readonly sync: boolean }): Promise<void>;
  /** For what cannot be done by {@link publish}. @throws {LostLease} where the lease has been lost already. */
  check(): Promise<void>;
}

/**
 * The lock of a local store: a folder that is moved to its name, with its owner in it, where no other is.
 *
 * A lock is a lease. One whose owner has ended, or was not heard of for the time of a lease, is taken over; an
 * owner that only slept finds out when it publishes, and does nothing.
 */
export class LeaseLock {
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly sharing: SharingFolder) {}

  /**
   * Runs a task while this process holds the lock; of its own tasks one after the other.
   * @throws {StoreError} of kind `conflict` when another process does not give the lock up; {@link LostLease}.
   */
  async with<T>(task: (lease: Lease) => Promise<T>): Promise<T> {
    const run = this.#turn.then(() =>
      this.sharing.during(async () => {
        this.sharing.checkAlone();
        const token = await this.#take();
        try {
          return await task(this.#leaseOf(token));
        } finally {
          await this.#removeIfHeldBy(token).catch(() => {});
        }
      }),
    );
    this.#turn = run.catch(() => {});
    return run;
  }

  get #path(): string {
    return join(this.sharing.path, 'lock');
  }

  async #take(): Promise<string> {
    const token = randomUUID();
    const record: LockRecord = { geocubes: 'lock', token, owner: this.sharing.id };
    let prepared = await this.#prepare(record);
    let held: { readonly token: string; readonly since: number } | undefined;
    let looked = Number.NEGATIVE_INFINITY;
    for (;;) {
      try {
        await rename(prepared, this.#path);
        return token;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Somebody took this process for gone, and has cleared away.
        if (code === 'ENOENT') prepared = await this.#prepare(record);
        else if (!isTaken(code)) throw translate(error, 'be locked', this.sharing.store);
      }
      const now = performance.now();
      if (now - looked >= LOOK_MS) {
        looked = now;
        const lock = await this.#holder();
        if (lock !== undefined && held?.token !== lock.token)
          held = { token: lock.token, since: now };
        const heldMs = held === undefined ? 0 : now - held.since;
        const isAbandoned =
          lock === NAMELESS
            ? heldMs >= this.sharing.times.lease
            : lock !== undefined && (await this.sharing.isGone(lock.owner));
        if (isAbandoned) {
          await this.#removeIfHeldBy(lock?.token ?? '');
          if (lock !== undefined) await this.sharing.forget(lock.owner);
          continue;
        }
        if (heldMs > PATIENCE_MS) {
          await removeTaken(prepared).catch(() => {});
          throw new StoreError(
            'conflict',
            `Expected the lock ${this.#path} to be given up but it is still held by ${await this.sharing.nameOf(lock?.owner ?? '')}. Remove that folder if no other geocubes process is running.`,
          );
        }
      }
      await sleep(RETRY_MS * (0.5 + Math.random()));
    }
  }

  /** A lock beside its place. */
  async #prepare(record: LockRecord): Promise<string> {
    for (let tries = 1; ; tries++) {
      const prepared = this.sharing.newDraft();
      try {
        this.sharing.store.check();
        await mkdir(prepared);
        await writeFile(join(prepared, 'owner.json'), JSON.stringify(record));
        await mkdir(join(prepared, record.token));
        return prepared;
      } catch (error) {
        await removeTaken(prepared).catch(() => {});
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries >= 5)
          throw translate(error, 'be locked', this.sharing.store);
        await this.sharing.revive();
      }
    }
  }

  async #holder(): Promise<LockRecord | undefined> {
    // A link leads elsewhere: what lies there is nobody's lock.
    const place = await lstat(this.#path).catch(() => undefined);
    if (place === undefined) return undefined;
    const found = place.isDirectory()
      ? await readSigned<LockRecord>(join(this.#path, 'owner.json'), 'lock')
      : 'foreign';
    if (found === 'foreign')
      throw new StoreError(
        'io',
        `Expected a lock of geocubes at ${this.#path} but something else is there, which is left as it is. Move it away and run again.`,
      );
    if (typeof found !== 'string') return found;
    // A lock has its owner's name from its first moment on, unless the power went before that was on the disk.
    return found === 'empty' || (await isFolder(this.#path)) ? NAMELESS : undefined;
  }

  /**
   * Between the question and the removal another process may have taken the lock: then that one loses it, which
   * it finds out before it has changed anything, and takes it again.
   */
  async #removeIfHeldBy(token: string): Promise<void> {
    if ((await this.#holder())?.token !== token) return;
    const taken = await this.sharing.takeAway(this.#path);
    // Only when nothing is left of it can its owner publish no more.
    if (taken !== undefined) await removeTaken(taken);
  }

  #leaseOf(token: string): Lease {
    let count = 0;
    return {
      publish: async (path, content, { sync }) => {
        this.sharing.store.check();
        // The token is part of the path: in a lock that somebody else holds by now there is no such folder.
        const draft = join(this.#path, token, `${count++}.draft`);
        try {
          const file = await open(draft, 'wx');
          try {
            await file.writeFile(content);
            if (sync) await file.sync();
          } finally {
            await file.close();
          }
          await rename(draft, path);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
          // What is missing may be the folder that the file belongs into.
          await this.#check(token);
          throw error;
        }
      },
      check: () => this.#check(token),
    };
  }

  async #check(token: string): Promise<void> {
    this.sharing.store.check();
    if ((await this.#holder())?.token !== token)
      throw new LostLease('The lease of the lock was lost.');
  }
}

/** A folder with something in it cannot be replaced, nor what is none; Windows says it in words of its own. */
function isTaken(code: string | undefined): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM', 'EACCES'].includes(code ?? '');
}
