/**
 * A cube as a plain Zarr v3 directory: what every Zarr reader opens, without transactions.
 *
 * Each file appears whole or not at all (written beside the cube, then renamed), and the ledger is
 * written after the chunks it speaks of. A process that is killed leaves at worst chunks that the
 * ledger does not know, which the next run writes again. A new cube is assembled beside its place.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../errors.js';
import type { Location } from './chunk-files.js';
import { DraftFolder } from './draft-folder.js';
import { refuseFile } from './folder.js';
import type { Backend, CubeStore, Session, WriteSession } from './session.js';
import { translate } from './store-errors.js';

/** @throws {StoreError} of kind `not-a-cube` when there is no Zarr group. */
export async function openPlainZarr(path: string): Promise<Backend> {
  await refuseFile(path);
  const root = new PlainStore(path, draftsOf(path));
  if ((await root.get('zarr.json')) === undefined) {
    throw new StoreError(
      'not-a-cube',
      `Expected a Zarr v3 directory at ${path} but there is none. Make one with "geocubes create".`,
    );
  }
  return backendOf(root, path);
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
  // What is beside the cube comes before it: the lock, and the folder it is assembled in.
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw translate(cause, `create ${path}`);
  });
  const root = new PlainStore(path, draftsOf(path));
  let isNew = true;
  const existing = backendOf(root, path);
  return {
    ...existing,
    writeSession: async () => {
      if (!isNew) return existing.writeSession();
      const staged = new StagedStore();
      return {
        store: staged,
        isTransactional: true,
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

function draftsOf(path: string): DraftFolder {
  return new DraftFolder(`${path}.drafts`);
}

function backendOf(store: PlainStore, path: string): Backend {
  const drafts = draftsOf(path);
  const session: WriteSession = {
    store,
    isTransactional: false,
    commit: async (_, finish) => {
      try {
        await drafts.sweep();
        await finish(store);
        return NO_SNAPSHOT;
      } finally {
        await drafts.tidy();
      }
    },
  };
  return {
    readSession: async (): Promise<Session> => ({
      store,
      locate: (keys) => Promise.all(keys.map((key) => store.locate(key))),
    }),
    writeSession: async () => session,
    replace: (entries) => replace(path, entries),
    history: async () => [],
  };
}

/** Assembles the new cube beside the old one and exchanges them; the old one goes last. */
async function replace(path: string, entries: ReadonlyMap<string, Buffer>): Promise<void> {
  await refuseOtherFiles(path);
  const old = besideOf(path);
  await rename(path, old).catch((cause: unknown) => {
    throw translate(cause, `replace ${path}`);
  });
  try {
    await assemble(path, entries);
  } catch (error) {
    await rename(old, path).catch((cause: unknown) => {
      throw new StoreError(
        'io',
        `Expected to put the old cube back to ${path} but something is there. It is kept at ${old}.`,
        { cause },
      );
    });
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** A Zarr node holds its document, other nodes and chunks; what a writer left half written is no file of anybody. */
async function refuseOtherFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    const isOwn = entry.isDirectory()
      ? name === 'c' || (await readdir(join(folder, name))).includes('zarr.json')
      : name === 'zarr.json' || name === 'c' || /^\..+\.partial$/.test(name);
    if (!isOwn) {
      throw new StoreError(
        'exists',
        `Expected nothing but a cube to replace but ${join(folder, name)} is no part of one. Move it, or choose another folder.`,
      );
    }
    if (entry.isDirectory() && name !== 'c') await refuseOtherFiles(join(folder, name));
  }
}

function besideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
}

/** Writes everything into a folder beside `path`, which then takes its name. */
async function assemble(path: string, entries: ReadonlyMap<string, Buffer>): Promise<void> {
  const beside = besideOf(path);
  const drafts = draftsOf(beside);
  const store = new PlainStore(beside, drafts);
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
  } finally {
    await drafts.tidy();
  }
}

class PlainStore implements CubeStore {
  constructor(
    private readonly root: string,
    private readonly drafts: DraftFolder,
  ) {}

  async locate(key: string): Promise<Location> {
    const file = this.#path(key);
    const found = await stat(file).catch(() => undefined);
    return found === undefined ? 'missing' : { file, offset: 0, length: found.size };
  }

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
    let draft: string | undefined;
    try {
      const written = await this.drafts.write(value);
      draft = written;
      await rename(written, path).catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await mkdir(dirname(path), { recursive: true });
        await rename(written, path);
      });
    } catch (cause) {
      if (draft !== undefined) await rm(draft, { force: true }).catch(() => {});
      await this.drafts.tidy();
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
