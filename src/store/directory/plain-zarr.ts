/**
 * A cube as a plain Zarr v3 directory: what every Zarr reader opens, without transactions.
 *
 * Each file appears whole or not at all (written beside the cube, then renamed), and the ledger is
 * written after the chunks it speaks of. A process that is killed leaves at worst chunks that the
 * ledger does not know, which the next run writes again. A new cube is assembled beside its place.
 */
import { randomUUID } from 'node:crypto';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../../errors.js';
import { endsOf } from '../byte-range.js';
import type { DiskSync } from '../durability/disk-sync.js';
import { LocalStore, type StoreOptions } from '../durability/local-store.js';
import type { StoreFolder } from '../durability/store-folder.js';
import { checkCreates, checkOpens } from '../place/local-place.js';
import type {
  Backend,
  ByteRange,
  Commit,
  CubeStore,
  Finish,
  Location,
  Session,
  WriteSession,
} from '../session.js';
import { LostLease } from '../sharing/lease-lock.js';
import { SHARING_NAME } from '../sharing/sharing-folder.js';
import { translate } from '../store-errors.js';

/** @throws {StoreError} of kind `not-a-cube` when there is no Zarr group. */
export async function openPlainZarr(path: string, options?: StoreOptions): Promise<Backend> {
  await checkOpens(path, 'zarr');
  return new PlainZarr(path, options);
}

/** @throws {StoreError} of kind `exists` when the folder holds anything but a Zarr v3 node. */
export async function createPlainZarr(path: string, options?: StoreOptions): Promise<Backend> {
  if (await checkCreates(path, 'zarr')) return new PlainZarr(path, options);
  // The folder it is assembled in lies beside it.
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw translate(cause, `create ${path}`);
  });
  return new NewPlainZarr(path, options);
}

/** A plain directory has none. */
const NO_SNAPSHOT = '';

/** Tries of one commit while other processes take this one for gone. */
const MAX_TRIES = 100;

class PlainZarr implements Backend {
  readonly store: PlainStore;
  readonly local: LocalStore;

  constructor(
    protected readonly path: string,
    options?: StoreOptions,
  ) {
    this.local = new LocalStore(path, options);
    this.store = new PlainStore(
      path,
      (file, bytes) => this.#writeShared(file, bytes),
      this.local.folder,
    );
  }

  async readSession(): Promise<Session> {
    const { store } = this;
    return { store, locate: (keys) => Promise.all(keys.map((key) => store.locate(key))) };
  }

  async writeSession(): Promise<WriteSession> {
    this.local.folder.check();
    return {
      store: this.store,
      isTransactional: false,
      commit: (_, finish) => this.#commit(finish),
    };
  }

  replace(entries: ReadonlyMap<string, Buffer>): Promise<void> {
    return this.local.lock.with(async (lease) => {
      await lease.check();
      await replace(this.path, entries, this.local.disk);
      this.local.folder.renew();
    });
  }

  async history(): Promise<Commit[]> {
    return [];
  }

  /** What depends on the newest state is moved to its place by the lease; chunks are there by then, and on the disk. */
  async #commit(finish: Finish): Promise<string> {
    const { lock, disk, sharing } = this.local;
    for (let lost = 1; ; lost++) {
      try {
        await lock.with(async (lease) => {
          await sharing.sweep();
          await disk.all(this.path);
          const folders = new Set<string>();
          const fenced = new PlainStore(
            this.path,
            async (file, bytes) => {
              await mkdir(dirname(file), { recursive: true });
              await lease.publish(file, bytes, { sync: disk.isOn });
              folders.add(dirname(file));
            },
            this.local.folder,
          );
          await finish(fenced);
          for (const folder of folders) await disk.one(folder);
        });
        return NO_SNAPSHOT;
      } catch (error) {
        if (!isLostLease(error) || lost >= MAX_TRIES) throw translate(error, 'commit');
      }
    }
  }

  /** Written beside its place and renamed, so that each file appears whole or not at all. */
  #writeShared(file: string, bytes: Uint8Array): Promise<void> {
    const { sharing, folder } = this.local;
    return sharing.during(async () => {
      folder.check();
      const draft = sharing.newDraft();
      try {
        await writeFile(draft, bytes).catch(async (error: unknown) => {
          if (!isMissing(error)) throw error;
          await sharing.revive();
          await writeFile(draft, bytes);
        });
        await rename(draft, file).catch(async (error: unknown) => {
          if (!isMissing(error)) throw error;
          folder.check();
          await mkdir(dirname(file), { recursive: true });
          await rename(draft, file);
        });
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {});
        throw error;
      }
    });
  }
}

/** A cube that is assembled by its first commit. */
class NewPlainZarr extends PlainZarr {
  #isNew = true;

  override async writeSession(): Promise<WriteSession> {
    if (!this.#isNew) return super.writeSession();
    const staged = new StagedStore();
    return {
      store: staged,
      isTransactional: true,
      commit: async (_, finish) => {
        await finish(staged);
        await assemble(this.path, staged.entries, this.local.disk);
        this.local.folder.renew();
        this.#isNew = false;
        return NO_SNAPSHOT;
      },
    };
  }
}

function isLostLease(error: unknown): boolean {
  return (
    error instanceof LostLease || (error instanceof StoreError && error.cause instanceof LostLease)
  );
}

/** Assembles the new cube beside the old one and exchanges them; the old one goes last. */
async function replace(
  path: string,
  entries: ReadonlyMap<string, Buffer>,
  disk: DiskSync,
): Promise<void> {
  await refuseOtherFiles(path);
  const old = besideOf(path);
  await rename(path, old).catch((cause: unknown) => {
    throw translate(cause, `replace ${path}`);
  });
  try {
    await assemble(path, entries, disk);
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
    if (name === SHARING_NAME) continue;
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
async function assemble(
  path: string,
  entries: ReadonlyMap<string, Buffer>,
  disk: DiskSync,
): Promise<void> {
  const beside = besideOf(path);
  const store = new PlainStore(beside, async (file, bytes) => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  });
  try {
    for (const [key, value] of entries) await store.set(key, value);
    await disk.all(beside);
    // Only an empty folder may be in the way; anything else was put there meanwhile.
    await rmdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(beside, path);
    await disk.one(dirname(path));
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
  constructor(
    private readonly root: string,
    private readonly write: (file: string, bytes: Uint8Array) => Promise<void>,
    /** What a file that is missing must be missing in: a store that vanished is not an empty one. */
    private readonly folder?: StoreFolder,
  ) {}

  async locate(key: string): Promise<Location> {
    const file = this.#path(key);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) this.folder?.check();
    return found === undefined ? 'missing' : { file, offset: 0, length: found.size };
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path(key));
    } catch (cause) {
      if (!isMissing(cause)) throw translate(cause, `read ${key}`, this.folder);
      this.folder?.check();
      return undefined;
    }
  }

  async getRange(key: string, range: ByteRange): Promise<Uint8Array | undefined> {
    try {
      const file = await open(this.#path(key));
      try {
        const { size } = await file.stat();
        const [start, end] = endsOf(range, size);
        const bytes = Buffer.alloc(end - start);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (!isMissing(cause)) throw translate(cause, `read ${key}`, this.folder);
      this.folder?.check();
      return undefined;
    }
  }

  async set(key: string, value: Buffer): Promise<void> {
    await this.write(this.#path(key), value).catch((cause: unknown) => {
      throw translate(cause, `write ${key}`, this.folder);
    });
  }

  async discard(key: string): Promise<void> {
    await rm(this.#path(key), { force: true }).catch((cause: unknown) => {
      throw translate(cause, `remove ${key}`, this.folder);
    });
  }

  async holds(key: string): Promise<boolean> {
    const found = await stat(this.#path(key)).catch((cause: unknown) => {
      if (!isMissing(cause)) throw translate(cause, `read ${key}`, this.folder);
      this.folder?.check();
      return undefined;
    });
    return found !== undefined;
  }

  remove(key: string): Promise<void> {
    return this.discard(key);
  }

  async list(path: string): Promise<string[]> {
    return readdir(path === '' ? this.root : this.#path(path)).catch((cause: unknown) => {
      if (isMissing(cause)) return [];
      throw translate(cause, `list ${path === '' ? 'the cube' : path}`, this.folder);
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
  async getRange(key: string, range: ByteRange): Promise<Uint8Array | undefined> {
    const bytes = this.entries.get(key);
    return bytes?.subarray(...endsOf(range, bytes.length));
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
