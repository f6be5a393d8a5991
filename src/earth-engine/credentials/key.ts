import type { AuthClient, GoogleAuthOptions } from 'google-auth-library';

/** The kinds of credentials JSON that are understood; the words are Google's. */
export type KeyType =
  | 'service_account'
  | 'authorized_user'
  | 'external_account'
  | 'external_account_authorized_user'
  | 'impersonated_service_account';

/** Credentials JSON, read and checked. Its secrets are in the closure alone, so that printing it shows none. */
export interface Key {
  readonly type: KeyType;
  /** The project that a service account belongs to. */
  readonly project: string | undefined;
  readonly quotaProject: string | undefined;
  /** A client that gets tokens; no network yet. */
  connect(scopes: readonly string[]): Promise<AuthClient>;
}

type Json = Readonly<Record<string, unknown>>;

const NEEDED_FIELDS: Readonly<Record<KeyType, readonly string[]>> = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  external_account: ['audience', 'subject_token_type'],
  external_account_authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  impersonated_service_account: ['service_account_impersonation_url', 'source_credentials'],
};

/** The two that a person can be handed as a file. */
export const PLAIN_KEYS: readonly KeyType[] = ['service_account', 'authorized_user'];
export const ALL_KEYS = Object.keys(NEEDED_FIELDS) as KeyType[];

/** Long before a token ends, so that a token server that is away for minutes stops nothing. */
export const REFRESH_AHEAD_MS = 5 * 60_000;

/**
 * How tokens are asked for: a grant follows no redirect, and a token is 2 kB; a reply that never ends is
 * hung up on.
 */
export const TRANSPORT = { timeout: 30_000, redirect: 'error', size: 256 * 1024 } as const;

/**
 * Reads credentials JSON of one of the `allowed` types.
 * @returns what is wrong, as the end of a sentence and without a word of the text, where it is none.
 */
export function readKey(text: string, allowed: readonly KeyType[]): Key | string {
  const json = parseObject(text);
  if (json === undefined) return 'is no JSON object';
  const type = allowed.find((candidate) => candidate === json.type);
  if (type === undefined) return `is no credentials JSON of the type ${allowed.join(' or ')}`;
  const missing = NEEDED_FIELDS[type].filter((field) => !isFilled(json[field]));
  if (missing.length > 0) return `has no ${missing.join(', no ')}`;
  if (!staysAtGoogle(json)) return 'sends its secrets elsewhere than to googleapis.com';
  return keyOf(type, json);
}

/** A user's refresh token with the OAuth client it was made for. */
export function userKey(fields: {
  readonly refresh_token: string;
  readonly client_id: string;
  readonly client_secret: string;
}): Key {
  return keyOf('authorized_user', { ...fields, type: 'authorized_user' });
}

export function parseObject(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Json)
      : undefined;
  } catch {
    // The parser's own message quotes the text.
    return undefined;
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function keyOf(type: KeyType, json: Json): Key {
  return {
    type,
    project: type === 'service_account' ? textOf(json.project_id) : undefined,
    quotaProject: textOf(json.quota_project_id),
    async connect(scopes) {
      const { GoogleAuth } = await import('google-auth-library');
      const auth = new GoogleAuth({
        credentials: json as NonNullable<GoogleAuthOptions['credentials']>,
        scopes: [...scopes],
        clientOptions: {
          eagerRefreshThresholdMillis: REFRESH_AHEAD_MS,
          transporterOptions: TRANSPORT,
          // The library's interceptors write replies, tokens included, to its log.
          useAuthRequestParameters: false,
        },
      });
      return auth.getClient();
    },
  };
}

function isFilled(value: unknown): boolean {
  return textOf(value) !== undefined || (typeof value === 'object' && value !== null);
}

/** Addresses in the JSON itself, which the library follows for federated accounts. */
const ADDRESSES = [
  'token_url',
  'token_info_url',
  'service_account_impersonation_url',
  'revoke_url',
] as const;

function staysAtGoogle(json: Json): boolean {
  const universe = json.universe_domain ?? 'googleapis.com';
  const source = json.source_credentials;
  return (
    universe === 'googleapis.com' &&
    ADDRESSES.every((field) => json[field] === undefined || isGoogle(String(json[field]))) &&
    (typeof source !== 'object' || source === null || staysAtGoogle(source as Json))
  );
}

/** True for https URLs of googleapis.com, the one place that credentials found on a machine go to. */
export function isGoogle(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && hostname.endsWith('.googleapis.com');
}
