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
  [400, 'too-large', 'Output of image computation is too large (6 bands = 373.0 MiB > 80.0 MiB).'],
  [400, 'too-large', 'Computed value is too large.'],
  [400, 'too-large', 'Array too large.'],
  [400, 'transient', 'Earth Engine capacity exceeded.'],
  [400, 'transient', 'Earth Engine memory capacity exceeded.'],
  [400, 'transient', 'An internal error has occurred'],
  [400, 'transient', 'An internal server error has occurred (4c5d).'],
  [409, 'transient', 'The operation was aborted.'],
  [499, 'transient', 'The operation was cancelled.'],
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

test.each([
  ['RATE_LIMIT_EXCEEDED', 'quota', ''],
  ['dailyLimitExceeded', 'quota', 'quota of the day'],
  ['SERVICE_DISABLED', 'permission', 'https://console.developers.google.com/apis/api/e'],
  ['USER_PROJECT_DENIED', 'permission', 'serviceusage.services.use'],
  ['SECURITY_POLICY_VIOLATED', 'permission', 'perimeter'],
])('a 403 with reason %s is %s and says what to do', (reason, kind, hint) => {
  const activationUrl = 'https://console.developers.google.com/apis/api/e';
  const details = [{ reason, metadata: { activationUrl } }];
  const error = errorOfReply(403, JSON.stringify({ error: { message: 'No.', details } }));
  expect(error.kind).toBe(kind);
  expect(error.message).toContain(hint);
});

test('an error body of any shape is an error of the service', () => {
  const shapes = [null, 'x', '', 0, [], [null], [[1]], {}, { reason: {} }, [{ links: 'x' }]];
  for (const details of shapes) {
    for (const error of [details, { details, errors: details, message: details, code: details }])
      expect(errorOfReply(500, JSON.stringify({ error })).kind).toBe('transient');
    expect(errorOfReply(500, JSON.stringify(details)).kind).toBe('transient');
  }
  for (const body of ['', '{"error":{"mess', '<html>502</html>'])
    expect(errorOfReply(502, body).kind).toBe('transient');
});

test('what is too much for one request is cut, though the service calls it exhausted', () => {
  const text = body(400, 'User memory limit exceeded.', 'RESOURCE_EXHAUSTED');
  expect(errorOfReply(400, text).kind).toBe('too-large');
});

test('a quota of the day is not asked for again', () => {
  const details = [{ reason: 'dailyLimitExceeded' }];
  const error = errorOfReply(403, JSON.stringify({ error: { message: 'No more.', details } }));
  expect([error.kind, isRetryable(error)]).toEqual(['quota', false]);
});
