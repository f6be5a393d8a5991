import { type Arrival, digestOf } from './arrival.js';
import type { CheckedPlan, CheckedRule } from './plan.js';

/** A rule that changes replies; `expire-token` changes what the server accepts instead. */
export type ReplyRule = Exclude<CheckedRule, { kind: 'expire-token' }>;

/** Chooses the rule for a request, or none; remembers how often each was chosen. */
export function createChooser({
  rules,
  perRequest = Number.POSITIVE_INFINITY,
}: Pick<CheckedPlan, 'rules' | 'perRequest'>): (arrival: Arrival) => ReplyRule | undefined {
  const entries = rules
    .filter((rule) => rule.kind !== 'expire-token')
    .map((rule) => ({ rule, chosen: 0, refused: new Set<string>() }));
  const faults = new Map<string, number>();

  return ({ request, route, ordinal, random }) => {
    const draw = random();
    const digest = digestOf(request);
    const faultsSoFar = faults.get(digest) ?? 0;
    if (faultsSoFar >= perRequest) return undefined;
    let upTo = 0;
    for (const entry of entries) {
      const { rule } = entry;
      if (!rule.routes.some((each) => each === route)) continue;
      // Each rule owns a part of [0, 1), also after it is used up, so that rules do not shift others.
      const from = upTo;
      if (rule.probability !== undefined) {
        upTo += rule.probability;
        if (draw < from || draw >= upTo) continue;
      }
      if (rule.requests !== undefined && !rule.requests.includes(ordinal)) continue;
      if (entry.chosen >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
      if (rule.kind === 'unauthorized-once') {
        if (entry.refused.has(digest)) continue;
        entry.refused.add(digest);
      }
      entry.chosen += 1;
      faults.set(digest, faultsSoFar + 1);
      return rule;
    }
    return undefined;
  };
}
