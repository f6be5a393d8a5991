import { hostname } from 'node:os';

/** Who holds a lock or a claim. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
}

export function thisProcess(): Owner {
  return { pid: process.pid, host: hostname() };
}

/**
 * Whether an owner has ended, as far as can be known. One with this process's own pid may be an earlier one:
 * that is told by what it names.
 *
 * @param isHeldHere whether this process holds what is owned
 */
export function hasEnded(owner: Owner, isHeldHere: boolean): boolean {
  const { pid, host } = thisProcess();
  return owner.pid === pid && owner.host === host ? !isHeldHere : isGone(owner);
}

/** Whether the owner is a process of this machine that runs no more; of other machines it cannot be known. */
function isGone({ pid, host }: Owner): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
