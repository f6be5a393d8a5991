/**
 * Who is filling which tile, so that several ingests of one cube do not fetch the same pixels. Claims
 * save work, and nothing depends on them: what a tile holds is decided by its commit.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type TileIndex, tileId } from '../grid/tiling.js';
import { writeInFolder } from './folder.js';
import { Ledger, TileState } from './ledger.js';
import { hasEnded, type Owner, thisProcess } from './owner.js';
import type { Repository } from './repository.js';
import { translate } from './store-errors.js';

/**
 * - `ours`: this run fills the tile
 * - `busy`: another one does
 * - `loaded`: another one has
 */
export type ClaimAnswer = 'ours' | 'busy' | 'loaded';

export interface TileClaims {
  /** @throws {StoreError} */
  claim(index: TileIndex): Promise<ClaimAnswer>;
  /** Gives a tile up, after its commit or its failure. */
  release(id: string): Promise<void>;
  /** Gives up all that is left. */
  close(): Promise<void>;
}

/**
 * The claims of one run. In local folders they are files in `<store>.claims`, one for each tile under way.
 * Elsewhere there are none: a tile may be fetched twice when two runs reach it within seconds of each other.
 */
export function openClaims(repository: Repository): TileClaims {
  const { location } = repository;
  const isLocal = location.kind === 'local' || location.kind === 'zarr';
  const newest = new NewestLedger(repository, isLocal ? 0 : REMOTE_AGE_MS);
  return isLocal ? new FileClaims(`${location.path}.claims`, newest) : new NoClaims(newest);
}

/** How old the ledger of a store that is asked over a network may be. */
const REMOTE_AGE_MS = 5_000;

/** What is committed at this moment, or was a short time ago. */
class NewestLedger {
  #known: { readonly ledger: Ledger; readonly version: string | undefined } | undefined;
  #read: { readonly at: number; readonly ledger: Promise<Ledger> } | undefined;

  constructor(
    private readonly repository: Repository,
    private readonly maxAgeMs: number,
  ) {}

  async isLoaded(index: TileIndex): Promise<boolean> {
    const now = performance.now();
    // Whoever asks while it is being read waits for the same, and is answered in the order of asking.
    if (this.#read === undefined || now - this.#read.at >= this.maxAgeMs)
      this.#read = { at: now, ledger: this.#newest() };
    return (await (await this.#read.ledger).get(index)) !== TileState.notLoaded;
  }

  async #newest(): Promise<Ledger> {
    const { store, version } = await this.repository.readSession();
    if (version === undefined || this.#known?.version !== version)
      this.#known = { ledger: new Ledger(store), version };
    return this.#known.ledger;
  }
}

class NoClaims implements TileClaims {
  constructor(private readonly newest: NewestLedger) {}

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    return (await this.newest.isLoaded(index)) ? 'loaded' : 'ours';
  }

  async release(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Claims are touched this often while they are held... */
const HEARTBEAT_MS = 30_000;
/** ... and one that was not for so long is nobody's: its owner died, and another process has its pid. */
const STALE_MS = 180_000;
/** A claim without a readable owner this old was left by a process that died while making it. */
const ORPHANED_MS = 10_000;

/** A file among the claims, and signed as they are, while an abandoned one is removed. */
const TAKEOVER = 'takeover.json';

interface ClaimOwner extends Owner {
  /** Of one run: a process may have several. */
  readonly run: string;
}

/** Runs of this process that have claims. */
const runs = new Set<string>();

class FileClaims implements TileClaims {
  readonly #run = randomUUID();
  readonly #held = new Set<string>();
  readonly #heartbeat: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly newest: NewestLedger,
  ) {
    runs.add(this.#run);
    this.#heartbeat = setInterval(() => void this.#touch(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    const id = tileId(index);
    await this.#sweepOnce();
    if (!(await this.#take(id))) return 'busy';
    // After the claim: before, its owner could commit and give it up between the two questions.
    if (!(await this.newest.isLoaded(index))) return 'ours';
    await this.release(id);
    return 'loaded';
  }

  async release(id: string): Promise<void> {
    if (this.#held.delete(id)) await rm(this.#file(id), { force: true });
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await Promise.all([...this.#held].map((id) => this.release(id)));
    // Once more: another run may have been killed since, and for a tile that nobody asks for again.
    await this.#sweep();
    runs.delete(this.#run);
    // The last one to leave removes the folder.
    await rmdir(this.folder).catch(() => {});
  }

  async #take(id: string): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++) {
      try {
        await this.#sign(this.#file(id));
        this.#held.add(id);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
          throw translate(error, `mark tile ${id} as being filled`);
      }
      if ((await lookAt(this.#file(id))) === 'held') return false;
      await this.#removeAbandoned(this.#file(id));
    }
    return false;
  }

  /** Makes a file that says whose it is. @throws an error with code `EEXIST` where one is there. */
  async #sign(file: string): Promise<void> {
    const owner: ClaimOwner = { ...thisProcess(), run: this.#run };
    await writeInFolder(file, JSON.stringify(owner), 'wx');
  }

  #sweepOnce(): Promise<void> {
    this.#sweeping ??= this.#sweep();
    return this.#sweeping;
  }

  /** Removes what killed processes have left. */
  async #sweep(): Promise<void> {
    const names = await readdir(this.folder).catch((): string[] => []);
    for (const name of names) {
      const file = join(this.folder, name);
      if ((await lookAt(file)) === 'abandoned') await this.#removeAbandoned(file);
    }
  }

  /**
   * Only one run does so at a time, and looks again first: a second one that saw the dead owner as well would
   * remove the claim of whoever came after.
   */
  async #removeAbandoned(file: string): Promise<void> {
    const guard = join(this.folder, TAKEOVER);
    if ((await lookAt(guard)) === 'abandoned') await rm(guard, { force: true });
    try {
      await this.#sign(guard);
    } catch {
      return;
    }
    try {
      if ((await lookAt(file)) === 'abandoned') await rm(file, { force: true });
    } finally {
      await rm(guard, { force: true });
    }
  }

  async #touch(): Promise<void> {
    const now = new Date();
    await Promise.all(
      [...this.#held].map((id) => utimes(this.#file(id), now, now).catch(() => {})),
    );
  }

  #file(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}

/** Whether a claim's owner still lasts, as far as can be known. */
async function lookAt(file: string): Promise<'held' | 'abandoned' | 'gone'> {
  const made = await stat(file).catch(() => undefined);
  if (made === undefined) return 'gone';
  const age = Date.now() - made.mtimeMs;
  if (age > STALE_MS) return 'abandoned';
  try {
    const owner = JSON.parse(await readFile(file, 'utf8')) as ClaimOwner;
    return hasEnded(owner, runs.has(owner.run)) ? 'abandoned' : 'held';
  } catch {
    // It is being written at this moment, or its writer died at it.
    return age > ORPHANED_MS ? 'abandoned' : 'held';
  }
}
