import type { LoopbackRequest } from '../handler.js';
import type { Arrival } from './arrival.js';
import type { CheckedRule } from './plan.js';

/**
 * Translates tokens that follow the first into the one the service knows.
 * @returns a function that gives the request as the service is to see it, or undefined when its
 *   token was right once and has expired
 */
export function createTokens(
  rules: readonly CheckedRule[],
  first: string,
): (arrival: Arrival) => LoopbackRequest | undefined {
  const changes = rules
    .filter((rule) => rule.kind === 'expire-token')
    .sort((a, b) => a.after - b.after);
  return ({ request, pixelsBefore }) => {
    const known = [
      first,
      ...changes.filter(({ after }) => pixelsBefore >= after).map(({ token }) => token),
    ];
    const { authorization, ...rest } = request;
    const use = known.findLastIndex((token) => authorization === `Bearer ${token}`);
    if (use === known.length - 1) return { ...rest, authorization: `Bearer ${first}` };
    return use === -1 ? rest : undefined;
  };
}
