import { statSync } from 'node:fs';
import type { Dataset } from 'gdal-async';
import type { CheckedInput } from '../inputs/open.js';

/** Files that a thread keeps open for the next tile; of more, those that were used last. */
const MOST = 16;

/** Milliseconds after its last use in which a file is kept open. */
const KEPT_MS = 1000;

interface Kept {
  readonly key: string;
  readonly dataset: Dataset;
}

/**
 * Files that stay open between tiles. Neighbours need the same blocks of a file, which GDAL keeps decoded as long as
 * its dataset is open, in a cache of a bounded size (GDAL_CACHEMAX) for the whole process. A dataset is lent to one
 * task at a time. A file that has changed is opened anew; one that nobody asks for is closed after a second.
 */
export class KeptFiles {
  /** The last one that was given back is the last one here. */
  readonly #idle: Kept[] = [];
  readonly #lent = new Map<Dataset, string>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param input as GDAL is given it; only whole files in a folder are kept
   * @param open a file that is not open
   */
  lend(
    { name, formats, overview }: Pick<CheckedInput, 'name' | 'formats' | 'overview'>,
    open: () => Dataset,
  ): Dataset {
    const key = formats === 'any' ? undefined : keyOf(name, [...formats, `${overview ?? 'whole'}`]);
    const at = this.#idle.findIndex((kept) => kept.key === key);
    const dataset = this.#idle.splice(at, at === -1 ? 0 : 1)[0]?.dataset ?? open();
    if (key !== undefined) this.#lent.set(dataset, key);
    return dataset;
  }

  /** Also for files that are not kept, which are closed at once. */
  giveBack(dataset: Dataset): void {
    const key = this.#lent.get(dataset);
    this.#lent.delete(dataset);
    if (key === undefined) {
      dataset.close();
      return;
    }
    this.#idle.push({ key, dataset });
    if (this.#idle.length > MOST) this.#idle.shift()?.dataset.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.closeIdle(), KEPT_MS).unref();
  }

  closeIdle(): void {
    for (const { dataset } of this.#idle.splice(0)) dataset.close();
  }
}

/** What another file, or one that was written since, has differently; `undefined` for what is no file. */
function keyOf(name: string, how: readonly string[]): string | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(name, { bigint: true });
    return [name, ...how, dev, ino, size, mtimeNs, ctimeNs].join('\n');
  } catch {
    return undefined;
  }
}
