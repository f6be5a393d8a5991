import { describe, expect, test } from 'vitest';
import { errorOfReply, isRetryable } from '../../../src/earth-engine/reply-errors.js';
import { EarthEngineError, StoreError } from '../../../src/errors.js';

const body = (code: number, message: string, status?: string) =>
  JSON.stringify({ error: { code, message, ...(status === undefined ? {} : { status }) } });

/** Messages as the service words them. */
const REPLIES = [
  [
    400,
    'too-large',
    'Total request size (56623104 bytes) must be less than or equal to 50331648 bytes.',
  ],
  [400, 'too-large', 'Pixel grid dimensions (40818x1) must be less than or equal to 32768.'],
  [400, 'too-large', 'User memory limit exceeded.'],
  [400, 'too-large', 'Computation timed out.'],
  [
    400,
    'not-found',
    "Image.load: Image asset 'X' not found (does not exist or caller does not have access).",
  ],
  [
    400,
    'not-found',
    "ImageCollection.load: ImageCollection asset 'X' not found (does not exist or caller does not have access).",
  ],
  [
    400,
    'bad-request',
    'Expected a homogeneous image collection, but an image with incompatible bands was encountered: …',
  ],
  [400, 'quota', 'Too many concurrent aggregations.'],
  [401, 'credentials', 'Request had invalid authentication credentials.'],
  [
    403,
    'permission',
    'Google Earth Engine API has not been used in project 1 before or it is disabled.',
  ],
  [403, 'permission', 'Caller does not have required permission to use project P.'],
  [404, 'not-found', "Asset 'X' not found."],
  [
    429,
    'quota',
    "Quota exceeded for quota metric 'Number of read requests' of service 'earthengine.googleapis.com'.",
  ],
  [429, 'quota', 'Quota exceeded: Too many concurrent aggregations.'],
  [500, 'transient', 'An internal error has occurred.'],
  [502, 'transient', 'Bad gateway'],
  [503, 'transient', 'Earth Engine memory capacity exceeded.'],
  [504, 'transient', 'Deadline exceeded'],
] as const;

describe('errorOfReply', () => {
  test.each(REPLIES)('status %i is %s where the service says "%s"', (status, kind, message) => {
    const error = errorOfReply(status, body(status, message));
    expect(error).toBeInstanceOf(EarthEngineError);
    expect({ kind: error.kind, status: error.status }).toEqual({ kind, status });
    expect(error.message).toContain(`Earth Engine answered ${status}: ${message}`);
  });

  test.each(['', '<html>Bad gateway</html>', '{}', '{"error":{}}', '[]', 'null', '"text"'])(
    'a body that is no error of the service (%s) is told by its status',
    (text) => {
      const error = errorOfReply(502, text);
      expect(error).toMatchObject({ kind: 'transient', status: 502 });
      expect(error.message).toBe('Earth Engine answered 502: HTTP status 502');
    },
  );

  test('what the user can mend says how', () => {
    expect(errorOfReply(401, '').message).toContain('GEOCUBES_TOKEN');
    expect(errorOfReply(403, '').message).toContain('Service Usage Consumer');
    expect(errorOfReply(404, '').message).toContain('asset id');
  });
});

test('only failures that may pass are worth the same request again', () => {
  const retried = REPLIES.map(([status, kind, message]) => ({
    kind,
    again: isRetryable(errorOfReply(status, body(status, message))),
  }));
  for (const { kind, again } of retried)
    expect(again, kind).toBe(kind === 'transient' || kind === 'quota');
  expect(isRetryable(new EarthEngineError('unreachable', 'x'))).toBe(false);
  expect(isRetryable(new StoreError('io', 'x'))).toBe(false);
  expect(isRetryable('text')).toBe(false);
});
