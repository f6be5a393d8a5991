import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Starts a command in a PID namespace of its own, as a container does: its pid is 1, and no other's is seen. */
export const UNSHARED: readonly string[] = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  ...['--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'],
];

/** Why there are no namespaces here; `undefined` where there are. */
export function lacksNamespaces(): string | undefined {
  const [program = '', ...args] = UNSHARED;
  const { status, stderr, error } = spawnSync(program, [...args, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** The process that `unshare` has started in a namespace of its own, by this namespace's pid; `undefined` where there is none (any more). */
export function childOf(
  pid: number,
): { readonly pid: number; readonly namespace: string } | undefined {
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [child] = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ');
      if (child) return { pid: Number(child), namespace: readlinkSync(`/proc/${child}/ns/pid`) };
    }
  } catch {
    // It has not begun, or has ended.
  }
  return undefined;
}
