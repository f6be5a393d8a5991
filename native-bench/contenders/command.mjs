/** Commands as processes of their own, and the processor time that they and their children took. */
import { spawn } from 'node:child_process';

/** Bash tells the time of a command in ms, and that of its children; Node does not. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null';

/**
 * Runs a command to its end; what it prints is thrown away.
 *
 * @param {readonly string[]} words
 * @returns {Promise<{ ms: number, cpuMs: number }>} time that passed, and time on all processors
 * @throws {Error} when it fails
 */
export function runTimed(words) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', TIMED, 'bash', ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        // Node 20 reads all certificates that it names, at each start; nothing here speaks TLS.
        NODE_EXTRA_CA_CERTS: undefined,
        ...{ LC_ALL: 'C', PYTHONNOUSERSITE: '1', ICECHUNK_LOG: 'error' },
      },
    });
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const times = said.trimEnd().split('\n').at(-1)?.split(' ').map(Number) ?? [];
      if (code !== 0 || times.length !== 3 || times.some(Number.isNaN))
        reject(new Error(`Expected ${words.join(' ')} to end well but it said: ${said.trim()}`));
      const [real, user, system] = times;
      resolve({ ms: 1000 * real, cpuMs: 1000 * (user + system) });
    });
  });
}
