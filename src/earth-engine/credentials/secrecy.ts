import { isIPv4 } from 'node:net';
import { expected } from '../../errors.js';

/** What is shown in place of a secret. */
export const MASK = '***';

/**
 * Over plain http a token is open to everybody on the way; on this machine there is no way.
 *
 * @param insecureHttp the caller has said that the way is trusted
 * @throws {InvalidInputError}
 */
export function checkSecrecy(endpoint: string, insecureHttp = false): void {
  if (insecureHttp || !URL.canParse(endpoint)) return;
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === 'http:' && !isThisMachine(hostname)) {
    throw expected(
      'an https URL',
      'the endpoint',
      withoutUser(endpoint),
      'Only addresses of this machine may be http; --insecure-http sends the token in clear.',
    );
  }
}

/**
 * Whether the host of a parsed URL is this machine, whoever answers questions for names: the name
 * `localhost` and the literal addresses 127.0.0.0/8 and ::1. The parser has put all spellings of an IPv4
 * address (`127.1`, `0x7f.1`, `2130706433`) into four numbers; a name that merely begins like one stays a name.
 */
export function isThisMachine(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

/** A URL as it may be shown: a password in it is nobody's business. */
export function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`);
}

/** A text of the service without the token that it may have echoed, as it was sent or percent-encoded. */
export function withoutToken(text: string, authorization: string | undefined): string {
  const token = authorization?.replace(/^Bearer\s+/i, '');
  // Shorter ones are no secrets, and would turn up in words.
  if (token === undefined || token.length < 6) return text;
  return text.replaceAll(token, MASK).replaceAll(encodeURIComponent(token), MASK);
}
