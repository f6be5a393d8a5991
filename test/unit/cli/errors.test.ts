import { describe, expect, test } from 'vitest';
import {
  AbortedError,
  EarthEngineError,
  expected,
  fromRecord,
  GeocubesError,
  InvalidInputError,
  RasterError,
  SetupError,
  StoreError,
  toRecord,
  UnexpectedError,
} from '../../../src/errors.js';

const ERRORS = [
  [new InvalidInputError('m'), 'invalid-input', {}],
  [new StoreError('conflict', 'm'), 'store', { kind: 'conflict' }],
  [new EarthEngineError('quota', 'm', 429), 'earth-engine', { kind: 'quota', status: 429 }],
  [new EarthEngineError('unreachable', 'm'), 'earth-engine', { kind: 'unreachable' }],
  [new RasterError('fill', 'm'), 'raster', { stage: 'fill' }],
  [new SetupError('m'), 'setup', {}],
  [new AbortedError('m'), 'aborted', {}],
  [new UnexpectedError('m'), 'unexpected', {}],
] as const;

describe('error records', () => {
  test.each(ERRORS)(
    '%o crosses a thread and comes back as its own class with its fields',
    (error, tag, fields) => {
      const record = structuredClone(toRecord(error));
      const again = fromRecord(record);
      expect(again).toBeInstanceOf(error.constructor);
      expect(again).toBeInstanceOf(GeocubesError);
      expect(again).toMatchObject({ tag, message: 'm', name: error.name, ...fields });
      expect(again.stack).toBe(error.stack);
      expect(toRecord(again)).toEqual(record);
    },
  );

  test('every class is among them', () => {
    expect(new Set(ERRORS.map(([error]) => error.tag)).size).toBe(7);
  });

  test('a status that was absent stays absent', () => {
    expect('status' in toRecord(new EarthEngineError('quota', 'm'))).toBe(false);
  });

  test('an error of another library becomes unexpected and keeps message and stack', () => {
    const error = new TypeError('boom');
    expect(toRecord(error)).toEqual({ tag: 'unexpected', message: 'boom', stack: error.stack });
    expect(fromRecord(toRecord(error))).toBeInstanceOf(UnexpectedError);
  });

  test.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
  ])('%j, thrown without being an error, becomes unexpected', (thrown, message) => {
    expect(toRecord(thrown)).toEqual({ tag: 'unexpected', message });
  });
});

test('a cause is kept', () => {
  const cause = new Error('inner');
  expect(new StoreError('io', 'm', { cause }).cause).toBe(cause);
  expect(new EarthEngineError('transient', 'm', undefined, { cause }).cause).toBe(cause);
  expect(new RasterError('warp', 'm', { cause }).cause).toBe(cause);
});

test('input errors follow one template, with text in quotes and what to do at the end', () => {
  expect(expected('a path', 'the store', '').message).toBe(
    'Expected a path for the store but received "".',
  );
  expect(expected('a number', 'x', 3, 'Give two.').message).toBe(
    'Expected a number for x but received 3. Give two.',
  );
});
