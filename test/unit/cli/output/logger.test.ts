import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFileLog, logEvent } from '../../../../src/cli/output/logger.js';
import { InvalidInputError } from '../../../../src/errors.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-log-'));
  file = join(folder, 'run.log');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const recordsIn = async () =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('a log file goes on where it ended: one record of pino a line, at once', async () => {
  await writeFile(file, '{"msg":"old"}\n');
  logEvent(createFileLog(file), { type: 'fetching', at: 5, tile: '0-1' });
  logEvent(createFileLog(file), { type: 'written', at: 6, tile: '0-1', ms: 3 });
  expect(await recordsIn()).toEqual([
    { msg: 'old' },
    { level: 30, time: expect.any(Number), tile: '0-1', msg: 'fetching' },
    { level: 30, time: expect.any(Number), tile: '0-1', ms: 3, msg: 'written' },
  ]);
});

test('failures are errors, retries and waits warnings, and none of them shows a stack', async () => {
  const error = {
    tag: 'earth-engine',
    kind: 'transient',
    status: 503,
    message: 'away',
    stack: 'Error\n    at /home/me/x.ts:1:1',
  } as const;
  const log = createFileLog(file);
  logEvent(log, { type: 'retry', at: 0, tile: '0-1', error, delayMs: 10 });
  logEvent(log, { type: 'waiting', at: 0, error, delayMs: 10, endsAt: 20 });
  logEvent(log, {
    type: 'failed',
    at: 0,
    failure: {
      state: 'failed',
      id: '0-1',
      index: { row: 0, col: 1 },
      stage: 'fetch',
      tries: 5,
      error,
    },
  });
  expect(await recordsIn()).toMatchObject([
    { level: 40, msg: 'retry', error: { kind: 'transient', status: 503, message: 'away' } },
    { level: 40, msg: 'waiting', delayMs: 10, endsAt: 20 },
    { level: 50, msg: 'failed', tile: '0-1', stage: 'fetch', tries: 5, message: 'away' },
  ]);
  expect(await readFile(file, 'utf8')).not.toContain('stack');
});

test.each([
  ['in a folder that is not there', () => join(folder, 'absent', 'run.log'), 'ENOENT'],
  ['that is a folder', () => folder, 'EISDIR'],
])('a log file %s is refused before anything is done', (_, path, code) => {
  const call = () => createFileLog(path());
  expect(call).toThrow(InvalidInputError);
  expect(call).toThrow(
    `Expected a file to write in for --log-file but received "${path()}" (${code}).`,
  );
});

test.skipIf(!existsSync('/dev/full'))(
  'a disk that is full ends the log, which is told once, and nothing else',
  async () => {
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
    const log = createFileLog('/dev/full');
    for (let i = 0; i < 100; i++) {
      logEvent(log, { type: 'fetching', at: 5, tile: '0-1' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(said).toEqual([
      expect.stringMatching(/^geocubes: the log \/dev\/full ends here: ENOSPC/),
    ]);
  },
);
