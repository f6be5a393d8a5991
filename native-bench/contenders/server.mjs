import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * `geocubes loopback` as a process of its own.
 *
 * @param {string} folder of rasters with a manifest
 * @param {number} latency ms that each pixel request takes at least
 * @returns {Promise<{ url: string, pid: number, stop: () => void }>}
 */
export function startServer(folder, latency) {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const args = ['loopback', '--port', '0', '--folder', folder, '--latency', String(latency)];
  const child = fork(main, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('message', ({ url }) =>
      resolve({ url, pid: child.pid, stop: () => child.connected && child.disconnect() }),
    );
    child.once('exit', (code) =>
      reject(new Error(`Expected the loopback server to start but it ended with code ${code}.`)),
    );
  });
}

/**
 * The same with its built-in assets alone, and with an answer to how many requests it has had.
 *
 * @param {number} latency ms that each pixel request takes at least; all others are answered at once
 * @returns {Promise<{ url: string, pid: number, counts: () => Promise<import('../../dist/loopback/index.js').RequestCounts>, stop: () => void }>}
 */
export async function startCounted(latency) {
  const file = fileURLToPath(new URL('counted.mjs', import.meta.url));
  const child = fork(file, [String(latency)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) =>
        reject(new Error(`Expected the loopback server to run but it ended with code ${code}.`)),
      );
    });
  const { url } = await answer();
  return {
    ...{ url, pid: child.pid, stop: () => child.connected && child.disconnect() },
    counts: async () => {
      const counted = answer();
      child.send('count');
      return (await counted).requests;
    },
  };
}
