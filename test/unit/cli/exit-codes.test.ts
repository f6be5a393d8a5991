import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOf, explain } from '../../../src/cli/exit-codes.js';
import {
  AbortedError,
  EarthEngineError,
  InvalidInputError,
  RasterError,
  SetupError,
  StoreError,
  UnexpectedError,
} from '../../../src/errors.js';

test('the codes are the documented ones', () => {
  expect(EXIT).toEqual({
    done: 0,
    failed: 1,
    usage: 2,
    partial: 3,
    account: 4,
    unconfirmed: 5,
    interrupted: 130,
  });
});

test.each([
  [new InvalidInputError('m'), 2],
  [new StoreError('not-a-cube', 'm'), 2],
  [new StoreError('exists', 'm'), 2],
  [new StoreError('conflict', 'm'), 1],
  [new StoreError('io', 'm'), 1],
  [new EarthEngineError('unreachable', 'm'), 2],
  [new EarthEngineError('not-found', 'm'), 2],
  [new EarthEngineError('credentials', 'm'), 4],
  [new EarthEngineError('permission', 'm'), 4],
  [new EarthEngineError('quota', 'm'), 4],
  [new EarthEngineError('bad-request', 'm'), 1],
  [new EarthEngineError('transient', 'm'), 1],
  [new EarthEngineError('too-large', 'm'), 1],
  [new RasterError('decode', 'm'), 1],
  [new SetupError('m'), 1],
  [new AbortedError('m'), 130],
  [new UnexpectedError('m'), 1],
  [new TypeError('m'), 1],
  ['thrown text', 1],
])('%o ends the command with code %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

describe('explain', () => {
  test("is the error's own line for the errors of this library", () => {
    expect(explain(new StoreError('io', 'disk full\nsecond line'))).toBe('disk full');
  });

  test('of any other error says that it is unexpected and how to see more', () => {
    expect(explain(new TypeError('x is not a function'))).toBe(
      'Unexpected failure: x is not a function (set GEOCUBES_DEBUG=1 for the stack)',
    );
    expect(explain('text')).toContain('Unexpected failure: text');
  });
});
