import { afterEach, expect, test, vi } from 'vitest';
import { eventStream } from '../../../../src/cli/output/event-stream.js';
import { StoreError } from '../../../../src/errors.js';
import { Tally } from '../../../../src/observe/summary.js';
import type { FailedTile } from '../../../../src/tile.js';

afterEach(() => {
  vi.restoreAllMocks();
});

function printed(print: () => void): string[] {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  print();
  return written;
}

const FAILURE: FailedTile = {
  state: 'failed',
  id: '0-1',
  index: { row: 0, col: 1 },
  stage: 'process',
  tries: 1,
  error: { tag: 'raster', message: 'line 1\nline 2', stack: 'Error\n    at /home/me/x.ts:1:1' },
};

test('each event is one line of JSON, as it happened', () => {
  const lines = printed(() => {
    eventStream.onEvent({ type: 'fetching', at: 5, tile: '0-1' });
    eventStream.onEvent({ type: 'failed', at: 6, failure: FAILURE });
  });
  for (const line of lines) expect(line).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ type: 'fetching', at: 5, tile: '0-1' });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    type: 'failed',
    failure: { id: '0-1', error: { message: 'line 1\nline 2' } },
  });
});

test('no record has a stack, however deep it lies', () => {
  const tally = new Tally();
  tally.add({ type: 'failed', at: 6, failure: FAILURE });
  const lines = printed(() => {
    eventStream.onEvent({ type: 'failed', at: 6, failure: FAILURE });
    eventStream.onEvent({ type: 'retry', at: 6, tile: '0-1', error: FAILURE.error, delayMs: 1 });
    eventStream.end(tally.end());
    eventStream.fail(new StoreError('io', 'disk full'));
    eventStream.fail(new TypeError('x is no function'));
  });
  expect(lines).toHaveLength(5);
  for (const line of lines) {
    expect(line).not.toContain('stack');
    expect(line).not.toContain('    at ');
  }
});

test('the last record is the summary, or the error that ended the run, with what scripts tell it by', () => {
  const tally = new Tally();
  tally.add({ type: 'failed', at: 6, failure: FAILURE });
  const [summary = '', error = ''] = printed(() => {
    eventStream.end(tally.end());
    eventStream.fail(new StoreError('io', 'disk full'));
  });
  expect(JSON.parse(summary)).toMatchObject({
    type: 'summary',
    at: expect.any(Number),
    committed: 0,
    failed: [{ id: '0-1', stage: 'process', tries: 1 }],
  });
  expect(JSON.parse(error)).toEqual({
    type: 'error',
    at: expect.any(Number),
    error: { tag: 'store', kind: 'io', message: 'disk full' },
  });
});
