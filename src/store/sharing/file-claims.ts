import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../errors.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { translate } from '../store-errors.js';
import type { ClaimAnswer, TileClaims } from './claims.js';
import type { NewestLedger } from './newest-ledger.js';
import { refuseOlderProcesses } from './older-versions.js';
import { pause, type SettleOptions } from './settle.js';
import { makeFolder, removeTaken, type SharingFolder } from './sharing-folder.js';
import { isFolder, readSigned, type Signed } from './signed-file.js';

interface ClaimRecord extends Signed {
  readonly geocubes: 'claim';
  /** The process that has the tile, by its id in the sharing folder. */
  readonly owner: string;
}

const NAME = /^(?:(?:\d+-){1,2}\d+|takeover)\.json$/;

/** A file among the claims, and signed as they are, while an abandoned one is removed. */
const TAKEOVER = 'takeover';

/**
 * An empty claim this old was left by a machine whose power went before its words were on the disk, or where there are no
 * hard links by a process that died while making it.
 */
const ORPHANED_MS = 10_000;

/** The claims of one run in a local store: a file for each tile under way. */
export class FileClaims implements TileClaims {
  readonly isShared = true;
  readonly #held = new Set<string>();
  #entered: Promise<() => Promise<void>> | undefined;

  constructor(
    private readonly sharing: SharingFolder,
    private readonly newest: NewestLedger,
  ) {}

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    const id = tileId(index);
    await this.#enter();
    if (!(await this.#take(id))) return 'busy';
    // After the claim: before, its owner could commit and give it up between the two questions.
    if (!(await this.newest.isLoaded(index))) return 'ours';
    await this.release(id);
    return 'loaded';
  }

  async release(id: string): Promise<void> {
    if (!this.#held.delete(id)) return;
    const file = this.#file(id);
    // A run that slept may have lost the tile to another, whose claim this is then.
    const found = await readSigned<ClaimRecord>(file, 'claim');
    if (typeof found !== 'string' && found.owner === this.sharing.id)
      await rm(file, { force: true });
    // Another run of this process may have it by now.
    if (this.sharing.claims.get(id) === this) this.sharing.claims.delete(id);
  }

  /** Before its claim is gone: whoever takes it then sees it. */
  async giveUp(id: string): Promise<void> {
    const record: Signed = { geocubes: 'failed' };
    try {
      this.sharing.store.check();
      await makeFolder(this.sharing.failures);
      await this.sharing.publishNew(
        join(this.sharing.failures, `${id}.json`),
        JSON.stringify(record),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw translate(error, `mark tile ${id} as failed`, this.sharing.store);
    } finally {
      await this.release(id);
    }
  }

  async isGivenUp(id: string): Promise<boolean> {
    const found = await readSigned(join(this.sharing.failures, `${id}.json`), 'failed');
    return found !== 'missing' && found !== 'foreign';
  }

  async close(): Promise<void> {
    await Promise.all([...this.#held].map((id) => this.release(id)));
    const leave = await this.#enter();
    // Once more: another run may have been killed since, and for a tile that nobody asks for again.
    await this.#sweep();
    await leave();
  }

  /**
   * Removes what runs have left that are gone, and waits for a lease where that cannot be told sooner.
   * @returns how many processes there are that live, or may.
   */
  async settle({ signal, onWait }: SettleOptions = {}): Promise<number> {
    const leave = await this.#enter();
    const { beat, lease } = this.sharing.times;
    const until = performance.now() + 2 * lease;
    let others = await this.sharing.others();
    const isUnsure = () => others.some(({ lives }) => !lives);
    if (isUnsure()) onWait?.(others.length, lease);
    while (isUnsure() && performance.now() < until && !signal?.aborted) {
      await pause(beat, signal);
      await this.#sweep();
      others = await this.sharing.others();
    }
    await this.close();
    await leave();
    return others.length;
  }

  #enter(): Promise<() => Promise<void>> {
    this.#entered ??= (async () => {
      await refuseOlderProcesses(this.sharing.store.path);
      const leave = await this.sharing.enter();
      await this.#sweep();
      return leave;
    })();
    this.#entered.catch(() => {
      this.#entered = undefined;
    });
    return this.#entered;
  }

  async #take(id: string): Promise<boolean> {
    const file = this.#file(id);
    const record: ClaimRecord = { geocubes: 'claim', owner: this.sharing.id };
    for (let tries = 0; tries < 3; tries++) {
      try {
        this.sharing.store.check();
        await makeFolder(this.#folder);
        await this.sharing.publishNew(file, JSON.stringify(record));
        this.#hold(id);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw translate(error, `mark tile ${id} as being filled`, this.sharing.store);
        }
      }
      const state = await this.#lookAt(file);
      if (state === 'foreign')
        throw new StoreError(
          'io',
          `Expected the claim of a tile at ${file} but something else is there, which is left as it is. Move it away and run again.`,
        );
      if (state === 'held') return false;
      await this.#removeAbandoned(file);
    }
    return false;
  }

  /** Whether a claim's owner still lasts, as far as can be known. */
  async #lookAt(file: string): Promise<'held' | 'abandoned' | 'foreign' | 'missing'> {
    const found = await readSigned<ClaimRecord>(file, 'claim');
    if (found === 'missing' || found === 'foreign') return found;
    if (found === 'empty') {
      const age = await this.sharing.ageOfFile(file);
      return age !== undefined && age >= ORPHANED_MS ? 'abandoned' : 'held';
    }
    if (found.owner === this.sharing.id)
      return this.sharing.claims.has(file.slice(this.#folder.length + 1, -'.json'.length))
        ? 'held'
        : 'abandoned';
    return (await this.sharing.isGone(found.owner)) ? 'abandoned' : 'held';
  }

  /** Removes what runs have left that are gone. */
  async #sweep(): Promise<void> {
    await this.sharing.sweep();
    if (!(await isFolder(this.#folder))) return;
    for (const name of await readdir(this.#folder).catch((): string[] => [])) {
      const file = join(this.#folder, name);
      if (NAME.test(name) && (await this.#lookAt(file)) === 'abandoned')
        await this.#removeAbandoned(file);
    }
  }

  /**
   * Only one run does so at a time, and looks again first: a second one that saw the dead owner as well would
   * remove the claim of whoever came after.
   */
  async #removeAbandoned(file: string): Promise<void> {
    const guard = this.#file(TAKEOVER);
    if ((await this.#lookAt(guard)) === 'abandoned') await this.#remove(guard);
    if (this.sharing.claims.has(TAKEOVER)) return;
    this.#hold(TAKEOVER);
    try {
      const record: ClaimRecord = { geocubes: 'claim', owner: this.sharing.id };
      await this.sharing.publishNew(guard, JSON.stringify(record));
      if ((await this.#lookAt(file)) === 'abandoned') await this.#remove(file);
    } catch (error) {
      // Another run is at it.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await this.release(TAKEOVER);
    }
  }

  #hold(id: string): void {
    this.#held.add(id);
    this.sharing.claims.set(id, this);
  }

  async #remove(file: string): Promise<void> {
    const taken = await this.sharing.takeAway(file);
    if (taken !== undefined) await removeTaken(taken);
  }

  get #folder(): string {
    return join(this.sharing.path, 'claims');
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
