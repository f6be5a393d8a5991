/** The layer between the sockets and the service that makes things go wrong, by a plan. */
import type { Handler, LoopbackReply, LoopbackRequest } from '../handler.js';
import { formed } from '../reply-format/reply.js';
import type { ReplyFormat } from '../reply-format/words.js';
import { applyRule, wait } from './apply.js';
import { type Arrival, createRegister } from './arrival.js';
import { createChooser } from './chooser.js';
import { errorReply } from './errors.js';
import { Gate } from './gate.js';
import { limitMemory } from './memory.js';
import type { CheckedPlan } from './plan.js';
import { RateGate } from './rate.js';
import { createTokens } from './tokens.js';

export interface FaultLayer {
  readonly handler: Handler;
  /** The most pixel requests that were being answered at the same time. */
  readonly maxInFlight: number;
}

/**
 * @param token the bearer token that `inner` accepts
 * @param format of the GeoTIFFs, right and wrong ones; absent: as `inner` writes them
 */
export function injectFaults(
  inner: Handler,
  plan: CheckedPlan,
  token: string,
  format?: ReplyFormat,
): FaultLayer {
  const register = createRegister(plan.seed);
  const tokens = createTokens(plan.rules, token);
  const choose = createChooser(plan);
  const gate = new Gate(plan.concurrency);
  const rate = new RateGate(plan.rate);
  // What counts against the limit are the bytes before they are compressed.
  const service = limitMemory(inner, plan.memoryLimit);

  async function faulty(arrival: Arrival, request: LoopbackRequest): Promise<LoopbackReply> {
    const rule = choose(arrival);
    if (arrival.route === 'pixels' && plan.latency !== undefined) {
      await wait(plan.latency, arrival.random);
    }
    return rule === undefined
      ? formed(await service(request), format)
      : applyRule(rule, arrival.random, () => service(request), format);
  }

  async function admitted(arrival: Arrival, request: LoopbackRequest): Promise<LoopbackReply> {
    if (arrival.route !== 'pixels') return faulty(arrival, request);
    if (!gate.hasPlace(arrival.pixelsBefore)) {
      const words = { message: 'Too many concurrent aggregations.' };
      return { ...errorReply(429, words, plan.concurrency?.retryAfter), fault: 'concurrency' };
    }
    if (!rate.enter()) return { ...errorReply(429, {}, plan.rate?.retryAfter), fault: 'rate' };
    gate.enter();
    try {
      return await faulty(arrival, request);
    } finally {
      // Before the reply leaves: a client that sends its next request at once finds the place free.
      gate.leave();
    }
  }

  async function handler(request: LoopbackRequest): Promise<LoopbackReply> {
    const arrival = register(request);
    const known = tokens(arrival);
    const reply =
      known === undefined
        ? { ...errorReply(401), fault: 'expire-token' as const }
        : await admitted(arrival, known);
    return withQuotaStatus(reply, plan.quotaStatus);
  }

  return {
    handler,
    get maxInFlight() {
      return gate.most;
    },
  };
}

function withQuotaStatus(reply: LoopbackReply, quotaStatus: string | undefined): LoopbackReply {
  if (quotaStatus === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'x-earth-engine-quota-status': quotaStatus } };
}
