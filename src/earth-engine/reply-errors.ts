import { EarthEngineError, type EarthEngineErrorKind } from '../errors.js';

/** What the service calls too much for one request; a smaller one may pass. */
const TOO_LARGE =
  /User memory limit exceeded|Computation timed out|Total request size|Pixel grid dimensions|Output of image computation is too large|Computed value is too large|Array too large|Reprojection output too large/i;

const QUOTA =
  /rate_?limit_?exceeded|quota_?exceeded|dailyLimitExceeded|RESOURCE_EXHAUSTED|Too many concurrent/i;

const DAILY = /daily_?limit_?exceeded|quota of the day/i;

/** The service's own trouble, which it also tells with status 400. */
const TRANSIENT = /capacity exceeded|internal (server )?error has occurred/i;

/** Statuses that tell of a moment: timeout, conflict (ABORTED), too early, cancelled. */
const TRANSIENT_CODES: readonly number[] = [408, 409, 425, 499];

/** Longer messages are cut: a log line has to stay readable. */
const MAX_MESSAGE = 2_000;

/**
 * A reply that is no pixels, as a typed error. `body` is the reply's text. An error that comes with
 * status 200, in place of pixels, is judged by the code in its body.
 */
export function errorOfReply(status: number, body: string, retryAfter?: number): EarthEngineError {
  const error = errorIn(body);
  const code = status === 200 && typeof error.code === 'number' ? error.code : status;
  const message =
    typeof error.message === 'string' && error.message !== ''
      ? error.message.slice(0, MAX_MESSAGE)
      : `HTTP status ${status}`;
  const details = [...recordsOf(error.details), ...recordsOf(error.errors)];
  const reasons = [error.status, ...details.map(({ reason }) => reason)].filter(
    (reason) => typeof reason === 'string',
  );
  const words = [message, ...reasons].join(' ');
  const kind = kindOf(code, words);
  return new EarthEngineError(
    kind,
    `Earth Engine answered ${code}: ${message}${hintOf(kind, words, details)}`,
    code,
    undefined,
    retryAfter,
  );
}

/** Milliseconds of a `Retry-After` header: seconds, or a date. */
export function retryAfterMs(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** google.rpc.Status in a body, or nothing: a body may have any shape. */
function errorIn(body: string): Fields {
  try {
    const parsed: unknown = JSON.parse(body);
    return isFields(parsed) && isFields(parsed.error) ? parsed.error : {};
  } catch {
    return {};
  }
}

function recordsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(code: number, words: string): EarthEngineErrorKind {
  if (code === 401) return 'credentials';
  if (code === 429) return 'quota';
  // Before quotas: what is too much for one request may be called exhausted too.
  if (code === 413 || TOO_LARGE.test(words)) return 'too-large';
  if (QUOTA.test(words)) return 'quota';
  if (code === 403) return 'permission';
  if (code === 404 || /not found \(does not exist or caller/i.test(words)) return 'not-found';
  if (/Permission '[^']*' denied/i.test(words)) return 'permission';
  if (TRANSIENT_CODES.includes(code) || TRANSIENT.test(words)) return 'transient';
  // Status 200 with something that is neither pixels nor an error is a broken reply.
  return code >= 500 || code === 200 ? 'transient' : 'bad-request';
}

function hintOf(kind: EarthEngineErrorKind, words: string, details: readonly Fields[]): string {
  switch (kind) {
    case 'credentials':
      return ' Run "gcloud auth application-default login", or set GEOCUBES_TOKEN to a fresh token.';
    case 'permission':
      return permissionHint(words, details);
    case 'quota':
      return DAILY.test(words)
        ? ' The quota of the day is used up: run the same command again when it has been renewed.'
        : '';
    case 'not-found':
      return ' Check the asset id, and that the account may read it.';
    default:
      return '';
  }
}

function permissionHint(words: string, details: readonly Fields[]): string {
  if (/SERVICE_DISABLED|accessNotConfigured|has not been used in project/i.test(words))
    return ` Enable the Earth Engine API for the project${linkIn(details)}, and wait some minutes.`;
  if (/not registered/i.test(words))
    return ' Register the project for Earth Engine: https://code.earthengine.google.com/register';
  if (/VPC|SECURITY_POLICY_VIOLATED|Request is prohibited by organization/i.test(words))
    return ' A VPC Service Controls perimeter refuses it: run within the perimeter, or ask its administrator for access.';
  if (/billing/i.test(words)) return ' Enable billing for the project.';
  if (/quota project|serviceusage|USER_PROJECT_DENIED/i.test(words))
    return ' Grant the account serviceusage.services.use on the project (role Service Usage Consumer).';
  return ' The account needs the roles Earth Engine Resource Viewer and Service Usage Consumer on the project.';
}

/** Where the service says that its API is enabled; no link that leads elsewhere than to Google's console. */
function linkIn(details: readonly Fields[]): string {
  const urls = details.flatMap(({ metadata, links }) => [
    ...(isFields(metadata) ? [metadata.activationUrl] : []),
    ...recordsOf(links).map(({ url }) => url),
  ]);
  const found = urls.find(
    (url) =>
      typeof url === 'string' &&
      /^https:\/\/console[.](cloud|developers)\.google\.com\/[\w\-./?=&%]{1,300}$/.test(url),
  );
  return found === undefined ? '' : ` (${found})`;
}

/** Worth the same request again within minutes: the next try may pass. A quota of the day comes back tomorrow. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof EarthEngineError)) return false;
  return error.kind === 'transient' || (error.kind === 'quota' && !DAILY.test(error.message));
}
