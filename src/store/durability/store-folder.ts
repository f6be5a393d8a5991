import { type BigIntStats, statSync } from 'node:fs';
import { StoreError } from '../../errors.js';

/**
 * The folder of a store, which must stay the same for as long as it is open: one that was unmounted, renamed or
 * deleted meanwhile is not an empty one, and nothing may be made in whatever is in its place.
 */
export class StoreFolder {
  #known: Pick<BigIntStats, 'dev' | 'ino'> | undefined;

  constructor(readonly path: string) {
    this.#known = look(path);
  }

  /** @throws {StoreError} of kind `io` where the folder is not the one that was opened. */
  check(): void {
    const lost = this.lost();
    if (lost !== undefined) throw lost;
  }

  /** Why the folder is not the one that was opened; `undefined` where it is. */
  lost(): StoreError | undefined {
    const found = look(this.path);
    if (this.#known === undefined) {
      // A new one: it is made by its first commit.
      this.#known = found;
      return undefined;
    }
    if (found === undefined) return this.#gone('it is there no longer');
    return found.dev === this.#known.dev && found.ino === this.#known.ino
      ? undefined
      : this.#gone('another folder is in its place');
  }

  /** After the folder was made, or exchanged on purpose. */
  renew(): void {
    this.#known = look(this.path);
  }

  #gone(what: string): StoreError {
    return new StoreError(
      'io',
      `Expected the cube at ${this.path} that was opened but ${what}: it was unmounted, renamed, replaced or deleted meanwhile. What was not committed by then is lost. Bring it back and run again.`,
    );
  }
}

/** Not asynchronous: it is asked before each write, and answered from memory. */
function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
