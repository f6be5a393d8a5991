import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { expected } from '../errors.js';
import { localPath, schemeOf } from '../machine/local-path.js';

/** Where a cube lives. */
export type StorageLocation =
  /** An Icechunk repository in a local folder. */
  | { readonly kind: 'local'; readonly path: string }
  /** A plain Zarr v3 directory: no transactions, no history. */
  | { readonly kind: 'zarr'; readonly path: string }
  /** An Icechunk repository that lasts as long as the process; one with a name can be opened again in it. */
  | { readonly kind: 'memory'; readonly name?: string }
  | ObjectStoreLocation;

/** An Icechunk repository in an object store; credentials come from the environment (object-storage.ts). */
export interface ObjectStoreLocation {
  readonly kind: 's3' | 'gs' | 'az';
  /** The bucket; Azure calls it container. */
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
}

const OBJECT_STORES = ['s3', 'gs', 'az'] as const;

/** What differs from one kind of place to another. Whoever adds a kind is asked for all of it. */
interface PlaceFacts {
  readonly format: 'icechunk' | 'zarr';
  /** Where it lies, as callers are told: in a local folder, in memory, or in which object store. */
  readonly lies: 'local' | 'memory' | ObjectStoreLocation['kind'];
  /** Whether it may be away for a while, and is waited for. */
  readonly mayBeAway: boolean;
}

export const PLACES: Readonly<Record<StorageLocation['kind'], PlaceFacts>> = {
  local: { format: 'icechunk', lies: 'local', mayBeAway: false },
  zarr: { format: 'zarr', lies: 'local', mayBeAway: false },
  memory: { format: 'icechunk', lies: 'memory', mayBeAway: false },
  s3: { format: 'icechunk', lies: 's3', mayBeAway: true },
  gs: { format: 'icechunk', lies: 'gs', mayBeAway: true },
  az: { format: 'icechunk', lies: 'az', mayBeAway: true },
};

/**
 * Reads a storage URL: a path or a `file:` URL is an Icechunk repository in a local folder, or a plain
 * Zarr directory where it ends in `.zarr`; `s3://bucket/prefix`, `gs://bucket/prefix` and
 * `az://container/prefix` are Icechunk repositories in object stores; `memory:` and `memory:NAME` are
 * repositories of this process.
 *
 * @throws {InvalidInputError} for other schemes, and for URLs that carry more than bucket and prefix.
 */
export function parseStorage(url: string): StorageLocation {
  if (typeof url !== 'string' || url.trim() === '')
    throw expected('a path or URL', 'the store', url);
  const scheme = schemeOf(url);
  if (scheme === 'memory') return parseMemory(url);
  const objectStore = OBJECT_STORES.find((known) => known === scheme);
  if (objectStore !== undefined) return parseObjectStore(objectStore, url);
  if (scheme !== undefined && scheme !== 'file') {
    throw expected(
      `a path or one of ${['file', ...OBJECT_STORES, 'memory'].map((known) => `${known}:`).join(', ')}`,
      'the scheme of the store',
      `${scheme}:`,
      `A folder of this name is ./${scheme}:...`,
    );
  }
  // Resolved, a URL that ends in a slash is the folder's name too.
  const path = resolve(localPath(url, 'the store'));
  const kind = path.endsWith('.zarr') ? 'zarr' : 'local';
  return { kind, path: canonical(path) };
}

/** How messages name a place: the URL a user would type. */
export function nameStorage(location: StorageLocation): string {
  switch (location.kind) {
    case 'local':
    case 'zarr':
      return location.path;
    case 'memory':
      return `memory:${location.name ?? ''}`;
    case 's3':
    case 'gs':
    case 'az':
      return [`${location.kind}:/`, location.bucket, location.prefix].filter(Boolean).join('/');
  }
}

function parseMemory(url: string): StorageLocation {
  const name = url.slice('memory:'.length);
  if (name === '') return { kind: 'memory' };
  if (!/^[\w.-]+$/.test(name))
    throw expected('letters, digits, _ . -', 'the name after memory:', name);
  return { kind: 'memory', name };
}

function parseObjectStore(kind: ObjectStoreLocation['kind'], url: string): ObjectStoreLocation {
  // What is refused may hold a key or a signature, so it is not repeated.
  const match = /^[a-z0-9]+:\/\/([a-z0-9][a-z0-9._-]*)(?:\/([^?#]*))?$/i.exec(url);
  const bucket = match?.[1];
  if (bucket === undefined) {
    throw expected(
      `${kind}://bucket/prefix and nothing else`,
      'the store',
      `another URL of ${kind}:`,
      'Credentials and endpoints belong into environment variables.',
    );
  }
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '');
  const parts = prefix === '' ? [] : prefix.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    throw expected('a prefix without empty, "." and ".." parts', 'the store', prefix);
  return { kind, bucket, prefix };
}

/** The path without symbolic links: two names of one folder must lead to one lock. */
function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(canonical(parent), basename(path));
  }
}
