import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { IngestRecord } from '../../../../src/index.js';
import { type LoopbackOptions, startLoopback } from '../../../../src/loopback/index.js';
import { LocalStore } from '../../../../src/store/durability/local-store.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import {
  awayFrom,
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  KINDS,
  said,
  Workplace,
  watchCommand,
} from '../../support/disturbed-cubes.js';
import { startFront } from '../../support/front-server.js';

const STOPPING = 'Stopping: finished tiles are being committed. Once more to stop at once.';

let calm: Calm;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(50));
  place = await Workplace.open(calm.dataset);
});

afterAll(() => place.remove());

async function completes(store: string): Promise<void> {
  const server = await startLoopback();
  const ended = await runCommand(ingestArgs(store, '--quiet'), environmentFor(server));
  await server.close();
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  await expectEqualCubes(store, calm);
}

async function withServer<T>(
  faults: LoopbackOptions['faults'],
  use: (env: Record<string, string>, url: string) => Promise<T>,
): Promise<T> {
  const server = await startLoopback(faults === undefined ? {} : { faults });
  try {
    return await use(environmentFor(server), server.url);
  } finally {
    await server.close();
  }
}

test.each(KINDS)(
  'SIGINT ends an ingest into %s with code 130, what is finished committed, a list and a report, and a rerun completes it',
  async (_, suffix) => {
    const store = await place.createCube(`once${suffix}`, suffix);
    const [list, report] = [place.file(`once${suffix}.ndjson`), place.file(`once${suffix}-report`)];
    const known = await withServer({ latency: { ms: 400 } }, async (env) => {
      const more = ['--verbose', '--concurrency', '4', '--failed', list, '--report', report];
      const command = watchCommand(ingestArgs(store, ...more), env);
      await command.event('written', 5);
      command.child.kill('SIGINT');
      const { code, stderr } = await command.ended;
      expect(stderr).toContain(STOPPING);
      expect(stderr).toContain(
        'geocubes: The ingest was stopped; finished tiles are committed, and a rerun goes on from there.',
      );
      expect(code).toBe(130);
      // Everything that was written is committed: nothing that was finished is lost.
      const written = command.events.filter(({ msg }) => msg === 'written').length;
      const committed = command.events.flatMap(({ msg, tiles }) =>
        msg === 'committed' ? (tiles ?? []) : [],
      );
      expect(committed).toHaveLength(written);
      expect(await expectRightPixels(store, calm)).toBe(written);
      return written;
    });
    expect(known).toBeGreaterThanOrEqual(5);
    expect(known).toBeLessThan(calm.tiles);
    const { ending, summary } = JSON.parse(
      await readFile(join(report, 'report.json'), 'utf8'),
    ) as IngestRecord;
    expect([ending, summary.committed]).toEqual(['interrupted', known]);
    // None failed; that tiles are left is no failure of theirs.
    expect(await readFile(list, 'utf8')).toBe('');
    await completes(store);
  },
);

test('a second SIGINT ends an ingest at once, even while the first waits for the lock of another process', async () => {
  const store = await place.createCube('twice', '');
  let giveUp = () => {};
  let holding: Promise<void> | undefined;
  await withServer(undefined, async (_, url) => {
    // The others never come: the run cannot end before the lock is taken.
    const front = await startFront(url, () => {
      return front.asked > 3 ? new Promise(() => {}) : undefined;
    });
    onTestFinished(() => front.close());
    const command = watchCommand(ingestArgs(store, '--verbose'), environmentFor(front));
    await command.event('written', 3);
    // A process that runs, and gives the lock up to nobody: what is finished cannot be committed.
    let isHeld = () => {};
    const taken = new Promise<void>((resolve) => {
      isHeld = resolve;
    });
    holding = new LocalStore(store).lock.with(() => {
      isHeld();
      return new Promise<void>((resolve) => {
        giveUp = resolve;
      });
    });
    await taken;
    command.child.kill('SIGINT');
    await said(command, STOPPING);
    await sleep(300);
    expect(command.child.exitCode).toBeNull();
    command.child.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
  });
  await expectRightPixels(store, calm);
  giveUp();
  await holding;
  await completes(store);
});

test('SIGINT ends an ingest that waits for a service which is away', async () => {
  const store = await place.createCube('waiting', '');
  const list = place.file('waiting.ndjson');
  const known = await withServer({ rules: [awayFrom(13)] }, async (env) => {
    const command = watchCommand(ingestArgs(store, '--verbose', '--failed', list), env);
    // A refusal may overtake the pixels of a request before it.
    await command.event('written', 12);
    expect(await command.event('waiting')).toBeDefined();
    command.child.kill('SIGINT');
    const { code, stderr } = await command.ended;
    expect(stderr).toContain(STOPPING);
    expect(code).toBe(130);
    return expectRightPixels(store, calm);
  });
  expect(known).toBe(12);
  // Those that the service refused, not all that are left.
  const failed = (await readFile(list, 'utf8')).trimEnd().split('\n');
  expect(failed.length).toBeGreaterThanOrEqual(10);
  expect(failed.length).toBeLessThanOrEqual(calm.tiles - known);
  await completes(store);
});
