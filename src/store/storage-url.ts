import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expected } from '../errors.js';

/** Where a cube lives. */
export type StorageLocation =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'memory' };

/**
 * Reads a storage URL: a path or a `file:` URL is an Icechunk repository in a local folder, `memory:`
 * one that lasts as long as the process.
 *
 * @throws {InvalidInputError} for the schemes that are not built yet.
 */
export function parseStorage(url: string): StorageLocation {
  if (url === '') throw expected('a path or URL', 'the store', url);
  if (url === 'memory:') return { kind: 'memory' };
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') {
    throw expected(
      'a local path, file: or memory:',
      'the store',
      url,
      `Stores at ${scheme}: are not built yet.`,
    );
  }
  const path = scheme === 'file' ? fileURLToPath(url) : resolve(url);
  if (path.endsWith('.zarr')) {
    throw expected(
      'the folder of an Icechunk repository',
      'the store',
      url,
      'Plain .zarr folders are not built yet; choose a name without .zarr.',
    );
  }
  return { kind: 'local', path: canonical(path) };
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
