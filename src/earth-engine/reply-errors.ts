import { EarthEngineError, type EarthEngineErrorKind } from '../errors.js';

/** The part of google.rpc.Status that tells errors apart. */
interface ErrorBody {
  readonly error?: {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly details?: readonly { readonly reason?: unknown }[];
    /** The older form of the same. */
    readonly errors?: readonly { readonly reason?: unknown }[];
  };
}

/** What the service calls too much for one request; a smaller one may pass. */
const TOO_LARGE =
  /User memory limit exceeded|Computation timed out|Total request size|Pixel grid dimensions/i;

/**
 * A reply that is no pixels, as a typed error. `body` is the reply's text. An error that comes with
 * status 200, in place of pixels, is judged by the code in its body.
 */
export function errorOfReply(status: number, body: string, retryAfter?: number): EarthEngineError {
  const { error } = parse(body);
  const code = status === 200 && typeof error?.code === 'number' ? error.code : status;
  const message = typeof error?.message === 'string' ? error.message : `HTTP status ${status}`;
  const reasons = [...(error?.details ?? []), ...(error?.errors ?? [])]
    .map(({ reason }) => String(reason))
    .join(' ');
  const kind = kindOf(code, `${message} ${reasons}`);
  return new EarthEngineError(
    kind,
    `Earth Engine answered ${code}: ${message}${hintOf(kind)}`,
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

function parse(body: string): ErrorBody {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function kindOf(code: number, words: string): EarthEngineErrorKind {
  if (code === 401) return 'credentials';
  if (code === 429 || /rateLimitExceeded|Too many concurrent/i.test(words)) return 'quota';
  if (code === 403) return 'permission';
  if (code === 404 || /not found \(does not exist or caller/i.test(words)) return 'not-found';
  if (/Permission '[^']*' denied/i.test(words)) return 'permission';
  if (code === 413 || TOO_LARGE.test(words)) return 'too-large';
  if (code === 408 || code === 425) return 'transient';
  // Status 200 with something that is neither pixels nor an error is a broken reply.
  return code >= 500 || code === 200 ? 'transient' : 'bad-request';
}

function hintOf(kind: EarthEngineErrorKind): string {
  switch (kind) {
    case 'credentials':
      return ' Run "gcloud auth application-default login", or set GEOCUBES_TOKEN to a fresh token.';
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
