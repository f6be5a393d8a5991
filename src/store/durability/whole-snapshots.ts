/**
 * Finds the newest state of a damaged repository that can be read. Candidates are looked at in a shadow: a folder
 * whose parts are links to the repository's, and whose branch is its own, so that nothing of the repository changes.
 */
import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '@earthmover/icechunk';
import { makeTemporaryFolder } from '../../machine/temporary.js';
import { BRANCH } from '../icechunk/branch.js';
import { loadIcechunk } from '../icechunk/load.js';

/** A snapshot all of whose own files can be read. Of its chunks `verify` tells. */
export interface WholeSnapshot {
  readonly id: string;
  readonly message: string;
  readonly writtenAt: string;
}

/** How a branch of a repository in a folder is. */
export interface BranchHealth {
  /** What cannot be read at its end; `undefined` where all can. */
  readonly problem?: string;
  /** The newest one that can be read; `undefined` where none can. */
  readonly newest?: WholeSnapshot;
  /** In format 2 the file of which the branch is a part, as it was then. */
  readonly file?: Buffer;
}

/** Looked at, from the newest on: more than were ever under way at once. */
const MAX_CANDIDATES = 64;

/** What each file of Icechunk's begins with. */
const MAGIC = Buffer.from('ICE🧊CHUNK');

export async function branchHealth(path: string, branch: string): Promise<BranchHealth> {
  const isFormat1 = (await stat(join(path, 'repo')).catch(() => undefined)) === undefined;
  const shadow = await Shadow.of(path);
  try {
    return await (isFormat1 ? ofFormat1(path, branch, shadow) : ofFormat2(path, branch, shadow));
  } finally {
    await shadow.remove();
  }
}

async function ofFormat1(path: string, branch: string, shadow: Shadow): Promise<BranchHealth> {
  const ref = refOf(branch);
  const text = await readFile(join(path, ref), 'utf8').catch(() => '');
  const tip = /^\s*\{\s*"snapshot"\s*:\s*"([0-9A-Z]+)"\s*\}\s*$/.exec(text)?.[1];
  const look = async (id: string) => {
    // Without that branch no repository is opened.
    await shadow.write(refOf(BRANCH), JSON.stringify({ snapshot: id }));
    return shadow.open();
  };
  const [problem, found] =
    tip === undefined
      ? [`${ref} names no snapshot`, undefined]
      : await problemOf(path, await look(tip), tip);
  if (problem === undefined) return found === undefined ? {} : { newest: found };
  const candidates = await newestFirst(join(path, 'snapshots'));
  const parents = new Map<string, string | undefined>();
  const whole: WholeSnapshot[] = [];
  for (const id of candidates.slice(0, MAX_CANDIDATES)) {
    const repo = await look(id);
    const info = await repo?.lookupSnapshot(id).catch(() => undefined);
    parents.set(id, info?.parentId);
    const [, candidate] = await problemOf(path, repo, id);
    if (candidate !== undefined && (await holdsCube(repo, id))) whole.push(candidate);
  }
  // Of two on one parent, one lost a race, and nothing was built on it.
  const depth = (id: string | undefined): number =>
    id === undefined || !parents.has(id) ? 0 : 1 + depth(parents.get(id));
  const [newest] = whole.toSorted((one, other) => depth(other.id) - depth(one.id));
  return { problem, ...(newest === undefined ? {} : { newest }) };
}

function refOf(branch: string): string {
  return join('refs', `branch.${branch}`, 'ref.json');
}

async function ofFormat2(path: string, branch: string, shadow: Shadow): Promise<BranchHealth> {
  // Their names begin with a number that counts down.
  const kept = (await readdir(join(path, 'overwritten')).catch((): string[] => []))
    .filter((name) => name.startsWith('repo.'))
    .sort()
    .slice(0, MAX_CANDIDATES);
  let problem: string | undefined;
  for (const name of ['repo', ...kept.map((each) => join('overwritten', each))]) {
    await shadow.copy(name, 'repo');
    const repo = await shadow.open();
    const id = await repo?.lookupBranch(branch).catch(() => undefined);
    const [why, newest] =
      id === undefined ? [`the file ${name} cannot be read`] : await problemOf(path, repo, id);
    if (newest !== undefined && problem === undefined) return { newest };
    if (newest !== undefined && (await holdsCube(repo, newest.id)))
      return { problem: problem ?? '', newest, file: await readFile(join(path, name)) };
    problem ??= why;
  }
  return { problem: problem ?? 'it names no snapshot' };
}

/** What of a snapshot cannot be read, or what it is. */
async function problemOf(
  path: string,
  repo: Repository | undefined,
  id: string,
): Promise<[string] | [undefined, WholeSnapshot]> {
  try {
    if (repo === undefined) throw new Error('the repository cannot be opened');
    const { message, writtenAt } = await repo.lookupSnapshot(id);
    for (const { id: name, sizeBytes } of await repo.lookupManifestFiles(id)) {
      const manifest = await openingOf(join(path, 'manifests', name));
      if (manifest.size !== sizeBytes || !manifest.start.equals(MAGIC))
        return [`manifest ${name} of snapshot ${id} is cut short or not there`];
    }
    return [undefined, { id, message, writtenAt }];
  } catch (error) {
    return [`snapshot ${id}: ${String((error as Error).message).split('\n')[0]}`];
  }
}

/** The first snapshot of a repository has nothing in it yet: nobody means to go back to that. */
async function holdsCube(repo: Repository | undefined, snapshotId: string): Promise<boolean> {
  const session = await repo?.readonlySession({ snapshotId });
  return ((await session?.store.get('zarr.json')) ?? undefined) !== undefined;
}

async function openingOf(file: string): Promise<{ size: number; start: Buffer }> {
  const start = Buffer.alloc(MAGIC.length);
  try {
    const handle = await open(file, 'r');
    try {
      await handle.read(start, 0, start.length, 0);
      return { size: (await handle.stat()).size, start };
    } finally {
      await handle.close();
    }
  } catch {
    return { size: -1, start };
  }
}

async function newestFirst(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) =>
    /^[0-9A-Z]+$/.test(name),
  );
  const times = await Promise.all(
    names.map(
      async (name) => (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0,
    ),
  );
  return names
    .map((name, i) => ({ name, time: times[i] ?? 0 }))
    .sort((one, other) => other.time - one.time)
    .map(({ name }) => name);
}

/** Read, and never written. */
const PARTS = ['chunks', 'manifests', 'snapshots', 'transactions', 'overwritten'];

class Shadow {
  private constructor(
    private readonly path: string,
    private readonly original: string,
  ) {}

  static async of(original: string): Promise<Shadow> {
    const path = makeTemporaryFolder('geocubes-shadow-');
    for (const part of PARTS) await symlink(join(original, part), join(path, part), 'junction');
    const shadow = new Shadow(path, original);
    await shadow.copy('config.yaml', 'config.yaml');
    return shadow;
  }

  async copy(name: string, to: string): Promise<void> {
    await copyFile(join(this.original, name), join(this.path, to)).catch(() => {});
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(join(this.path, name, '..'), { recursive: true });
    await writeFile(join(this.path, name), text);
  }

  async open(): Promise<Repository | undefined> {
    const { Repository, Storage } = await loadIcechunk();
    try {
      return await Repository.open(await Storage.newLocalFilesystem(this.path));
    } catch {
      return undefined;
    }
  }

  /** Links are removed, not what they lead to. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
