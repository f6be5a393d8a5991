import { hostname } from 'node:os';

/** Who holds a lock or a claim. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
}

export function thisProcess(): Owner {
  return { pid: process.pid, host: hostname() };
}

/** Whether the owner is a process of this machine that runs no more; of other machines it cannot be known. */
export function isGone({ pid, host }: Owner): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
