/** Several processes on one region of an object store, and stores that refuse, on two S3 servers. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor, temporaryFolder } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  fillCalmly,
  ingestArgs,
  watchCommand,
} from '../support/disturbed-cubes.js';
import { longRunServers } from '../support/run-length.js';
import { type S3Server, SERVERS, startS3 } from './s3-servers.js';

const PROCESSES = 4;
const lacksFaketime = spawnSync('faketime', ['-f', '+0', 'true']).status !== 0;
const MOST_TWICE = 1.05;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let calm: Calm;
let server: LoopbackServer;

beforeAll(async () => {
  folder = await temporaryFolder();
  calm = await fillCalmly(datasetOf(25));
  writeFileSync(join(folder.path, 'dataset.json'), JSON.stringify(calm.dataset));
  server = await startLoopback({ faults: { latency: { ms: 150, jitterMs: 100 } } });
});

afterAll(async () => {
  await server?.close();
  await folder?.remove();
});

describe.each(['versitygw', 'moto'] as const)('%s', (name) => {
  const lacking = SERVERS[name];
  describe.skipIf(typeof lacking === 'string')(
    typeof lacking === 'string' ? `not here: ${lacking}` : 'an S3',
    () => {
      let s3: S3Server;
      let env: Record<string, string>;

      beforeAll(async () => {
        const started = await startS3(name, folder.path);
        if (typeof started === 'string') throw new Error(started);
        s3 = started;
        env = { ...environmentFor(server), ...s3.env };
      });

      afterAll(() => s3?.close());

      async function createCube(cube: string): Promise<string> {
        const store = s3.store(cube);
        const dataset = join(folder.path, 'dataset.json');
        const made = await runCommand(['create', '--store', store, '--dataset', dataset], env);
        expect(made).toMatchObject({ code: 0, stderr: '' });
        return store;
      }

      test.each([
        ['a wrong secret key', { AWS_SECRET_ACCESS_KEY: 'wrong-secret' }, /secret key is wrong/],
        ['an unknown key', { AWS_ACCESS_KEY_ID: 'nobody-knows' }, /access key is not known/],
        ['another region', { AWS_REGION: 'eu-west-3' }, /region is wrong: it is us-east-1/],
      ])('%s is told in one line', async (_, wrong, words) => {
        // moto lets everybody in.
        if (name === 'moto') return;
        await createCube('refused').catch(() => {});
        const { code, stderr } = await runCommand(['status', '--store', s3.store('refused')], {
          ...env,
          ...wrong,
        });
        expect(code).toBe(1);
        expect(stderr).toMatch(words);
        expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      });

      test('a user without permissions is told which to ask for', async () => {
        // moto lets everybody in.
        if (name === 'moto') return;
        const stranger = { ...env, ...s3.addUser('stranger') };
        const dataset = join(folder.path, 'dataset.json');
        for (const command of [
          ['status', '--store', s3.store('forbidden')],
          ['create', '--store', s3.store('forbidden'), '--dataset', dataset],
        ]) {
          const { code, stderr } = await runCommand(command, stranger);
          expect(code).toBe(1);
          expect(stderr).toMatch(/^geocubes: .*may not do so \(AccessDenied\)\. Ask for the .*\n$/);
        }
      });

      test.skipIf(lacksFaketime)(
        'a clock that is an hour off is told, with both times',
        async () => {
          if (name === 'moto') return;
          const run = ['create', '--store', s3.store('skewed')];
          run.push('--dataset', join(folder.path, 'dataset.json'));
          const { code, stderr } = await runCommand(run, env, undefined, [
            'faketime',
            '-f',
            '+3600s',
          ]);
          expect(code).toBe(1);
          expect(stderr).toMatch(
            /^geocubes: .*the clocks differ: this machine's says .* NTP\)\.\n$/,
          );
        },
      );

      test('a session token that expires in the middle of a run ends it with a line, and another run goes on', async () => {
        if (name === 'moto') return;
        const store = await createCube('expiring');
        const gate = await openGate(env.AWS_ENDPOINT_URL ?? '');
        const session = {
          ...env,
          AWS_ENDPOINT_URL: gate.url,
          AWS_SESSION_TOKEN: 'a-session-token-that-expires',
        };
        try {
          const args = ingestArgs(store, '--concurrency', '2', '--verbose');
          const command = watchCommand(args, session);
          await command.event('committed', 1);
          gate.expire();
          const { code, stderr } = await command.ended;
          expect(code).toBe(1);
          const last = stderr.trimEnd().split('\n').at(-1);
          expect(last).toMatch(/session token has expired or is wrong\. Get new ones/);
          expect(stderr).not.toContain('a-session-token-that-expires');
        } finally {
          gate.close();
        }
        expect(await runCommand(ingestArgs(store, '--quiet'), env)).toMatchObject({ code: 0 });
        const { code, stdout } = await runCommand(['verify', '--store', store], env);
        expect({ code, stdout }).toMatchObject({
          code: 0,
          stdout: expect.stringContaining(`${calm.tiles} tiles: ${calm.loaded} loaded`),
        });
      });

      test('a bucket that is not there is told in one line', async () => {
        const { stderr } = await runCommand(['status', '--store', 's3://no-such-bucket/cube'], env);
        expect(stderr).toMatch(/^geocubes: .*there is no bucket "no-such-bucket".*\n$/);
      });

      test('one that is away for a while is waited for, and a run that may not wait ends', async () => {
        // moto forgets.
        if (name === 'moto') return;
        const store = await createCube('away');
        const args = ingestArgs(store, '--concurrency', '2', '--verbose');
        const command = watchCommand(args, env);
        await command.event('committed', 1);
        await s3.close();
        const waiting = await command.event('waiting', 1);
        expect(waiting).toBeDefined();
        const last = await runCommand(ingestArgs(store, '--quiet', '--max-outage', '1s'), env);
        expect(last.code).toBe(1);
        await s3.restart();
        expect((await command.ended).code).toBe(0);
        const { code, stdout } = await runCommand(['verify', '--store', store], env);
        expect({ code, stdout }).toMatchObject({
          code: 0,
          stdout: expect.stringContaining(`${calm.tiles} tiles: ${calm.loaded} loaded`),
        });
      });

      const together = test.runIf(longRunServers().includes(name));
      together(
        `${PROCESSES} processes on one region lose no tile, and fetch each about once`,
        async () => {
          const store = await createCube('together');
          const before = server.requests.pixels;
          const args = ingestArgs(store, '--quiet', '--concurrency', '3');
          const runs = Array.from({ length: PROCESSES }, () => runCommand(args, env));
          for (const { code, stderr } of await Promise.all(runs))
            expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
          const asked = server.requests.pixels - before;
          console.log(`${name}: ${asked} requests, ${calm.tiles} tiles`);
          expect(asked).toBeLessThanOrEqual(calm.tiles * MOST_TWICE);
          const { code, stdout } = await runCommand(['verify', '--store', store], env);
          expect({ code, stdout }).toMatchObject({
            code: 0,
            stdout: expect.stringContaining(`${calm.tiles} tiles: ${calm.loaded} loaded`),
          });
        },
      );
    },
  );
});

interface Gate {
  readonly url: string;
  /** From now on answers as an S3 does to a session token whose time is over. */
  expire(): void;
  close(): void;
}

/** Hands on whatever is asked, with the name of this host in it, which the signature has too. */
async function openGate(endpoint: string): Promise<Gate> {
  const { hostname, port } = new URL(endpoint);
  let hasExpired = false;
  const server = createServer((incoming, response) => {
    if (hasExpired) {
      incoming.resume();
      response
        .writeHead(400, { 'content-type': 'application/xml' })
        .end(
          '<?xml version="1.0"?><Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>',
        );
      return;
    }
    const { method, url: path, headers } = incoming;
    const asked = request({ hostname, port, method, path, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    asked.on('error', () => response.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    expire: () => {
      hasExpired = true;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
