/**
 * A cube as a plain Zarr v3 directory: what every Zarr reader opens, without transactions.
 *
 * Each file appears whole or not at all (written under another name, then renamed), and the ledger is
 * written after the chunks it speaks of. A process that is killed leaves at worst chunks that the
 * ledger does not know, which the next run writes again. A new cube is assembled beside its place.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../errors.js';
import { refuseFile } from './folder.js';
import type { Backend, CubeStore, Session, WriteSession } from './session.js';
import { translate } from './store-errors.js';

/** @throws {StoreError} of kind `not-a-cube` when there is no Zarr group. */
export async function openPlainZarr(path: string): Promise<Backend> {
  await refuseFile(path);
  const root = new PlainStore(path);
  if ((await root.get('zarr.json')) === undefined) {
    throw new StoreError(
      'not-a-cube',
      `Expected a Zarr v3 directory at ${path} but there is none. Make one with "geocubes create".`,
    );
  }
  return backendOf(root);
}

/** @throws {StoreError} of kind `exists` when the folder holds anything. */
export async function createPlainZarr(path: string): Promise<Backend> {
  await refuseFile(path);
  const entries = await readdir(path).catch((): string[] => []);
  if (entries.includes('zarr.json')) return openPlainZarr(path);
  if (entries.length > 0) {
    throw new StoreError(
      'exists',
      `Expected an empty or new folder for the cube but ${path} holds other files. Choose another folder.`,
    );
  }
  const root = new PlainStore(path);
  let isNew = true;
  const existing = backendOf(root);
  return {
    ...existing,
    writeSession: async () => {
      if (!isNew) return existing.writeSession();
      const staged = new StagedStore();
      return {
        store: staged,
        commit: async (_, finish) => {
          await finish(staged);
          await assemble(path, staged.entries);
          isNew = false;
          return NO_SNAPSHOT;
        },
      };
    },
  };
}

/** A plain directory has none. */
const NO_SNAPSHOT = '';

function backendOf(store: PlainStore): Backend {
  const session: WriteSession = {
    store,
    commit: async (_, finish) => {
      await finish(store);
      return NO_SNAPSHOT;
    },
  };
  return {
    readSession: async (): Promise<Session> => ({ store }),
    writeSession: async () => session,
    history: async () => [],
  };
}

/** Writes everything into a folder beside `path`, which then takes its name. */
async function assemble(path: string, entries: ReadonlyMap<string, Buffer>): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
  const store = new PlainStore(beside);
  try {
    for (const [key, value] of entries) await store.set(key, value);
    // Only an empty folder may be in the way; anything else was put there meanwhile.
    await rmdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') {
      throw new StoreError(
        'exists',
        `Expected an empty or new folder for the cube but something was put into ${path}. Choose another folder.`,
        { cause },
      );
    }
    throw translate(cause, `create ${path}`);
  }
}

class PlainStore implements CubeStore {
  constructor(private readonly root: string) {}

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path(key));
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw translate(cause, `read ${key}`);
    }
  }

  async set(key: string, value: Buffer): Promise<void> {
    const path = this.#path(key);
    const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
    try {
      await writeFile(partial, value).catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await mkdir(dirname(path), { recursive: true });
        await writeFile(partial, value);
      });
      await rename(partial, path);
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => {});
      throw translate(cause, `write ${key}`);
    }
  }

  async discard(key: string): Promise<void> {
    await rm(this.#path(key), { force: true }).catch((cause: unknown) => {
      throw translate(cause, `remove ${key}`);
    });
  }

  async holds(key: string): Promise<boolean> {
    const found = await stat(this.#path(key)).catch((cause: unknown) => {
      if (isMissing(cause)) return undefined;
      throw translate(cause, `read ${key}`);
    });
    return found !== undefined;
  }

  remove(key: string): Promise<void> {
    return this.discard(key);
  }

  async list(path: string): Promise<string[]> {
    return readdir(path === '' ? this.root : this.#path(path)).catch((cause: unknown) => {
      if (isMissing(cause)) return [];
      throw translate(cause, `list ${path === '' ? 'the cube' : path}`);
    });
  }

  /** Keys hold names that come from metadata, which anybody may have written. */
  #path(key: string): string {
    const parts = key.replace(/^\//, '').split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || /[\\\0]/.test(part))) {
      throw new StoreError(
        'io',
        `Expected a key inside the cube but received "${key}". The cube's metadata is damaged.`,
      );
    }
    return join(this.root, ...parts);
  }
}

/** Keeps what is written until the cube can be assembled. */
class StagedStore implements CubeStore {
  readonly entries = new Map<string, Buffer>();
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.entries.get(key);
  }
  async set(key: string, value: Buffer): Promise<void> {
    this.entries.set(key, value);
  }
  async discard(key: string): Promise<void> {
    this.entries.delete(key);
  }
  async holds(key: string): Promise<boolean> {
    return this.entries.has(key);
  }
  async remove(key: string): Promise<void> {
    this.entries.delete(key);
  }
  async list(): Promise<string[]> {
    return [];
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
