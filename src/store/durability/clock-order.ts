import { setTimeout as sleep } from 'node:timers/promises';
import type { Repository } from '@earthmover/icechunk';
import { StoreError } from '../../errors.js';

/** How far a clock may be behind the last commit's for a commit to wait: what time services leave, and a little more. */
const MAX_BEHIND_MS = 60_000;

/** Beyond the difference, so that the same millisecond is no question. */
const MARGIN_MS = 20;

/** Icechunk takes no snapshot that is older than its parent. */
export function isClockBehind(error: unknown): boolean {
  return /invalid snapshot timestamp ordering/.test(String((error as Error)?.message ?? error));
}

/**
 * Waits until this machine's clock has come to the time of a snapshot, made by another machine whose clock is ahead
 * or by this one before its clock was set back.
 *
 * @throws {StoreError} of kind `io` where that would take too long.
 */
export async function waitForClock(repo: Repository, snapshot: string): Promise<void> {
  const { writtenAt } = await repo.lookupSnapshot(snapshot);
  const here = Date.now();
  const behind = Date.parse(writtenAt) - here;
  if (behind > MAX_BEHIND_MS)
    throw new StoreError(
      'io',
      `Expected a clock that is not before the last commit, made at ${writtenAt}, but this machine's says ${new Date(here).toISOString()}: ${Math.round(behind / 1000)} s less. Set this clock, or, where that commit is of another machine, the clock of that one (by a time service such as NTP), and run again.`,
    );
  if (behind >= 0) await sleep(behind + MARGIN_MS);
}
