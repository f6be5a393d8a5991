import type { Repository } from '@earthmover/icechunk';
import { expected, StoreError } from '../../errors.js';
import { moveBranch } from '../durability/branch-file.js';
import type { LocalStore } from '../durability/local-store.js';
import type { Branches, Published } from '../session.js';
import { LostLease } from '../sharing/lease-lock.js';
import { isLostRace, translate } from '../store-errors.js';
import { BRANCH } from './branch.js';

/** What is left of the characters Icechunk takes: no shell, path or URL reads more into them. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Branches of this prefix are marks of runs (`sharing/mark-leases.ts`). */
const OF_MARKS = 'geocubes.';

/** @throws {InvalidInputError} for a name that no branch beside the one cubes live on can have. */
function checkName(name: string): void {
  if (!NAME.test(name) || name === BRANCH || name.startsWith(OF_MARKS))
    throw expected(
      `letters, digits, _ . - (at most 100; neither ${BRANCH} nor ${OF_MARKS}...)`,
      'the branch',
      name,
    );
}

/** Branches beside the one cubes live on: what is committed to one, its readers do not see before it is published. */
export class IcechunkBranches implements Branches {
  constructor(
    private readonly repo: Repository,
    private readonly local: LocalStore | undefined,
  ) {}

  async make(name: string): Promise<void> {
    checkName(name);
    if ((await this.#find(name)) !== undefined) return;
    const { local, repo } = this;
    const make = async () => {
      const main = await repo.lookupBranch(BRANCH);
      await repo.createBranch(name, main).catch(async (cause: unknown) => {
        // Another of those that fill it was first.
        if (!isLostRace(cause) && (await this.#find(name)) === undefined) throw cause;
      });
    };
    await this.#do(`make the branch ${name}`, () =>
      local === undefined
        ? make()
        : local.lock.with(async (lease) => {
            await lease.check();
            if ((await this.#find(name)) === undefined) await make();
            await local.disk.all(local.folder.path);
          }),
    );
  }

  async check(name: string): Promise<void> {
    checkName(name);
    if ((await this.#find(name)) !== undefined) return;
    const all = await this.#do('list the branches', () => this.repo.listBranches());
    const others = all.filter((each) => each !== BRANCH && !each.startsWith(OF_MARKS)).sort();
    throw expected(
      `a branch of this cube (${others.length === 0 ? 'it has none' : others.join(', ')})`,
      'the branch',
      name,
      'Nobody has begun to fill it, or it is a part of the cube already: then leave it out.',
    );
  }

  async publish(name: string): Promise<Published> {
    await this.check(name);
    const { local } = this;
    try {
      return await this.#do('move the branch', () =>
        local === undefined ? this.#publishRemote(name) : this.#publishLocal(name, local),
      );
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'conflict' || !error.cause) throw error;
      throw new StoreError(
        'conflict',
        `Expected nobody to write to the cube while ${BRANCH} is moved to ${name} but another process did. Run again when it has ended.`,
        { cause: error },
      );
    }
  }

  /** With the lock nobody commits meanwhile. */
  #publishLocal(name: string, local: LocalStore): Promise<Published> {
    const { repo } = this;
    return local.lock.with(async (lease) => {
      await lease.check();
      const [snapshot, parent] = [await repo.lookupBranch(name), await repo.lookupBranch(BRANCH)];
      const commits = await this.#commitsAhead(name);
      if (snapshot !== parent)
        await moveBranch(repo, { branch: BRANCH, snapshot, parent }, local, lease).catch(
          (cause: unknown) => {
            throw cause instanceof LostLease
              ? new StoreError('conflict', cause.message, { cause })
              : cause;
          },
        );
      await lease.check();
      await repo.deleteBranch(name);
      await local.disk.all(local.folder.path);
      return { snapshot, commits };
    });
  }

  /** Moves are conditional. What a late writer adds to the branch after a move is moved too, before the branch goes. */
  async #publishRemote(name: string): Promise<Published> {
    const { repo } = this;
    let commits = 0;
    for (;;) {
      const [snapshot, parent] = [await repo.lookupBranch(name), await repo.lookupBranch(BRANCH)];
      commits += await this.#commitsAhead(name);
      if (snapshot !== parent) await repo.resetBranch(BRANCH, snapshot, parent);
      if ((await repo.lookupBranch(name)) !== snapshot) continue;
      await repo.deleteBranch(name);
      return { snapshot, commits };
    }
  }

  /**
   * How many commits the branch is ahead.
   * @throws {StoreError} of kind `conflict` where the other has commits that it lacks.
   */
  async #commitsAhead(name: string): Promise<number> {
    const [own, main] = [
      await this.repo.ancestry({ branch: name }),
      await this.repo.ancestry({ branch: BRANCH }),
    ];
    const tip = main[0]?.id;
    const ahead = own.findIndex(({ id }) => id === tip);
    if (ahead >= 0) return ahead;
    const known = new Set(own.map(({ id }) => id));
    const since = main.findIndex(({ id }) => known.has(id));
    const [newest, base] = [main[0], main[since]];
    throw new StoreError(
      'conflict',
      `Expected ${BRANCH} to be where the branch ${name} began but it has got ${since === 1 ? '1 commit' : `${since < 0 ? main.length : since} commits`} since, the newest "${newest?.message}" of ${newest?.writtenAt}: one of the two would be lost, so nothing was moved.${
        base === undefined
          ? ''
          : ` Where those commits are not wanted, "geocubes rollback ${base.id}" takes them back, and then the same call goes on.`
      } Else fill a new branch (--branch OTHER), which begins where ${BRANCH} is now.`,
    );
  }

  #find(name: string): Promise<string | undefined> {
    return this.repo.lookupBranch(name).catch((cause: unknown) => {
      if (/ref not found/.test(String(cause))) return undefined;
      throw translate(cause, `look for the branch ${name}`, this.local?.folder);
    });
  }

  #do<T>(action: string, task: () => Promise<T>): Promise<T> {
    return task().catch((cause: unknown) => {
      throw translate(cause, action, this.local?.folder);
    });
  }
}
