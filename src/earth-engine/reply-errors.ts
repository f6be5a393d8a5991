import {
  EarthEngineError,
  type EarthEngineErrorKind,
  type EarthEngineErrorReason,
} from '../errors.js';
import { type Fields, isFields, recordsOf } from './replies/fields.js';
import { type ErrorFacts, hintOf, isOfTheDay } from './replies/hints.js';

/** What the service calls too much for one request; a smaller one may pass. */
const TOO_LARGE =
  /User memory limit exceeded|Computation (has )?timed out|Total request size|Pixel grid dimensions|Output of image computation is too large|Computed \w{1,20} (is )?too large|Array too large|Object too large|Reprojection output too large|Execution failed; out of memory/i;

/** The request's own text is too long, which no cutting of its grid makes shorter. */
const TOO_LONG =
  /Request payload size exceeds|request entity too large|request that was too large/i;

const NO_ASSET = /not found \(does not exist or caller/i;

/** Reasons that end in `Unreg` are of requests without an account, which no waiting helps. */
const QUOTA =
  /rate[_ ]?limit[_ ]?exceeded(?!Unreg)|quota[_ ]?exceeded|daily[_ ]?limit[_ ]?exceeded(?!Unreg)|RESOURCE_EXHAUSTED|Too many concurrent/i;

/** The service's own trouble, which it also tells with status 400. */
const TRANSIENT =
  /capacity exceeded|internal (server )?error has occurred|service is currently unavailable/i;

/** Codes of google.rpc.Status that tell of a moment, whatever the HTTP status beside them (AIP-193, AIP-194). */
const TRANSIENT_STATUS: readonly unknown[] = [
  'ABORTED',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'UNAVAILABLE',
];

/** HTTP statuses that tell of a moment: timeout, too early, cancelled. A conflict (409) does only where it is ABORTED. */
const TRANSIENT_CODES: readonly number[] = [408, 425, 499];

/** Not implemented, and an HTTP version that is not spoken: they stay so. */
const FINAL_CODES: readonly number[] = [501, 505];

/** HTTP statuses of the numbers of google.rpc.Code, which a body may hold in place of one. */
const RPC_CODES: Readonly<Record<number, number>> = {
  1: 499,
  2: 500,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  13: 500,
  14: 503,
  15: 500,
  16: 401,
};

/** Characters of the service's words that are passed on: some of its hints are a few hundred long. */
const MAX_WORDS = 1_000;

/** What is known of a reply beside its status and body. */
export interface ReplyFacts {
  readonly retryAfterMs?: number | undefined;
  /** Takes the token out of what the service says, before it is cut. */
  readonly clean?: ((text: string) => string) | undefined;
}

/**
 * A reply that is no pixels, as a typed error. `body` is the reply's text. An error that comes with
 * status 200, in place of pixels, is judged by the code in its body. The message has the service's words,
 * cut where they are long, and what to do. They are cut here, once, without the token and before the hint.
 */
export function errorOfReply(
  status: number,
  body: string,
  { retryAfterMs, clean = (text) => text }: ReplyFacts = {},
): EarthEngineError {
  const error = errorIn(body) ?? {};
  const code = status === 200 ? (codeIn(error) ?? status) : status;
  const message =
    typeof error.message === 'string' && error.message !== ''
      ? error.message
      : `HTTP status ${status}`;
  const details = [...recordsOf(error.details), ...recordsOf(error.errors)];
  const reasons = [error.status, ...details.map(({ reason }) => reason)].filter(
    (reason) => typeof reason === 'string',
  );
  const facts = { code, words: [message, ...reasons].join(' '), details };
  const kind = kindOf(facts.code, facts.words, error.status);
  return new EarthEngineError(
    kind,
    `Earth Engine answered ${code}: ${shortened(clean(message))}${hintOf(kind, facts)}`,
    code,
    {
      ...{ retryAfterMs, reason: reasonOf(kind, facts) },
      // No error by its status: a reply like any other that does not fit.
      mismatch: code < 300 ? `status ${code}: ${message}` : undefined,
    },
  );
}

/** Whether a body is an error of the service, whatever the status it came with. */
export function holdsError(body: string): boolean {
  return errorIn(body) !== undefined;
}

/** The kind that the service's words alone tell, where they came without a status. */
export function kindOfWords(words: string): EarthEngineErrorKind | undefined {
  const kind = kindOf(Number.NaN, words, undefined);
  return kind === 'bad-request' ? undefined : kind;
}

/** Milliseconds of a `Retry-After` header: seconds, or a date. */
export function retryAfterMs(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** google.rpc.Status in a body, also within a list or as a text alone; `undefined` where a body is something else. */
function errorIn(body: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(body.replace(/^\ufeff/, ''));
    const reply: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    if (!isFields(reply)) return undefined;
    const { error, error_description: description } = reply;
    if (typeof error === 'string')
      return {
        message: [error, description].filter((text) => typeof text === 'string').join(': '),
      };
    return isFields(error) ? error : undefined;
  } catch {
    return undefined;
  }
}

/** The HTTP status that a body speaks of, if it is one of an error. */
function codeIn({ code }: Fields): number | undefined {
  if (typeof code !== 'number' || !Number.isInteger(code)) return undefined;
  return code >= 400 && code < 600 ? code : RPC_CODES[code];
}

function kindOf(code: number, words: string, status: unknown): EarthEngineErrorKind {
  if (code === 401) return 'credentials';
  if (TOO_LONG.test(words)) return 'bad-request';
  // Before quotas: what is too much for one request may be called exhausted too.
  if (code === 413 || TOO_LARGE.test(words)) return 'too-large';
  // Asset ids are anybody's words.
  if (NO_ASSET.test(words)) return 'not-found';
  if (code === 429 || QUOTA.test(words)) return 'quota';
  if (TRANSIENT.test(words)) return 'transient';
  if (code === 403) return 'permission';
  if (code === 404) return 'not-found';
  if (/Permission '[^']{0,200}' denied|not registered|not signed up/i.test(words))
    return 'permission';
  if (FINAL_CODES.includes(code)) return 'bad-request';
  if (TRANSIENT_CODES.includes(code) || TRANSIENT_STATUS.includes(status)) return 'transient';
  if (code === 409) return /\baborted\b/i.test(words) ? 'transient' : 'bad-request';
  // A success with something that is neither pixels nor an error is a broken reply.
  return code >= 500 || (code >= 200 && code < 300) ? 'transient' : 'bad-request';
}

function reasonOf(
  kind: EarthEngineErrorKind,
  facts: ErrorFacts,
): EarthEngineErrorReason | undefined {
  if (kind === 'quota') return isOfTheDay(facts) ? 'daily' : undefined;
  return kind === 'bad-request' && /with no bands/i.test(facts.words) ? 'no-bands' : undefined;
}

/** The service's words as they are passed on. */
export function shortened(text: string): string {
  if (text.length <= MAX_WORDS) return text;
  // Not through the middle of a character of two units.
  const start = text.slice(0, MAX_WORDS).replace(/[\ud800-\udbff]$/, '');
  return `${start} ... (${text.length - start.length} characters more)`;
}

/** Worth the same request again within minutes: the next try may pass. A quota of the day comes back on another. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof EarthEngineError)) return false;
  return error.kind === 'transient' || (error.kind === 'quota' && error.reason !== 'daily');
}
