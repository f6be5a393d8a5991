import { generateKeyPairSync } from 'node:crypto';
import { gaxios } from 'google-auth-library';
import { vi } from 'vitest';
import { type Answer, type SmallServer, serve } from '../small-server.js';

/** Google's token server on 127.0.0.1; what google-auth-library sends to oauth2.googleapis.com goes there. */
export async function serveTokens(answer: Answer): Promise<SmallServer> {
  const server = await serve(answer);
  const send = gaxios.Gaxios.prototype.request;
  vi.spyOn(gaxios.Gaxios.prototype, 'request').mockImplementation(function (
    this: gaxios.Gaxios,
    options: gaxios.GaxiosOptions = {},
  ) {
    const { pathname } = new URL(String(options.url));
    return send.call(this, {
      ...options,
      url: `${server.url}${pathname}`,
      retry: false,
      retryConfig: { retry: 0 },
    });
  } as typeof send);
  return server;
}

/** Answers every request with a token of its own: `token-1`, `token-2`, ... */
export const numberedTokens =
  (expiresIn: number): Answer =>
  (response, _request, count) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        access_token: `token-${count}`,
        expires_in: expiresIn,
        token_type: 'Bearer',
      }),
    );
  };

const pem = String(
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }),
);

/** A service account's key file with a real, if useless, private key. */
export function serviceAccount(
  fields: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    type: 'service_account',
    project_id: 'of-the-key',
    client_email: 'robot@of-the-key.iam.gserviceaccount.com',
    private_key: pem,
    private_key_id: 'key-id',
    ...fields,
  };
}
