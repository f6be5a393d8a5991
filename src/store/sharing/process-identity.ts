import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Which process something belongs to. Pids alone say nothing: each container counts its own from 1, a machine
 * that was started again gives them out anew, and a pid is used again after its process.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** For people. Containers may share one, and machines may have the same. */
  readonly host: string;
  /** The start of the system that the pid is of. Absent where it cannot be told. */
  readonly boot?: string;
  /** The PID namespace that the pid counts in. */
  readonly namespace?: string;
  /** When the process began, in ticks of that system's clock. */
  readonly started?: string;
}

/** It stays the same for as long as the process lasts, and is asked for at every look at another. */
let self: ProcessIdentity | undefined;

export function thisProcess(): ProcessIdentity {
  self ??= readThisProcess();
  return self;
}

function readThisProcess(): ProcessIdentity {
  const boot = bootOf();
  const namespace = tell(() => readlinkSync('/proc/self/ns/pid'));
  const started = startOf('self');
  return {
    pid: process.pid,
    host: hostname(),
    ...(boot === undefined ? {} : { boot }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(started === undefined ? {} : { started }),
  };
}

/**
 * What this process can see of another: `unknown` where their pids are not of one count, as in two
 * containers or on two machines; then only a heartbeat tells.
 */
export function lookUp(other: ProcessIdentity): 'running' | 'ended' | 'unknown' {
  const { pid, host, boot, namespace } = other;
  const mine = thisProcess();
  const isComparable =
    boot === undefined
      ? mine.boot === undefined && host === mine.host
      : boot === mine.boot && namespace === mine.namespace;
  if (!isComparable) return 'unknown';
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'ended';
  }
  const started = pid === mine.pid ? mine.started : isProcOfOurs() ? startOf(pid) : undefined;
  return started !== undefined && other.started !== undefined && started !== other.started
    ? 'ended'
    : 'running';
}

/** Whether a process is, or was, on this machine, in whatever container: they have one system under them. */
export function isOnThisHost({ boot, host }: ProcessIdentity): boolean {
  const mine = thisProcess();
  return boot === undefined || mine.boot === undefined ? host === mine.host : boot === mine.boot;
}

/** macOS and Windows have neither this nor the rest of /proc: there the name of the machine has to do. */
function bootOf(): string | undefined {
  return tell(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

/** A namespace may have been made without a /proc of its own, which then shows the pids of another. */
function isProcOfOurs(): boolean {
  return tell(() => readlinkSync('/proc/self')) === String(process.pid);
}

/** Field 22 of /proc/PID/stat (proc(5)); the name before it is in brackets and may hold blanks and brackets. */
function startOf(pid: number | 'self'): string | undefined {
  const stat = tell(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const afterName = stat?.slice(stat.lastIndexOf(')') + 2);
  return afterName?.split(' ')[22 - 3];
}

function tell(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
