import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An S3 on this machine. */
export interface S3Server {
  /** For commands: where it is, and its keys. */
  readonly env: Readonly<Record<string, string>>;
  readonly store: (name: string) => string;
  /** Adds somebody who has keys and no permissions, where the server knows users. @returns the keys */
  addUser(name: string): Record<string, string>;
  close(): Promise<void>;
  /** Starts it again at the same port, after {@link close}. */
  restart(): Promise<void>;
}

const KEY = 'geocubes-test-key';
const SECRET = 'geocubes-test-secret';
const BUCKET = 'cubes';

/** What starts a server on a port: moto (PyPI), and versitygw, which is strict about conditional writes (a Go module). */
type Starter = (port: number, folder: string) => readonly string[];

export const SERVERS: Readonly<Record<'moto' | 'versitygw', Starter | string>> = {
  moto: motoStarter(),
  versitygw: versitygwStarter(),
};

function motoStarter(): Starter | string {
  const python = process.env.GEOCUBES_MOTO_PYTHON ?? 'python3';
  return spawnSync(python, ['-c', 'import moto.server']).status === 0
    ? (port) => [python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`]
    : 'no moto, which test/fault/run.mjs installs where it can';
}

function versitygwStarter(): Starter | string {
  const program = process.env.VERSITYGW ?? '';
  return existsSync(program)
    ? (port, folder) => [
        ...[program, '--port', `127.0.0.1:${port}`, '--iam-dir', `${folder}-users`],
        ...['posix', folder],
      ]
    : 'no versitygw, which test/fault/run.mjs builds where it can';
}

export async function startS3(
  name: keyof typeof SERVERS,
  folder: string,
): Promise<S3Server | string> {
  const starter = SERVERS[name];
  if (typeof starter === 'string') return starter;
  // moto keeps it in memory, and versitygw takes folders for buckets.
  const data = join(folder, name);
  await mkdir(join(data, BUCKET), { recursive: true });
  await mkdir(`${data}-users`, { recursive: true });
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  const start = async () => {
    const [program = '', ...args] = starter(port, data);
    const env = { ...process.env, ROOT_ACCESS_KEY: KEY, ROOT_SECRET_KEY: SECRET };
    child = spawn(program, args, { stdio: 'ignore', env });
    for (let tries = 0; tries < 200; tries++) {
      if (await fetch(endpoint).catch(() => undefined)) return;
      await sleep(100);
    }
    throw new Error(`Expected ${name} to answer at ${endpoint} but it did not.`);
  };
  await start();
  if (name === 'moto') await fetch(`${endpoint}/${BUCKET}`, { method: 'PUT' });
  return {
    env: {
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
    },
    store: (cube) => `s3://${BUCKET}/${cube}`,
    addUser: (user) => {
      const secret = `secret-of-${user}`;
      execFileSync(process.env.VERSITYGW ?? '', [
        ...['admin', '--access', KEY, '--secret', SECRET, '--endpoint-url', endpoint],
        ...['create-user', '--access', user, '--secret', secret, '--role', 'user'],
      ]);
      return { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: secret };
    },
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
    restart: start,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
