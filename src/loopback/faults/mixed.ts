import type { FaultKind, FaultPlan, FaultRule } from './plan.js';

export interface MixedFaultsOptions {
  /** Share of pixel requests that get a fault, 0 to 1. */
  readonly probability: number;
  readonly seed?: number;
  /**
   * Most faults for one and the same request; by default without end. A client that tries a request
   * once more than this gets every one through, whatever the seed.
   */
  readonly perRequest?: number;
  /** The client can get itself a new token, so a 401 is worth a repeat: adds `unauthorized-once`. */
  readonly refreshableToken?: boolean;
}

type Forms = Partial<Record<FaultKind, readonly FaultRule[]>>;

/**
 * The kinds after which the same request may be sent again, in all their forms. `corrupt` damages the
 * header alone, since changed pixels cannot be noticed. Waits are short: what they show is that a
 * client waits at all.
 */
const FORMS: Forms = {
  status: [429, 500, 502, 503, 504].map((status) => ({ kind: 'status', status })),
  delay: [{ kind: 'delay', ms: 50, jitterMs: 50 }],
  drop: [
    { kind: 'drop', at: 'start' },
    { kind: 'drop', at: 'middle' },
  ],
  truncate: [
    { kind: 'truncate', contentLength: 'full' },
    { kind: 'truncate', contentLength: 'cut' },
  ],
  corrupt: [{ kind: 'corrupt', where: 'header' }],
  drip: [{ kind: 'drip', pieces: 10, pauseMs: 5 }],
  'wrong-size': [{ kind: 'wrong-size' }],
  'wrong-grid': [{ kind: 'wrong-grid' }],
  'wrong-bands': [{ kind: 'wrong-bands' }],
  json: [{ kind: 'json' }],
};

const WITH_REFRESH: Forms = { ...FORMS, 'unauthorized-once': [{ kind: 'unauthorized-once' }] };

/** Every retryable kind of fault, each as likely as the others, in `probability` of the pixel requests. */
export function mixedFaults(options: MixedFaultsOptions): FaultPlan {
  const { probability, seed, perRequest, refreshableToken = false } = options;
  const kinds = Object.values(refreshableToken ? WITH_REFRESH : FORMS);
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(perRequest === undefined ? {} : { perRequest }),
    rules: kinds.flatMap((forms) =>
      forms.map((form) => ({ ...form, probability: probability / kinds.length / forms.length })),
    ),
  };
}
