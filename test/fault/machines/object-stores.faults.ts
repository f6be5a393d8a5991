/** Several processes on one region of an object store, and stores that refuse, on two S3 servers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/server.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor, temporaryFolder } from '../../e2e/loopback-cubes.js';
import { type Calm, datasetOf, fillCalmly, ingestArgs, watchCommand } from '../disturbed-cubes.js';
import { type S3Server, SERVERS, startS3 } from './s3-servers.js';

const PROCESSES = 4;
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

      test(`${PROCESSES} processes on one region lose no tile, and fetch each about once`, async () => {
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
      });
    },
  );
});
