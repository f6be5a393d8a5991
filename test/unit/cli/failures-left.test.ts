import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FailureList, readTileList } from '../../../src/cli/failures.js';
import { AbortedError, EarthEngineError, toRecord } from '../../../src/errors.js';
import type { IngestEvent } from '../../../src/observe/events.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-failures-'));
  file = join(folder, 'failed.ndjson');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const at = 0;
const planned = (tiles: number): IngestEvent => {
  return { type: 'planned', at, tiles, alreadyLoaded: 0, requests: tiles, bytes: 1 };
};
const committed = (...tiles: string[]): IngestEvent => {
  return { type: 'committed', at, tiles, snapshot: 's', ms: 1 };
};
const DOWN = new EarthEngineError('transient', 'down', 503);
const failed = (col: number): IngestEvent => {
  const index = { row: 0, col };
  const error = toRecord(DOWN);
  return {
    type: 'failed',
    at,
    failure: { state: 'failed', id: `0-${col}`, index, stage: 'fetch', tries: 8, error },
  };
};
/** A plan of the tiles that are left, and the most that it was asked for. */
function planOf(cols: readonly number[]) {
  const asked: number[] = [];
  return {
    asked,
    plan: async (most: number) => {
      asked.push(most);
      return cols.slice(0, most).map((col) => ({ id: `0-${col}`, index: { row: 0, col } }));
    },
  };
}
const listed = async () => (await readTileList(file, '--retry-failed')).map(({ id }) => id);

test('after a run that broke off it has all that the run was to load and did not, each tile once, with the reason', async () => {
  const list = new FailureList(file);
  const elsewhere: IngestEvent = { type: 'loaded-elsewhere', at, tile: '0-3' };
  for (const event of [planned(6), failed(0), committed('0-1', '0-2'), elsewhere])
    list.onEvent(event);
  // The region has more tiles than the run was to do: those are none of it.
  const { plan, asked } = planOf([0, 4, 5, 6, 7]);
  await list.writeAfter(DOWN, plan);
  expect(asked).toEqual([3]);
  expect(await listed()).toEqual(['0-0', '0-4', '0-5']);
  const last = (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ tile: '0-5', tries: 0, error: { message: 'down' } });
});

test('after a run that was stopped it has only those that failed', async () => {
  const list = new FailureList(file);
  for (const event of [planned(6), failed(0)]) list.onEvent(event);
  await list.writeAfter(new AbortedError('stopped'), planOf([0, 1, 2]).plan);
  expect(await listed()).toEqual(['0-0']);
});

test('a run that failed before it began leaves the list of an earlier one', async () => {
  await writeFile(file, '0-7\n');
  await new FailureList(file).writeAfter(DOWN, planOf([0]).plan);
  expect(await listed()).toEqual(['0-7']);
});
