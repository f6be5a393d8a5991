/** Runs a suite of tests that starts processes of its own, and leaves none of them. Plain Node without dependencies. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Everything that the command makes goes with it, also where the run is ended from outside: temporary files, and
 * processes, which are a group of their own.
 *
 * @param {readonly string[]} command
 * @param {{ cwd: string, env: Record<string, string | undefined>, name: string, limitMs: number,
 *   say: (line: string) => void }} options `name` of the suite, for its temporary folder
 * @returns {Promise<number>} its exit code; 1 where it was ended
 */
export async function runInGroup([program = '', ...args], { cwd, env, name, limitMs, say }) {
  const temporary = mkdtempSync(join(tmpdir(), `geocubes-${name}-`));
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, TMPDIR: temporary },
    detached: true,
  });
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch {
      // All of it has ended.
    }
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, end);
  const limit = setTimeout(() => {
    say(`not done after ${limitMs / 60_000} minutes`);
    end('SIGKILL');
  }, limitMs);
  const [code] = await once(child, 'close');
  clearTimeout(limit);
  end('SIGKILL');
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  return code ?? 1;
}
