import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FailureList, fileOfShard, readTileList } from '../../../../src/cli/options/tile-list.js';
import {
  AbortedError,
  EarthEngineError,
  InvalidInputError,
  StoreError,
  toRecord,
} from '../../../../src/errors.js';
import type { IngestEvent } from '../../../../src/observe/events.js';
import type { FailedTile } from '../../../../src/tile.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-failures-'));
  file = join(folder, 'failed.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const failure = (id: string): FailedTile => ({
  state: 'failed',
  id,
  index: { row: 0, col: 1 },
  stage: 'fetch',
  tries: 5,
  error: {
    tag: 'earth-engine',
    kind: 'transient',
    status: 503,
    message: 'away',
    stack: 'Error: away\n    at /home/me/secret.ts:1:1',
  },
});

const LISTED = {
  stage: 'fetch',
  tries: 5,
  error: { tag: 'earth-engine', kind: 'transient', status: 503, message: 'away' },
};

describe('the list of failed tiles', () => {
  test('has tile, stage, error and tries of each, one record a line, without the stack', async () => {
    const list = new FailureList(file);
    list.onEvent({ type: 'postponed', at: 0, tile: '9-9' });
    for (const id of ['0-1', '3-4']) list.onEvent({ type: 'failed', at: 0, failure: failure(id) });
    await list.write();
    const lines = (await readFile(file, 'utf8')).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      tile: '0-1',
      index: { row: 0, col: 1 },
      ...LISTED,
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ tile: '3-4' });
  });

  test('is an empty file where nothing failed, in the place of an older list', async () => {
    await writeFile(file, 'old');
    await new FailureList(file).write();
    expect(await readFile(file, 'utf8')).toBe('');
    expect(await readTileList(file, '--retry-failed')).toEqual([]);
    expect(await readdir(folder)).toEqual(['failed.ndjson']);
  });

  test('that could not be written is told before a run, and nothing is made', async () => {
    await expect(new FailureList(file).check()).resolves.toBeUndefined();
    await mkdir(join(folder, 'dir'));
    for (const [path, why] of [
      [join(folder, 'absent', 'list'), `${join(folder, 'absent')}: ENOENT`],
      [join(folder, 'dir'), 'a folder'],
    ] as const) {
      const check = new FailureList(path).check();
      await expect(check).rejects.toThrow(
        `Expected a file to write for --failed but received "${path} (${why})".`,
      );
      await expect(check).rejects.toThrow(InvalidInputError);
    }
    expect(await readdir(folder)).toEqual(['dir']);
  });

  test('that cannot be written is told, and leaves neither a part of itself nor the old one changed', async () => {
    await expect(new FailureList(join(folder, 'absent', 'list')).write()).rejects.toThrow(
      StoreError,
    );
    // A folder cannot be replaced by a file: everything but the last step works.
    await mkdir(file);
    await writeFile(join(file, 'kept'), 'x');
    await expect(new FailureList(file).write()).rejects.toThrow(
      `Expected to write the list of failed tiles to ${file}`,
    );
    expect(await readdir(folder)).toEqual(['failed.ndjson']);
    expect(await readdir(file)).toEqual(['kept']);
  });
});

describe('a list of tiles to read', () => {
  const idsIn = async (content: string) => {
    await writeFile(file, content);
    return (await readTileList(file, '--retry-failed')).map(({ id }) => id);
  };
  const event = (type: string, more: object) => JSON.stringify({ type, at: 0, ...more });

  test.each([
    ['what --failed wrote', '{"tile":"0-1","stage":"fetch"}\n{"tile":"3-4"}\n'],
    ['that of a single tile', '{"tile":"0-1"}\n', ['0-1']],
    ['ids one a line, with empty lines and Windows ends', ' 0-1 \r\n\r\n3-4\r\n'],
    ['ids of a temporal cube', '2-0-1\n2-3-4', ['2-0-1', '2-3-4']],
    ['ids in quotes', '"0-1"\n"3-4"\n'],
    ['a JSON list of ids', '["0-1", "3-4"]'],
    [
      'the summary of --format json',
      JSON.stringify({ tiles: 5, failed: [failure('0-1'), failure('3-4')] }, undefined, 2),
    ],
    ['a summary without failed ones', '{"tiles": 5, "failed": []}', []],
    [
      "a report's report.json",
      JSON.stringify({ summary: { failed: 2 }, failures: [{ tile: '0-1' }, { tile: '3-4' }] }),
    ],
    [
      'the events of --format ndjson',
      [
        event('planned', { tiles: 5 }),
        event('fetching', { tile: '7-7' }),
        event('failed', { failure: failure('0-1') }),
        event('failed', { failure: failure('3-4') }),
        event('summary', { failed: [failure('0-1'), failure('3-4')] }),
      ].join('\n'),
    ],
    ['events without a failure', event('planned', { tiles: 0 }), []],
    ['an empty file', '', []],
  ])('may be %s', async (_, content, ids = ['0-1', '3-4']) => {
    expect(await idsIn(content)).toEqual(ids);
  });

  test('keeps how each failed, where it says so', async () => {
    await writeFile(
      file,
      `${JSON.stringify({ tile: '0-1', ...LISTED, error: { ...LISTED.error, stack: 'x' } })}\n3-4\n`,
    );
    expect(await readTileList(file, '--failed')).toEqual([{ id: '0-1', ...LISTED }, { id: '3-4' }]);
  });

  test.each([
    [
      '{"row": 1}',
      /Expected a list of tiles for --retry-failed but received "a line without one in /,
    ],
    ['[1, 2]', /a line without one/],
    ['12', /a line without one/],
    ['everything', /Expected row-col or t-row-col for the tile's id but received "everything"/],
    ['{"tile":"1-x"}', /received "1-x"/],
    ['1-2-3-4', /received "1-2-3-4"/],
  ])('is not %s', async (content, message) => {
    await expect(idsIn(content)).rejects.toThrow(InvalidInputError);
    await expect(idsIn(content)).rejects.toThrow(message);
  });

  test('that is not there is told with the option that names it', async () => {
    await expect(readTileList(file, '--failed')).rejects.toThrow(
      `Expected a readable file for --failed but received "${file}" (ENOENT).`,
    );
  });
});

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

describe('the list of a run', () => {
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
});

test('of a list of ids, blank lines and what follows a # count for nothing', async () => {
  await writeFile(file, '# missing\n\n  0-1 # first\r\n#2-2\n3-4\n');
  expect(await readTileList(file, '--tiles')).toEqual([{ id: '0-1' }, { id: '3-4' }]);
  await writeFile(file, '\n# none\n');
  expect(await readTileList(file, '--tiles')).toEqual([]);
  await writeFile(file, '{"tile":"0-1","error":{"message":"at #3"}}\n');
  expect(await readTileList(file, '--tiles')).toEqual([{ id: '0-1', error: { message: 'at #3' } }]);
});

test('shards that are told one name for their lists write one each, and none lies over another', async () => {
  const file = join(folder, 'failed.ndjson');
  for (const index of [0, 1]) {
    const list = new FailureList(file, { index, count: 2 });
    await list.check();
    list.onEvent({ type: 'failed', at: 0, failure: failure(`${index}-0`) });
    await list.write();
  }
  for (const index of [0, 1]) {
    const own = join(folder, `failed.shard-${index + 1}-of-2.ndjson`);
    expect(new FailureList(file, { index, count: 2 }).file).toBe(own);
    expect(await readTileList(own, '--retry-failed')).toMatchObject([{ id: `${index}-0` }]);
  }
  await expect(readFile(file)).rejects.toThrow(/ENOENT/);
  expect(fileOfShard('lists.d/failed', { index: 2, count: 40 })).toBe(
    'lists.d/failed.shard-3-of-40',
  );
});
