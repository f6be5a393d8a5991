import type { Repository } from '@earthmover/icechunk';
import { parsePeriod } from '../../dataset/period.js';
import { expected, StoreError } from '../../errors.js';
import { moveBranch } from '../durability/branch-file.js';
import type { LocalStore } from '../durability/local-store.js';
import type { Commit, Tag, Versions } from '../session.js';
import { LostLease } from '../sharing/lease-lock.js';
import { translate } from '../store-errors.js';
import { BRANCH } from './branch.js';

/** Ids of snapshots: 12 bytes in Crockford's base 32 (https://icechunk.io/en/latest/reference/spec/). */
const SNAPSHOT_ID = /^[0-9A-HJKMNP-TV-Z]{20}$/;

/** What is left of the characters Icechunk takes: no shell, path or URL reads more into them. */
const TAG_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** The first snapshot of a repository is made with it, and holds nothing. */
const isBeginning = ({ parentId }: { readonly parentId?: string }) => parentId === undefined;

/** The states that a repository keeps. */
export class IcechunkVersions implements Versions {
  constructor(
    private readonly repo: Repository,
    private readonly local: LocalStore | undefined,
  ) {}

  async find(version: string): Promise<Commit> {
    const tags = await this.#tagNames();
    if (tags.includes(version))
      return this.#commitOf(await this.#do('read a tag', () => this.repo.lookupTag(version)));
    if (SNAPSHOT_ID.test(version)) return this.#commitOf(version);
    return this.#newestOf(version, tags);
  }

  async tags(): Promise<Tag[]> {
    const names = await this.#tagNames();
    const tags = names.sort().map(async (name) => {
      const id = await this.repo.lookupTag(name);
      return { name, commit: await this.#commitOf(id) };
    });
    return this.#do('read the tags', () => Promise.all(tags));
  }

  async tag(name: string, id: string): Promise<void> {
    if (!TAG_NAME.test(name) || SNAPSHOT_ID.test(name) || isTime(name))
      throw expected(
        'letters, digits, _ . - (at most 100, and neither a time nor the id of a commit)',
        'the tag',
        name,
      );
    await this.#write('make the tag', () => this.repo.createTag(name, id)).catch(
      (error: StoreError) => {
        if (!/tag already exists|tag reuse/.test(error.message)) throw error;
        throw new StoreError(
          'exists',
          `Expected a new name for the tag but received ${name}, which is taken, or was until it was deleted: a tag never means another state. Take another name.`,
          { cause: error },
        );
      },
    );
  }

  async deleteTag(name: string): Promise<void> {
    const tags = await this.#tagNames();
    if (!tags.includes(name)) throw unknown(name, 'a tag', tags);
    await this.#write('delete the tag', () => this.repo.deleteTag(name));
  }

  async reset({ id }: Commit): Promise<Commit> {
    const parent = await this.#do('read the branch', () => this.repo.lookupBranch(BRANCH));
    const before = await this.#commitOf(parent);
    if (parent === id) return before;
    const { local, repo } = this;
    if (local === undefined)
      await this.#do('move the branch', () => repo.resetBranch(BRANCH, id, parent));
    else
      await local.lock
        .with((lease) => moveBranch(repo, { branch: BRANCH, snapshot: id, parent }, local, lease))
        .catch((cause: unknown) => {
          if (!(cause instanceof LostLease)) throw translate(cause, 'move the branch');
          throw new StoreError(
            'conflict',
            'Expected nobody to write to the cube while it goes back but another process committed. Run again when it has ended.',
            { cause },
          );
        });
    return before;
  }

  async #commitOf(id: string): Promise<Commit> {
    const found = await this.repo.lookupSnapshot(id).catch((cause: unknown) => {
      if (!/(?:object|snapshot id) not found/.test(String(cause)))
        throw translate(cause, 'read a commit');
      throw expected(
        'the id of a commit of this cube',
        'the version',
        id,
        '"geocubes log" lists them.',
      );
    });
    if (isBeginning(found))
      throw expected(
        'a commit that holds the cube',
        'the version',
        id,
        'It is the empty repository the cube was made in.',
      );
    const { message, writtenAt } = found;
    return { id, message, writtenAt };
  }

  /** The newest commit in or before a time. */
  async #newestOf(text: string, tags: readonly string[]): Promise<Commit> {
    if (!isTime(text)) throw unknown(text, 'a tag, the id of a commit or a time', tags);
    const { end } = parsePeriod(text, 'the version');
    const ancestry = await this.#do('list the commits', () =>
      this.repo.ancestry({ branch: BRANCH }),
    );
    const commits = ancestry.filter((each) => !isBeginning(each));
    const found = commits.find(({ writtenAt }) => Date.parse(writtenAt) < end);
    if (found !== undefined) return this.#commitOf(found.id);
    throw expected(
      `a time at which the cube was there (its first commit is of ${commits.at(-1)?.writtenAt ?? 'no time'})`,
      'the version',
      text,
    );
  }

  #tagNames(): Promise<string[]> {
    return this.#do('list the tags', () => this.repo.listTags());
  }

  #do<T>(action: string, task: () => Promise<T>): Promise<T> {
    return task().catch((cause: unknown) => {
      throw translate(cause, action, this.local?.folder);
    });
  }

  /** What changes references: alone, and on the disk when it returns. */
  async #write(action: string, task: () => Promise<void>): Promise<void> {
    const { local } = this;
    if (local === undefined) return this.#do(action, task);
    await local.lock.with(async (lease) => {
      await lease.check();
      await this.#do(action, task);
      await local.disk.all(local.folder.path);
    });
  }
}

function isTime(text: string): boolean {
  try {
    parsePeriod(text, '');
    return true;
  } catch {
    return false;
  }
}

function unknown(text: string, wanted: string, tags: readonly string[]) {
  const known = tags.length === 0 ? 'It has no tags' : `Its tags: ${[...tags].sort().join(', ')}`;
  return expected(
    `${wanted} of this cube`,
    'the version',
    text,
    `${known}; "geocubes log" lists the commits.`,
  );
}
