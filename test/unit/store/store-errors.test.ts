import { inspect } from 'node:util';
import { expect, test, vi } from 'vitest';
import { translate } from '../../../src/store/store-errors.js';

/** First lines as the Icechunk binding words them. */
test.each([
  ["repository error: repository doesn't exist", 'not-a-cube'],
  ['repository can only be created in clean prefixes', 'exists'],
  ['branch update conflict: expected A, found B', 'conflict'],
  ['cannot rebase snapshot X on top of the branch', 'conflict'],
  ['I/O error: Permission denied (os error 13)', 'io'],
])('"%s" becomes a store error of kind %s that keeps its cause', (message, kind) => {
  const cause = new Error(`${message}\n  at more lines`);
  const error = translate(cause, 'do this');
  expect(error).toMatchObject({ tag: 'store', kind, cause });
  expect(error.message).not.toContain('\n');
  if (kind === 'io') expect(error.message).toContain(message);
});

test.each([
  [new Error('object store error\n  caused by: No space left on device (os error 28)')],
  [new Error('Disk quota exceeded (os error 122)')],
  [Object.assign(new Error('write'), { code: 'ENOSPC' })],
  [Object.assign(new Error('write'), { code: 'EDQUOT' })],
])('a full disk is called one, whoever says so (%s)', (cause) => {
  expect(translate(cause, 'write band/c/0/1')).toMatchObject({
    kind: 'io',
    cause,
    message:
      'Expected room for the cube but the disk is full (ENOSPC, while trying to write band/c/0/1). Make room and run again: tiles that are committed are intact, and are skipped.',
  });
});

test('what is thrown without being an error is told as text', () => {
  expect(translate('odd', 'read').message).toBe('Expected the store to read but received: odd');
});

test('keys of the environment do not show in messages, nor in the cause', () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'hush-hush-hush');
  try {
    const error = translate(new Error('signed with hush-hush-hush'), 'read');
    expect(error.message).toBe('Expected the store to read but received: signed with ***');
    expect(inspect(error, { depth: 9 })).not.toContain('hush');
  } finally {
    vi.unstubAllEnvs();
  }
});

test('a store is away by the words of Icechunk, not by those of its own name', () => {
  const action = 'open s3://connection-timeout/cube';
  expect(translate(new Error('dispatch failure'), action).isAway).toBe(true);
  expect(translate(new Error('error sending request'), action).isAway).toBe(true);
  expect(translate(new Error('access denied'), action).isAway).toBe(false);
});
