import { EarthEngineError, type EarthEngineErrorKind } from '../errors.js';

interface ErrorBody {
  readonly error?: { readonly message?: unknown; readonly status?: unknown };
}

/** What the service calls too much for one request; a smaller one may pass. */
const TOO_LARGE =
  /User memory limit exceeded|Computation timed out|Total request size|Pixel grid dimensions/i;

/** A reply that is no pixels, as a typed error. `body` is the reply's text. */
export function errorOfReply(status: number, body: string, retryAfter?: number): EarthEngineError {
  const message = messageOf(body) ?? `HTTP status ${status}`;
  const kind = kindOf(status, message);
  return new EarthEngineError(
    kind,
    `Earth Engine answered ${status}: ${message}${hintOf(kind)}`,
    status,
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

function messageOf(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as ErrorBody;
    return typeof error?.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}

function kindOf(status: number, message: string): EarthEngineErrorKind {
  if (status === 401) return 'credentials';
  if (status === 429 || /rateLimitExceeded|Too many concurrent/i.test(message)) return 'quota';
  if (status === 403) return 'permission';
  if (status === 404 || /not found \(does not exist or caller/i.test(message)) return 'not-found';
  if (status >= 500) return 'transient';
  return TOO_LARGE.test(message) ? 'too-large' : 'bad-request';
}

function hintOf(kind: EarthEngineErrorKind): string {
  switch (kind) {
    case 'credentials':
      return ' Run "earthengine authenticate", or set GEOCUBES_TOKEN to a fresh token.';
    case 'permission':
      return ' The account needs the roles Earth Engine Resource Viewer and Service Usage Consumer on the project.';
    case 'not-found':
      return ' Check the asset id, and that the account may read it.';
    default:
      return '';
  }
}

/** Worth the same request again: the next try may pass. */
export function isRetryable(error: unknown): boolean {
  return (
    error instanceof EarthEngineError && (error.kind === 'transient' || error.kind === 'quota')
  );
}
