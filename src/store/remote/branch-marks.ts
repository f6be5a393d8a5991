import { randomUUID } from 'node:crypto';
import type { Repository, Session } from '@earthmover/icechunk';
import type { Marks } from '../session.js';
import { isLostRace, translate } from '../store-errors.js';

/**
 * Branches as marks: in Icechunk's format 1 each is a small object of its own, made and moved by conditional puts.
 *
 * @param begin a session whose changes are nobody's
 */
export function branchMarks(
  repo: Repository,
  branch: string,
  begin: () => Promise<Session>,
): Marks {
  const isMissing = (cause: unknown) => /ref not found/.test(String(cause));
  const find = (name: string) =>
    repo.lookupBranch(name).catch((cause: unknown) => {
      if (isMissing(cause)) return undefined;
      throw translate(cause, `look for the mark ${name}`);
    });
  return {
    find,
    mint: async () => {
      const other = await repo.lookupBranch(branch).catch((cause: unknown) => {
        throw translate(cause, 'read');
      });
      const session = await begin();
      try {
        // A snapshot without a change is none.
        const root = await session.store.get('zarr.json');
        const document = JSON.parse(Buffer.from(root ?? []).toString('utf8') || '{}');
        const attributes = { ...document.attributes, 'geocubes:run': randomUUID() };
        const group = { zarr_format: 3, node_type: 'group' };
        const changed = JSON.stringify({ ...group, ...document, attributes });
        await session.store.set('zarr.json', Buffer.from(changed));
        return { id: await session.flush('Stands for a run of geocubes, for its claims'), other };
      } catch (cause) {
        throw translate(cause, 'mark this run');
      }
    },
    create: (name, snapshot) =>
      repo.createBranch(name, snapshot).then(
        () => true,
        (cause: unknown) => {
          if (isLostRace(cause)) return false;
          throw translate(cause, `make the mark ${name}`);
        },
      ),
    move: (name, to, from) =>
      repo.resetBranch(name, to, from).then(
        () => true,
        (cause: unknown) => {
          if (isLostRace(cause) || isMissing(cause)) return false;
          throw translate(cause, `move the mark ${name}`);
        },
      ),
    remove: (name) =>
      repo.deleteBranch(name).catch((cause: unknown) => {
        if (!isMissing(cause)) throw translate(cause, `remove the mark ${name}`);
      }),
    list: () =>
      repo.listBranches().catch((cause: unknown) => {
        throw translate(cause, 'list its marks');
      }),
  };
}
