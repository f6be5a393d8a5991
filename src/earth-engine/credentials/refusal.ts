import { EarthEngineError } from '../../errors.js';

/** OAuth's own words (RFC 6749, 5.2) and Google's: the only text of a reply that is passed on. */
const OAUTH_CODES = new Set([
  'access_denied',
  'deleted_client',
  'disabled_client',
  'internal_failure',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'org_internal',
  'unauthorized_client',
  'unsupported_grant_type',
]);

const NOBODY_ANSWERS = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);

/** What of a failure at the token server may be told: everything else could hold the grant or the token. */
interface Facts {
  readonly status?: number;
  /** One of {@link OAUTH_CODES}. */
  readonly oauth?: string;
  /** The system's code of a broken connection. */
  readonly code?: string;
  /** True where a request was made at all. */
  readonly wasSent: boolean;
}

/**
 * A failure to get a token, as our own error. Built from a list of harmless facts rather than cleaned:
 * the library's error holds the whole request, grant included, and replies may repeat it.
 *
 * @param todo what the user can do about a refusal, a whole sentence.
 * @param hasWorked whether tokens came before, so that a silent server is one that will be back.
 */
export function refusalOf(
  cause: unknown,
  origin: string,
  todo: string,
  hasWorked: boolean,
): EarthEngineError {
  const facts = factsOf(cause);
  const { status, oauth, code } = facts;
  const options = { cause: { status, oauth, code } };
  const received = [status, oauth].filter((part) => part !== undefined).join(' ');
  if (status !== undefined && (status >= 500 || status === 429 || status === 408)) {
    return new EarthEngineError(
      'transient',
      `Expected a token for ${origin} but Google's token server answered ${received}.`,
      status,
      options,
    );
  }
  if (status === undefined && facts.wasSent) {
    const isAway = code !== undefined && NOBODY_ANSWERS.has(code) && !hasWorked;
    return new EarthEngineError(
      isAway ? 'unreachable' : 'transient',
      `Expected a token for ${origin} but Google's token server did not answer (${code ?? 'no code'}). Check the network.`,
      undefined,
      options,
    );
  }
  return new EarthEngineError(
    'credentials',
    `Expected a token for ${origin} but received ${received === '' ? 'a key that cannot sign' : `a refusal (${received})`}. ${todo}${oauth === 'invalid_grant' ? ' A wrong clock has the same effect.' : ''}`,
    status,
    options,
  );
}

function factsOf(cause: unknown): Facts {
  if (typeof cause !== 'object' || cause === null) return { wasSent: false };
  const { status, code, response, config } = cause as Readonly<Record<string, unknown>>;
  const reply = fieldsOf(response);
  const number = [reply.status, status].find((value) => typeof value === 'number');
  const oauth = oauthCode(fieldsOf(reply.data).error);
  return {
    wasSent: typeof config === 'object' && config !== null,
    ...(number === undefined ? {} : { status: number }),
    ...(oauth === undefined ? {} : { oauth }),
    ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$|^TimeoutError$/.test(code)
      ? { code }
      : {}),
  };
}

function oauthCode(value: unknown): string | undefined {
  return typeof value === 'string' && OAUTH_CODES.has(value) ? value : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
