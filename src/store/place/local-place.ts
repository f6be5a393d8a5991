import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../errors.js';
import { translate } from '../store-errors.js';

/** How a local folder keeps a cube: as an Icechunk repository, or as a plain Zarr v3 directory. */
export type Kept = 'local' | 'zarr';

/** What lies at a local path, as far as its files' names tell. */
export type Found =
  | 'nothing'
  | 'empty'
  | 'file'
  | 'below-file'
  | 'dangling'
  | 'icechunk'
  | 'zarr3'
  | 'zarr2'
  | 'foreign';

/** The files by which each is known; Icechunk's second is that of its format 2. */
const MARKS = {
  icechunk: ['refs/branch.main/ref.json', 'repo'],
  zarr3: ['zarr.json'],
  zarr2: ['.zgroup', '.zarray', '.zmetadata'],
} as const;

/**
 * Changes nothing. Where a folder bears the marks of two, it is the one that is asked for.
 *
 * @throws {StoreError} of kind `io` when it cannot be told, as without permission.
 */
export async function lookAt(path: string, kept: Kept): Promise<Found> {
  try {
    const found = await statOf(path);
    if (found === 'nothing') {
      const isLink = (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
      return isLink ? 'dangling' : 'nothing';
    }
    if (found === 'below-file') return found;
    if (!found.isDirectory()) return 'file';
    const order =
      kept === 'zarr' ? (['zarr3', 'icechunk'] as const) : (['icechunk', 'zarr3'] as const);
    for (const kind of [...order, 'zarr2'] as const)
      for (const mark of MARKS[kind]) if (await isFile(join(path, mark))) return kind;
    return (await readdir(path)).length === 0 ? 'empty' : 'foreign';
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw translate(cause, `look at ${path}`);
    throw new StoreError(
      'io',
      `Expected to read ${path} but permission is denied (${code}). Get the right to read it, or choose another folder.`,
      { cause },
    );
  }
}

/** @throws {StoreError} of kind `not-a-cube` when something else than what can be opened lies at `path`. */
export async function checkOpens(path: string, kept: Kept): Promise<void> {
  const found = await lookAt(path, kept);
  if (found === WANTED[kept]) return;
  const refused = refusal(path, kept, found);
  if (refused !== undefined) throw new StoreError('not-a-cube', `Expected a cube but ${refused}`);
  const what = found === 'empty' ? 'the folder is empty' : 'there is nothing';
  throw new StoreError(
    'not-a-cube',
    `Expected a cube at ${path} but ${what}. Make one with "geocubes create".`,
  );
}

/**
 * @returns whether a repository or a Zarr directory is there, which may hold no cube yet.
 * @throws {StoreError} of kind `exists` when something else is in the way.
 */
export async function checkCreates(path: string, kept: Kept): Promise<boolean> {
  const found = await lookAt(path, kept);
  if (found === WANTED[kept]) return true;
  const refused = refusal(path, kept, found);
  if (refused === undefined) return false;
  throw new StoreError('exists', `Expected an empty or new folder for the cube but ${refused}`);
}

const WANTED = { local: 'icechunk', zarr: 'zarr3' } as const;

/** What is in the way and what to do, in the same words for opening and creating; `undefined` where a cube can be made. */
function refusal(path: string, kept: Kept, found: Found): string | undefined {
  switch (found) {
    case 'nothing':
    case 'empty':
      return undefined;
    case 'file':
      return `${path} is a file. Choose another place.`;
    case 'below-file':
      return `${path} leads through a file. Choose another place.`;
    case 'dangling':
      return `${path} is a link to nothing. Remove it or mend it, or choose another place.`;
    case 'zarr2':
      return `${path} holds Zarr v2 data. Choose another folder.`;
    case 'icechunk':
    case 'zarr3':
      return kept === 'zarr'
        ? `${path} holds an Icechunk repository, which a folder that ends in .zarr cannot be. Rename the folder, or choose another one.`
        : `${path} holds a plain Zarr v3 directory, whose name must end in .zarr. Rename the folder, or choose another one.`;
    case 'foreign':
      return `${path} holds other files. Choose another folder.`;
  }
}

async function statOf(path: string): Promise<Stats | 'nothing' | 'below-file'> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'nothing';
    if (error.code === 'ENOTDIR') return 'below-file';
    throw error;
  });
}

async function isFile(path: string): Promise<boolean> {
  const found = await statOf(path);
  return typeof found !== 'string' && found.isFile();
}
