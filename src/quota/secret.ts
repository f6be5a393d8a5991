/**
 * What a quota server and its holders know in common, where they are not on one machine. It never travels: each side
 * shows that it has it by a keyed digest (HMAC-SHA-256) of two numbers that both have just drawn, so that plain http
 * gives nothing away, and what was heard once is of no use again.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { expected } from '../errors.js';

/** Fewer characters can be guessed. */
const FEWEST_CHARACTERS = 16;

const MOST_CHARACTERS = 4_096;

export type Side = 'server' | 'holder';

export interface Nonces {
  readonly holder: string;
  readonly server: string;
}

export function drawNonce(): string {
  return randomBytes(24).toString('base64url');
}

export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{32}$/.test(text);
}

/** What one side sends to show that it knows the secret. */
export function proofOf(secret: string, side: Side, { holder, server }: Nonces): string {
  return createHmac('sha256', secret).update(`${side} ${holder} ${server}`).digest('base64url');
}

/** Takes as long for every wrong proof. */
export function isProof(
  proof: string | undefined,
  secret: string,
  side: Side,
  nonces: Nonces,
): boolean {
  const right = Buffer.from(proofOf(secret, side, nonces));
  const given = Buffer.from(proof ?? '');
  return given.length === right.length && timingSafeEqual(given, right);
}

/** A secret as it was given, without what is around it. @throws {InvalidInputError} that does not show it. */
export function checkSecret(text: string, origin: string): string {
  const secret = text.trim();
  if (secret.length < FEWEST_CHARACTERS || secret.length > MOST_CHARACTERS)
    throw expected(
      `a secret of ${FEWEST_CHARACTERS} to ${MOST_CHARACTERS} characters, such as "openssl rand -hex 32" makes,`,
      origin,
      `${secret.length} characters`,
    );
  return secret;
}
