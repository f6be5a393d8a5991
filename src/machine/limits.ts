/**
 * What the system lets this process have, looked at before much is loaded: with too few files modules are
 * "not found", with too little address space Node ends inside its own code. Limits as Linux tells them;
 * elsewhere nothing is known and nothing refused.
 */
import { readFileSync } from 'node:fs';
import { SetupError } from '../errors.js';

/** Modules alone take some hundred and fifty at once; stores, sockets and threads come on top. */
export const LEAST_FILES = 200;

/**
 * Node reserves ten GiB for each memory of WebAssembly, of which its HTTP parser has one, and more for
 * each thread's heap: reserved is not used, and a limit of what is used is another one.
 */
export const LEAST_ADDRESSES = 16 * 1024 ** 3;

/** The text of `/proc/self/limits`; empty where there is none. */
function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/**
 * @param limits as `/proc/self/limits` has them
 * @throws {SetupError} of kind `environment`
 */
export function checkLimits(limits = ownLimits()): void {
  const files = softLimit(limits, 'Max open files');
  if (files < LEAST_FILES)
    throw new SetupError(
      `Expected a limit of at least ${LEAST_FILES} open files but received ${files}. Set "ulimit -n 1024" and run again.`,
      { kind: 'environment' },
    );
  const addresses = softLimit(limits, 'Max address space');
  if (addresses < LEAST_ADDRESSES)
    throw new SetupError(
      `Expected an address space of at least ${LEAST_ADDRESSES / 1024 ** 3} GiB but received a limit of ${(addresses / 1024 ** 3).toFixed(1)} GiB. Set "ulimit -v unlimited" and run again: Node reserves more than it uses, and memory in use is limited by a container or systemd's MemoryMax.`,
      { kind: 'environment' },
    );
}

function softLimit(limits: string, name: string): number {
  const value = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits)?.[1];
  return value === undefined || value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}
