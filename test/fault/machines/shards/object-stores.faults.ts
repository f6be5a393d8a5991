/** Several processes, each with a shard of one region of an object store, on two S3 servers. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
import { IS_SHORT, longRunServers } from '../../support/run-length.js';
import { type S3Server, SERVERS, startS3 } from '../s3-servers.js';

const SHARDS = 4;
const MOST_TWICE = 1.05;

/** In a short run the one that cubes have; the other kind of claims is tried in a whole one. */
const FORMATS: readonly ('1' | '2')[] = IS_SHORT ? ['1'] : ['1', '2'];

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

/** What `verify --format json` prints. */
interface Verified {
  readonly tiles: number;
  readonly loaded: number;
  readonly empty: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly repaired: number;
  readonly tilesDamaged: readonly { readonly id: string; readonly kind: string }[];
  readonly companions: readonly { readonly path: string }[];
}

describe.each(longRunServers())('%s', (name) => {
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

      async function verify(store: string, ...more: string[]) {
        const args = ['verify', '--store', store, '--threads', '1', '--format', 'json', ...more];
        const { code, stdout, stderr } = await runCommand(args, env);
        expect(stderr).toBe('');
        return { code, ...(JSON.parse(stdout) as Verified) };
      }

      /** Of all shards, in their order. */
      const verifyShards = (store: string, ...more: string[]) =>
        Promise.all(
          Array.from({ length: SHARDS }, (_, i) =>
            verify(store, '--shard', `${i + 1}/${SHARDS}`, ...more),
          ),
        );

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

      // moto keeps objects in its memory; versitygw in files, which can be damaged.
      test.runIf(name === 'versitygw')(
        'all shards of verify together read each tile once, each damaged and missing chunk is told by one of them, and mended by it; a damaged coordinate by the first',
        async () => {
          const store = await createCube('verified');
          const repository = join(folder.path, name, 'cubes', 'verified');
          const coordinates = await readdir(join(repository, 'chunks'));
          expect(coordinates).not.toEqual([]);
          await ingestShard(store, '1/1');
          const whole = await verify(store);
          expect(whole).toMatchObject({ code: 0, tiles: calm.tiles, damaged: 0 });
          const together = (all: readonly Verified[], of: (one: Verified) => number) =>
            all.reduce((sum, each) => sum + of(each), 0);
          const calmly = await verifyShards(store);
          for (const count of ['tiles', 'loaded', 'empty', 'chunks', 'bytes'] as const)
            expect(
              together(calmly, (each) => each[count]),
              count,
            ).toBe(whole[count]);
          expect(calmly.map(({ code }) => code)).toEqual([0, 0, 0, 0]);

          const { spoilt, gone } = await damage(repository, coordinates);
          const damaged = await verify(store);
          const kinds = damaged.tilesDamaged.map(({ kind }) => kind);
          console.log(`${spoilt} chunks spoilt, ${gone} gone: ${damaged.damaged} tiles`);
          expect(damaged.code).toBe(1);
          expect(new Set(kinds)).toEqual(new Set(['missing', 'unreadable']));
          const told = await verifyShards(store);
          // Each tile once, whoever tells of it: no list has one that another has too.
          const idsOf = (all: readonly Verified[]) =>
            all.flatMap(({ tilesDamaged }) => tilesDamaged.map(({ id }) => id)).sort();
          expect(idsOf(told)).toEqual(idsOf([damaged]));
          expect(together(told, (each) => each.tiles)).toBe(calm.tiles);
          expect(damaged.companions.length).toBe(coordinates.length);
          expect(told.map(({ companions }) => companions)).toEqual([
            damaged.companions,
            ...Array.from({ length: SHARDS - 1 }, () => []),
          ]);
          const isWhole = (each: Verified) => each.damaged + each.companions.length === 0;
          for (const each of told) expect(each.code).toBe(isWhole(each) ? 0 : 1);

          const mended: Verified[] = [];
          for (let i = 1; i <= SHARDS; i++) {
            const each = await verify(store, '--shard', `${i}/${SHARDS}`, '--repair');
            expect(each.code).toBe(isWhole(each) ? 0 : 3);
            mended.push(each);
          }
          expect(together(mended, (each) => each.repaired)).toBe(damaged.damaged);
          expect((await ingestShard(store, '1/1')).committed).toBe(damaged.damaged);
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

/**
 * Spoils one in ten of a repository's chunks of pixels, and removes as many others; chunks of coordinates are all
 * spoilt. The ledger's own are left: they are found by what they begin with, because pixels and coordinates are Blosc's
 * frames (version 2) and the ledger's are zstd's.
 */
async function damage(
  repository: string,
  coordinates: readonly string[],
): Promise<{ spoilt: number; gone: number }> {
  const chunks = join(repository, 'chunks');
  let [spoilt, gone, found] = [0, 0, 0];
  for (const chunk of (await readdir(chunks)).sort()) {
    const file = join(chunks, chunk);
    if ((await stat(file)).isDirectory()) continue;
    const bytes = await readFile(file);
    if (bytes[0] !== 2) continue;
    const isCoordinate = coordinates.includes(chunk);
    const turn = isCoordinate ? undefined : found++ % 10;
    if (turn === 0) {
      await rm(file);
      gone++;
    } else if (turn === 5 || isCoordinate) {
      // As if it had been uploaded so: the server keeps the checksum of an upload, by which Icechunk's client would
      // read it again and again, for minutes.
      execFileSync('setfattr', ['-x', 'user.checksums', file]);
      await writeFile(file, bytes.fill(0xff, 4, 16));
      if (!isCoordinate) spoilt++;
    }
  }
  return { spoilt, gone };
}
