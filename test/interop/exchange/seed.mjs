/** Calls `seed_program.py`, which runs smart-geocubes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('seed_program.py', import.meta.url));

/**
 * @param {string} python of the environment that has smart-geocubes
 * @param {object} job see `seed_program.py`
 * @returns {{ version: string, steps: { downloaded: string[], listed: string[] }[] }}
 */
export function runSeed(python, job) {
  const { status, signal, stdout, stderr } = spawnSync(python, [PROGRAM], {
    input: JSON.stringify(job),
    encoding: 'utf8',
    env: { ...process.env, ICECHUNK_LOG: 'error', PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (status !== 0)
    throw new Error(
      `smart-geocubes ended with ${signal ?? `code ${status}`} after "${stdout.slice(-200)}":\n${stderr}`,
    );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
