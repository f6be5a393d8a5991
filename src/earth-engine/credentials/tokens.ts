import type { AuthClient } from 'google-auth-library';
import { EarthEngineError } from '../../errors.js';
import { refusalOf } from './refusal.js';

/** Where access tokens come from. */
export interface Tokens {
  /** A token that lasts for some minutes at least; asked for before each request. */
  token(): Promise<string>;
  /** Replaces the token, after the service has refused it. */
  refresh(): Promise<void>;
}

/** A token that somebody gave: it cannot be replaced, and the service's refusal stands. */
export function givenToken(token: string): Tokens {
  return { token: async () => token, refresh: async () => {} };
}

/**
 * Many requests are refused together when a token ends, and each asks for a new one. Within this time
 * of the last renewal the new token is taken to be the answer to all of them.
 */
export const ONE_RENEWAL_MS = 30_000;

/** A token that is still good for this long may be used though its successor did not come. */
const SPARE_MS = 30_000;

/** Tokens of google-auth-library, which renews them ahead of their end, one request for all who wait. */
export class LibraryTokens implements Tokens {
  readonly #connect: () => Promise<AuthClient>;
  #client: Promise<AuthClient> | undefined;
  #renewal: Promise<void> | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #hasWorked = false;

  /** @param todo what the user can do where the token server refuses: a whole sentence. */
  constructor(
    readonly origin: string,
    readonly todo: string,
    connect: () => Promise<AuthClient>,
  ) {
    this.#connect = connect;
  }

  async token(): Promise<string> {
    this.#client ??= this.#connect();
    return this.#ask(await this.#open(this.#client));
  }

  /** A new client rather than a flag of the old one: each kind of client keeps its token in its own way. */
  async refresh(): Promise<void> {
    // Else a clock that is set back an hour keeps the old token for an hour.
    if (Math.abs(Date.now() - this.#renewedAt) < ONE_RENEWAL_MS) return;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
  }

  async #renew(): Promise<void> {
    const client = this.#connect();
    await this.#ask(await this.#open(client));
    this.#client = client;
    this.#renewedAt = Date.now();
  }

  async #open(client: Promise<AuthClient>): Promise<AuthClient> {
    try {
      return await client;
    } catch (cause) {
      this.#client = undefined;
      throw refusalOf(cause, this.origin, this.todo, this.#hasWorked);
    }
  }

  async #ask(client: AuthClient): Promise<string> {
    let header: string | null;
    try {
      header = (await client.getRequestHeaders()).get('authorization');
    } catch (cause) {
      const spare = spareToken(client);
      if (spare !== undefined) return spare;
      throw refusalOf(cause, this.origin, this.todo, this.#hasWorked);
    }
    const token = /^Bearer (\S+)$/.exec(header ?? '')?.[1];
    // Of a reply that holds no token (a proxy's page, say) the library makes the word "undefined".
    if (token === undefined || token === 'undefined') {
      throw new EarthEngineError(
        'transient',
        `Expected a token for ${this.origin} but Google's token server sent a reply without one. Check the network for a proxy that answers in its place.`,
      );
    }
    this.#hasWorked = true;
    return token;
  }
}

/** The token before the one that did not come: renewal starts minutes ahead just for this. */
function spareToken({ credentials }: AuthClient): string | undefined {
  const { access_token, expiry_date } = credentials;
  if (typeof access_token !== 'string' || typeof expiry_date !== 'number') return undefined;
  return expiry_date - Date.now() > SPARE_MS ? access_token : undefined;
}
