/** What a cluster consists of here: a service that waits, an S3, and ingests, each a process of its own. */
import { fork, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { prepareTools } from '../../test/fault/machines/tools.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const KEYS = { ROOT_ACCESS_KEY: 'geocubes-bench-key', ROOT_SECRET_KEY: 'geocubes-bench-secret' };

/** @param {object} faults see src/loopback/faults/plan.ts */
export function startService(faults) {
  const file = fileURLToPath(new URL('service.mjs', import.meta.url));
  const child = fork(file, [JSON.stringify(faults)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`the service ended with code ${code}`)));
    });
  return answer().then(({ url }) => ({
    url,
    /** Requests since the last call: when each was answered (milliseconds), how long it took, whose it was. */
    noted: async () => {
      const noted = answer();
      child.send('read');
      return noted;
    },
    stop: () => child.disconnect(),
  }));
}

/** versitygw on a folder. @throws {Error} where it cannot be had, with the reason */
export async function startS3(folder) {
  const reasons = [];
  const { VERSITYGW = process.env.VERSITYGW } = prepareTools((line) => reasons.push(line));
  if (VERSITYGW === undefined) throw new Error(reasons.join('; '));
  mkdirSync(join(folder, 'cubes'), { recursive: true });
  const port = await freePort();
  const child = spawn(VERSITYGW, ['--port', `127.0.0.1:${port}`, 'posix', folder], {
    stdio: 'ignore',
    env: { ...process.env, ...KEYS },
  });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(endpoint).catch(() => undefined)); tries++) {
    if (tries > 300) throw new Error('versitygw does not answer');
    await sleep(100);
  }
  return {
    env: {
      AWS_ACCESS_KEY_ID: KEYS.ROOT_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: KEYS.ROOT_SECRET_KEY,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
    },
    stop: () => child.kill('SIGKILL'),
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs a command to its end. @returns {Promise<{ code: number, stdout: string, stderr: string }>} */
export function command(args, env = {}) {
  return started(args, env).ended;
}

/** @returns the child, and a promise of how it ended */
export function started(args, env = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, GEOCUBES_TOKEN: 'loopback', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    child[name].on('data', (piece) => {
      said[name] += piece;
    });
  const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
  return { child, said, ended };
}

/** @throws {Error} with what it said, where it did not end with 0 */
export async function succeed(args, env) {
  const { code, stdout, stderr } = await command(args, env);
  if (code !== 0) throw new Error(`geocubes ${args[0]} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The events of an ingest, as it has logged them. */
export function eventsOf(log) {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** `geocubes quota`, which listens when this resolves. */
export async function startQuota(port, { concurrency, rate }) {
  const args = ['quota', '--concurrency', `${concurrency}`, '--rate', `${rate}`];
  const { child, said, ended } = started([...args, '--port', `${port}`]);
  while (!said.stdout.includes('Ctrl-C')) {
    if (child.exitCode !== null) throw new Error(said.stderr);
    await sleep(50);
  }
  const [, taken] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said.stdout);
  return {
    port: Number(taken),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
