import { expect, test } from 'vitest';
import { translate } from '../../../src/store/repository.js';

/** First lines as the Icechunk binding words them. */
test.each([
  ["repository error: repository doesn't exist", 'not-a-cube'],
  ['repository can only be created in clean prefixes', 'exists'],
  ['branch update conflict: expected A, found B', 'conflict'],
  ['cannot rebase snapshot X on top of the branch', 'conflict'],
  ['I/O error: No space left on device (os error 28)', 'io'],
])('"%s" becomes a store error of kind %s that keeps its cause', (message, kind) => {
  const cause = new Error(`${message}\n  at more lines`);
  const error = translate(cause, 'do this');
  expect(error).toMatchObject({ tag: 'store', kind, cause });
  expect(error.message).not.toContain('\n');
  if (kind === 'io') expect(error.message).toContain(message);
});

test('what is thrown without being an error is told as text', () => {
  expect(translate('odd', 'read').message).toBe('Expected the store to read but received: odd');
});
