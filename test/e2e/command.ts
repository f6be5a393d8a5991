import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The environment without this machine's own settings and accounts. */
export function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(GEOCUBES|EE_|GOOGLE)/.test(name)),
  );
}

/**
 * Starts `geocubes` as a user does, with nothing of this machine's own settings, but with one thread, unless more are
 * asked for: each thread loads GDAL, and tiles of tests are small. The pages' commands run as they stand.
 * @param under a command that starts it, with its options, such as `nice`
 */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  input?: string,
  under: readonly string[] = [],
): Running {
  const [program, ...rest] = [...under, process.execPath, MAIN, ...args] as [string, ...string[]];
  const child = spawn(program, rest, {
    env: { ...cleanEnvironment(), GEOCUBES_THREADS: '1', ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  input?: string,
  under: readonly string[] = [],
): Promise<Ended> {
  return startCommand(args, env, input, under).ended;
}
