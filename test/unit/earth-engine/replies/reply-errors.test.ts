import { describe, expect, test } from 'vitest';
import {
  errorOfReply,
  isRetryable,
  kindOfWords,
} from '../../../../src/earth-engine/reply-errors.js';
import {
  EarthEngineError,
  type EarthEngineErrorKind,
  fromRecord,
  StoreError,
  toRecord,
} from '../../../../src/errors.js';

const body = (code: number, message: string, status?: string) =>
  JSON.stringify({ error: { code, message, ...(status === undefined ? {} : { status }) } });

/** A text as the service words it, with the HTTP status it comes with, and what is made of it. */
interface Text {
  readonly code: number;
  readonly says: string;
  readonly kind: EarthEngineErrorKind;
  readonly status?: string;
  /** What the hint behind it has to name; absent where there is none. */
  readonly hint?: RegExp;
}

/** Asked for again as it is. */
const AGAIN: readonly Text[] = [
  { code: 400, says: 'Earth Engine capacity exceeded.', kind: 'transient' },
  { code: 400, says: 'Earth Engine memory capacity exceeded.', kind: 'transient' },
  { code: 400, says: 'memory capacity exceeded', kind: 'transient' },
  { code: 400, says: 'An internal error has occurred', kind: 'transient' },
  { code: 400, says: 'An internal error has occurred (request: 7a6c).', kind: 'transient' },
  { code: 400, says: 'An internal server error has occurred (4c5d).', kind: 'transient' },
  { code: 400, says: 'The service is currently unavailable.', kind: 'transient' },
  { code: 400, says: 'Try later.', status: 'UNAVAILABLE', kind: 'transient' },
  { code: 403, says: 'Earth Engine capacity exceeded.', kind: 'transient' },
  { code: 408, says: 'Request timeout', kind: 'transient' },
  { code: 409, says: 'The operation was aborted.', kind: 'transient' },
  { code: 409, says: 'Concurrent changes.', status: 'ABORTED', kind: 'transient' },
  { code: 499, says: 'The operation was cancelled.', status: 'CANCELLED', kind: 'transient' },
  { code: 500, says: 'An internal error has occurred.', status: 'INTERNAL', kind: 'transient' },
  { code: 502, says: 'Bad gateway', kind: 'transient' },
  { code: 503, says: 'Earth Engine memory capacity exceeded.', kind: 'transient' },
  { code: 503, says: 'The service is currently unavailable.', kind: 'transient' },
  { code: 504, says: 'Deadline exceeded', status: 'DEADLINE_EXCEEDED', kind: 'transient' },
  { code: 511, says: 'HTTP status 511', kind: 'transient', hint: /wants a login/ },
  { code: 400, says: 'Too many concurrent aggregations.', kind: 'quota' },
  { code: 429, says: 'Quota exceeded: Too many concurrent aggregations.', kind: 'quota' },
  { code: 403, says: 'User Rate Limit Exceeded', kind: 'quota' },
  { code: 400, says: 'Slow down.', status: 'RESOURCE_EXHAUSTED', kind: 'quota' },
  {
    code: 429,
    says: "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read requests per minute per user' of service 'earthengine.googleapis.com' for consumer 'project_number:599401802498'.",
    kind: 'quota',
  },
];

/** Cut in two, and the halves asked for. */
const CUT: readonly Text[] = [
  'Total request size (56623104 bytes) must be less than or equal to 50331648 bytes.',
  'Pixel grid dimensions (40818x1) must be less than or equal to 32768.',
  'User memory limit exceeded.',
  'Output of image computation is too large (6 bands = 373.0 MiB > 80.0 MiB).',
  "Output of image computation is too large (20 bands for 1048576 pixels = 160.0 MiB > 80.0 MiB). If this is a reduction, try specifying a larger 'tileScale' parameter.",
  'Computed value is too large.',
  'Computed value too large',
  'Computed Image is too large.',
  'Array too large.',
  'Object too large (129662248 bytes).',
  'Reprojection output too large (12118x12118 pixels).',
  'Computation timed out.',
  'Computation has timed out.',
  'Execution failed; out of memory.',
].map((says) => ({ code: 400, says, kind: 'too-large' }));

/** The end of a run: the next tile would be told the same. */
const FINAL: readonly Text[] = [
  {
    code: 401,
    says: 'Request had invalid authentication credentials.',
    kind: 'credentials',
    hint: /GEOCUBES_TOKEN/,
  },
  { code: 400, says: "Image.select: Pattern 'B99' did not match any bands.", kind: 'bad-request' },
  {
    code: 400,
    says: 'Expected a homogeneous image collection, but an image with incompatible bands was encountered: …',
    kind: 'bad-request',
  },
  {
    code: 400,
    says: 'Exported bands must have compatible data types; found inconsistent types: Float64 and Float32.',
    kind: 'bad-request',
  },
  {
    code: 400,
    says: 'Image.reduceRegion: Too many pixels in the region. Found 80300348117, but maxPixels allows only 10000000.',
    kind: 'bad-request',
  },
  {
    code: 400,
    says: 'Request payload size exceeds the limit: 10485760 bytes.',
    kind: 'bad-request',
    hint: /expression is too long/,
  },
  {
    code: 413,
    says: 'Request payload size exceeds the limit: 10485760 bytes.',
    kind: 'bad-request',
    hint: /expression is too long/,
  },
  { code: 409, says: 'The asset is there already.', status: 'ALREADY_EXISTS', kind: 'bad-request' },
  { code: 409, says: 'Conflict', kind: 'bad-request' },
  { code: 501, says: 'Not implemented', status: 'UNIMPLEMENTED', kind: 'bad-request' },
  { code: 302, says: 'HTTP status 302', kind: 'bad-request', hint: /leads elsewhere.*login/ },
  {
    code: 400,
    says: "Image.load: Image asset 'X' not found (does not exist or caller does not have access).",
    kind: 'not-found',
    hint: /asset id/,
  },
  {
    code: 400,
    says: "ImageCollection.load: ImageCollection asset 'users/me/quota_exceeded' not found (does not exist or caller does not have access).",
    kind: 'not-found',
    hint: /asset id/,
  },
  { code: 404, says: "Asset 'X' not found.", kind: 'not-found', hint: /asset id/ },
  {
    code: 403,
    says: "Permission 'earthengine.assets.get' denied on resource 'projects/p/assets/x' (or it may not exist).",
    kind: 'permission',
    hint: /asset id/,
  },
  {
    code: 400,
    says: "Permission 'earthengine.computations.create' denied on resource 'projects/p' (or it may not exist).",
    kind: 'permission',
    hint: /Earth Engine Resource Viewer/,
  },
  {
    code: 403,
    says: 'The caller does not have permission',
    kind: 'permission',
    hint: /Earth Engine Resource Viewer/,
  },
  {
    code: 403,
    says: 'Google Earth Engine API has not been used in project 522309567947 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/earthengine.googleapis.com/overview?project=522309567947 then retry.',
    kind: 'permission',
    hint: /Enable the Earth Engine API/,
  },
  {
    code: 403,
    says: 'Not signed up for Earth Engine or project is not registered. Visit https://developers.google.com/earth-engine/guides/access',
    kind: 'permission',
    hint: /Register the project/,
  },
  {
    code: 403,
    says: 'Project p-1 is not registered to use Earth Engine. Visit https://code.earthengine.google.com/register?project=p-1 to register your project.',
    kind: 'permission',
    hint: /Register the project/,
  },
  {
    code: 403,
    says: 'Not signed up for Earth Engine. Visit https://earthengine.google.com/signup/',
    kind: 'permission',
    hint: /Register the project/,
  },
  {
    code: 403,
    says: 'Caller does not have required permission to use project my-vpc-billing. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission.',
    kind: 'permission',
    hint: /Grant the account serviceusage\.services\.use/,
  },
  {
    code: 403,
    says: 'The earthengine.googleapis.com API requires a quota project, which is not set by default.',
    kind: 'permission',
    hint: /--project.*serviceusage\.services\.use/,
  },
  {
    code: 403,
    says: "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x7",
    kind: 'permission',
    hint: /perimeter/,
  },
  {
    code: 403,
    says: 'Request had insufficient authentication scopes.',
    kind: 'permission',
    hint: /auth\/earthengine/,
  },
  {
    code: 403,
    says: "Permission denied: Consumer 'projects/p' has been suspended.",
    kind: 'permission',
    hint: /suspended the project/,
  },
  {
    code: 403,
    says: "Project 'projects/none' not found or deleted.",
    kind: 'permission',
    hint: /id of the project/,
  },
  {
    code: 403,
    says: 'This API method requires billing to be enabled. Please enable billing on project p.',
    kind: 'permission',
    hint: /Enable billing/,
  },
  {
    code: 403,
    says: 'Daily Limit for Unauthenticated Use Exceeded. Continued use requires signup.',
    kind: 'permission',
    hint: /roles/,
  },
  {
    code: 403,
    says: 'Daily Limit Exceeded. The quota will be reset at midnight Pacific Time (PT).',
    kind: 'quota',
    hint: /quota of the day/,
  },
  {
    code: 429,
    says: "Quota exceeded for quota metric 'Earth Engine compute time' and limit 'Earth Engine compute time per day in seconds' of service 'earthengine.googleapis.com' for consumer 'project_number:1'.",
    kind: 'quota',
    hint: /quota of the day/,
  },
];

const made = ({ code, says, status }: Text) => errorOfReply(code, body(code, says, status));

describe.each([
  ['is asked for again', AGAIN, true],
  ['is cut in two', CUT, false],
  ['is final', FINAL, false],
] as const)('what %s:', (_, texts, isAgain) => {
  test.each(texts)('$code "$says" ($kind)', (text) => {
    const error = made(text);
    expect(error).toBeInstanceOf(EarthEngineError);
    const { code, says, kind, hint } = text;
    expect({ kind: error.kind, status: error.status }).toEqual({ kind, status: code });
    expect(isRetryable(error)).toBe(isAgain);
    const [, rest] = error.message.split(`Earth Engine answered ${code}: ${says}`);
    if (hint === undefined) expect(rest).toBe('');
    else expect(rest).toMatch(hint);
  });
});

test('what is not of Earth Engine is not asked for again', () => {
  expect(isRetryable(new EarthEngineError('unreachable', 'x'))).toBe(false);
  expect(isRetryable(new StoreError('io', 'x'))).toBe(false);
  expect(isRetryable('text')).toBe(false);
});

test.each(['', '<html>Bad gateway</html>', '{}', '[]', 'null', '"text"', '{"error":7}', '[[]]'])(
  'a body that is no error of the service (%s) is told by its status',
  (text) => {
    const error = errorOfReply(502, text);
    expect(error).toMatchObject({ kind: 'transient', status: 502 });
    expect(error.message).toBe('Earth Engine answered 502: HTTP status 502');
  },
);

test.each([
  ['within a list', '[{"error":{"code":400,"message":"Odd."}}]', '400: Odd.'],
  ['behind a byte order mark', '\ufeff{"error":{"message":"Odd."}}', '400: Odd.'],
  ['as a text', '{"error":"invalid_scope","error_description":"Odd."}', '400: invalid_scope: Odd.'],
  ['without a message', '{"error":{"code":400,"message":""}}', '400: HTTP status 400'],
])('an error %s is read', (_, text, words) => {
  expect(errorOfReply(400, text).message).toBe(`Earth Engine answered ${words}`);
});

test.each([
  ['an HTTP status', 429, 429, 'quota'],
  ['a number of google.rpc.Code', 14, 503, 'transient'],
  ['another one', 7, 403, 'permission'],
  ['no status of an error', 200, 200, 'transient'],
  ['no status', 99_999, 200, 'transient'],
  ['no whole number', 4.5, 200, 'transient'],
])('in place of pixels, an error with %s (%d) is taken for %d', (_, code, status, kind) => {
  expect(errorOfReply(200, body(code, 'Odd.'))).toMatchObject({ status, kind });
});

test.each([
  ['RATE_LIMIT_EXCEEDED', 'quota', ''],
  ['rateLimitExceeded', 'quota', ''],
  ['userRateLimitExceeded', 'quota', ''],
  ['quotaExceeded', 'quota', ''],
  ['RESOURCE_QUOTA_EXCEEDED', 'quota', ''],
  ['dailyLimitExceeded', 'quota', 'quota of the day'],
  ['dailyLimitExceededUnreg', 'permission', 'roles'],
  ['SERVICE_DISABLED', 'permission', 'https://console.developers.google.com/apis/api/e'],
  ['accessNotConfigured', 'permission', 'Enable the Earth Engine API'],
  ['USER_PROJECT_DENIED', 'permission', 'serviceusage.services.use'],
  ['SECURITY_POLICY_VIOLATED', 'permission', 'perimeter'],
  ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'permission', 'scope'],
  ['CONSUMER_SUSPENDED', 'permission', 'suspended'],
  ['CONSUMER_INVALID', 'permission', 'id of the project'],
  ['BILLING_DISABLED', 'permission', 'billing'],
  ['ORG_RESTRICTION_VIOLATION', 'permission', 'organization'],
  ['LOCATION_POLICY_VIOLATED', 'permission', 'organization'],
  ['IAM_PERMISSION_DENIED', 'permission', 'Earth Engine Resource Viewer'],
])('a 403 with reason %s is %s and says what to do', (reason, kind, hint) => {
  const activationUrl = 'https://console.developers.google.com/apis/api/e';
  const details = [{ reason, metadata: { activationUrl } }];
  for (const list of [{ details }, { errors: details }]) {
    const error = errorOfReply(403, JSON.stringify({ error: { message: 'No.', ...list } }));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(hint);
  }
});

test('a link that does not lead to the console is not passed on', () => {
  const activationUrl = 'https://console.developers.google.com.evil.example/';
  const details = [{ reason: 'SERVICE_DISABLED', metadata: { activationUrl } }];
  const error = errorOfReply(403, JSON.stringify({ error: { message: 'No.', details } }));
  expect(error.message).not.toContain('evil');
});

test('what is too much for one request is cut, though the service calls it exhausted', () => {
  for (const code of [400, 429]) {
    const text = body(code, 'User memory limit exceeded.', 'RESOURCE_EXHAUSTED');
    expect(errorOfReply(code, text).kind).toBe('too-large');
  }
});

describe('a quota of the day', () => {
  const daily = (code: number, error: object) => errorOfReply(code, JSON.stringify({ error }));
  const info = (metadata: object) => [{ reason: 'RATE_LIMIT_EXCEEDED', metadata }];

  test.each([
    ['by its reason', daily(403, { message: 'No.', details: [{ reason: 'dailyLimitExceeded' }] })],
    ['by its unit', daily(429, { message: 'No.', details: info({ quota_unit: '1/d/{project}' }) })],
    ['by its limit', daily(429, { message: 'No.', details: info({ quota_limit: 'ReadsPerDay' }) })],
    [
      'by its metric',
      daily(429, {
        message: 'No.',
        details: info({ quota_metric: 'earthengine.googleapis.com/daily_eecu_usage_time' }),
      }),
    ],
  ])('is known %s, by a field that crosses threads, and not asked for again', (_, error) => {
    expect(error).toMatchObject({ kind: 'quota', reason: 'daily' });
    expect(isRetryable(error)).toBe(false);
    expect(error.message).toContain('quota of the day');
    const again = fromRecord(structuredClone(toRecord(error)));
    expect(again).toMatchObject({ kind: 'quota', reason: 'daily' });
    expect(isRetryable(again)).toBe(false);
  });

  test('is not what a limit of a minute is', () => {
    const error = daily(429, {
      message: 'No.',
      details: info({ quota_unit: '1/min/{project}', quota_limit: 'ReadsPerMinutePerUser' }),
    });
    expect(error.reason).toBeUndefined();
    expect(isRetryable(error)).toBe(true);
  });

  test('is known behind words of any length', () => {
    const message = `${'a'.repeat(50_000)} Daily Limit Exceeded`;
    expect(daily(403, { message })).toMatchObject({ kind: 'quota', reason: 'daily' });
  });
});

test('long words are cut once, and the hint behind them is whole', () => {
  const says = `Project p is not registered. ${'a'.repeat(20_000)}`;
  const { message } = errorOfReply(403, body(403, says));
  expect(message).toMatch(
    /a \.\.\. \(19029 characters more\) Register the project for Earth Engine: https:\S+register$/,
  );
  expect(message.length).toBeLessThan(1_300);
});

test('words are cut between characters, after what must not be told is gone', () => {
  const secret = 'ya29.secret-token';
  const clean = (text: string) => text.replaceAll(secret, '***');
  // Both would lie on the cut.
  const emoji = errorOfReply(400, body(400, `${'a'.repeat(999)}\u{1f30d}${'a'.repeat(99)}`));
  expect(emoji.message).toMatch(/a{999} \.\.\. \(101 characters more\)$/);
  const token = errorOfReply(400, body(400, `${'a'.repeat(990)}${secret}`), { clean });
  expect(token.message).toMatch(/a\*\*\*$/);
});

test('an image without bands is known by a field', () => {
  const says = 'Image.select: Band pattern "B1" was applied to an Image with no bands.';
  expect(errorOfReply(400, body(400, says)).reason).toBe('no-bands');
  expect(errorOfReply(500, body(500, says)).reason).toBeUndefined();
});

test('words that come without a status tell their kind where they can', () => {
  const kinds = [...AGAIN, ...CUT, ...FINAL]
    .filter(({ code, status }) => code === 400 && status === undefined)
    .map(({ says, kind }) => [says, kindOfWords(says), kind === 'bad-request' ? undefined : kind]);
  for (const [says, found, kind] of kinds) expect(found, says).toBe(kind);
});
