/** Several processes, each with a shard of one region of an object store, on two S3 servers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor, temporaryFolder } from '../../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  expectVerified,
  fillCalmly,
  ingestArgs,
  watchCommand,
} from '../../support/disturbed-cubes.js';
import { type S3Server, SERVERS, startS3 } from '../s3-servers.js';

const SHARDS = 4;
const MOST_TWICE = 1.05;

/** In a short run the one that cubes have; the other kind of claims is tried in a whole one. */
const FORMATS: readonly ('1' | '2')[] =
  Number(process.env.FAULT_RUNS ?? 20) > 4 ? ['1', '2'] : ['1'];

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

interface Summary {
  readonly committed: number;
  readonly takenOver: number;
}

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
        Object.assign(process.env, s3.env);
      });

      afterAll(() => s3?.close());

      async function createCube(cube: string, format: '1' | '2' = '1'): Promise<string> {
        const store = s3.store(cube);
        const dataset = join(folder.path, 'dataset.json');
        const args = ['create', '--store', store, '--dataset', dataset];
        const made = await runCommand([...args, '--icechunk-format', format], env);
        expect(made).toMatchObject({ code: 0, stderr: '' });
        return store;
      }

      async function ingestShard(store: string, shard: string): Promise<Summary> {
        const args = ingestArgs(store, '--shard', shard, '--format', 'json', '--quiet');
        const { code, stdout, stderr } = await runCommand(args, env);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        return JSON.parse(stdout) as Summary;
      }

      async function expectWhole(store: string): Promise<void> {
        expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
        await expectVerified(store, calm, env);
      }

      test.each(FORMATS)(
        `${SHARDS} shards at once make what one process makes, and fetch each tile once, in Icechunk's format %s`,
        async (format) => {
          const store = await createCube(`shards-${format}`, format);
          const before = server.requests.pixels;
          const all = Array.from({ length: SHARDS }, (_, i) =>
            ingestShard(store, `${i + 1}/${SHARDS}`),
          );
          const committed = (await Promise.all(all)).reduce((sum, each) => sum + each.committed, 0);
          const asked = server.requests.pixels - before;
          console.log(`${name}, format ${format}: ${asked} requests, ${calm.tiles} tiles`);
          expect(committed).toBe(calm.tiles);
          expect(asked).toBeLessThanOrEqual(calm.tiles * MOST_TWICE);
          await expectWhole(store);
        },
      );

      test.each(FORMATS)(
        "what a shard has left that was killed, another takes over, in Icechunk's format %s",
        async (format) => {
          const store = await createCube(`killed-${format}`, format);
          const args = ingestArgs(store, '--shard', '1/2', '--verbose', '--concurrency', '6');
          const victim = watchCommand(args, env);
          await victim.event('committed', 1);
          victim.child.kill('SIGKILL');
          expect((await victim.ended).code).toBeNull();
          const before = server.requests.pixels;
          const { committed, takenOver } = await ingestShard(store, '2/2');
          console.log(`${name}, format ${format}: ${committed} tiles, ${takenOver} taken over`);
          expect(takenOver).toBeGreaterThan(0);
          expect(server.requests.pixels - before).toBeLessThanOrEqual(committed * MOST_TWICE + 6);
          await expectWhole(store);
        },
      );
    },
  );
});
