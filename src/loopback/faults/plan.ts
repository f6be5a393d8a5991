/** What is to go wrong: plain data, from code or from a JSON file. */
import { z } from 'zod';
import { InvalidInputError } from '../../errors.js';
import { parseReplyFormat } from '../reply-format/words.js';

const milliseconds = z.number().min(0).max(600_000);
/** A share of the body; neither nothing nor all of it. */
const fraction = z.number().gt(0).lt(1).default(0.5);
const count = z.int().positive();
const httpError = z.int().min(400).max(599);

const route = z.enum(['pixels', 'asset', 'algorithms', 'value']);

/** When a rule applies. At most one rule applies to a request: the first that matches. */
const when = {
  /**
   * Share of requests. All probabilities of a route share one draw for each request, so they add up
   * (to 1 at most) and exclude each other. Absent: every request that the other conditions leave.
   */
  probability: z.number().min(0).max(1).optional(),
  /** Ordinals of requests, each route counted from 1 in order of arrival, refused ones included. */
  requests: z.array(count).min(1).optional(),
  /** Applies this often at most. */
  times: count.optional(),
  routes: z.array(route).min(1).default(['pixels']),
};

/** The same for faults that only pixels can have. */
const whenPixels = { ...when, routes: z.array(z.literal('pixels')).min(1).default(['pixels']) };

const formatWords = z.string().superRefine((text, context) => {
  try {
    parseReplyFormat(text, 'the format');
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : 'unreadable');
  }
});

/** What an error says in Earth Engine's JSON; `status` decides what is absent. */
const words = {
  message: z.string().optional(),
  /** google.rpc code, such as `UNAVAILABLE`. */
  googleStatus: z.string().optional(),
  /** Reason of a google.rpc.ErrorInfo in `details`, such as `rateLimitExceeded`. */
  reason: z.string().optional(),
};

const rule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    ...when,
    ...words,
    status: httpError,
    /** Whole seconds, as the header `Retry-After`. */
    retryAfter: z.int().min(0).optional(),
  }),
  /** The right reply, late: `ms` give or take up to `jitterMs`. */
  z.strictObject({
    kind: z.literal('delay'),
    ...when,
    ms: milliseconds,
    jitterMs: milliseconds.default(0),
  }),
  /** The connection is reset: before any byte of the reply, or after a share of the body. */
  z.strictObject({
    kind: z.literal('drop'),
    ...when,
    at: z.enum(['start', 'middle']).default('start'),
    fraction,
  }),
  /** A part of the body; `content-length` says the full size (and the connection ends) or the part's. */
  z.strictObject({
    kind: z.literal('truncate'),
    ...when,
    fraction,
    contentLength: z.enum(['full', 'cut']).default('full'),
  }),
  /**
   * Bytes changed in the body: among its first 8 (a TIFF's header) or anywhere. Pixels of the
   * uncompressed GeoTIFF carry no checksum: changes there cannot be noticed.
   */
  z.strictObject({
    kind: z.literal('corrupt'),
    ...when,
    where: z.enum(['header', 'anywhere']).default('anywhere'),
    bytes: count.default(4),
  }),
  /** The right reply in small pieces with pauses in between. */
  z.strictObject({
    kind: z.literal('drip'),
    ...when,
    pieces: count.default(20),
    pauseMs: milliseconds.default(10),
  }),
  /** A valid GeoTIFF one column narrower (one wider where there is only one). */
  z.strictObject({ kind: z.literal('wrong-size'), ...whenPixels }),
  /** A valid GeoTIFF whose geotransform is shifted by so many columns. */
  z.strictObject({ kind: z.literal('wrong-grid'), ...whenPixels, columns: z.number().default(1) }),
  /** A valid GeoTIFF without its last band (with its band twice where there is only one). */
  z.strictObject({ kind: z.literal('wrong-bands'), ...whenPixels }),
  /** A valid GeoTIFF whose CRS is another one: that code, or EPSG:4269 (EPSG:4326 in place of that). */
  z.strictObject({
    kind: z.literal('wrong-crs'),
    ...whenPixels,
    crs: z
      .string()
      .regex(/^EPSG:\d{4,6}$/)
      .optional(),
  }),
  /** The right reply in another form, in the words of `--reply-format`. */
  z.strictObject({ kind: z.literal('format'), ...whenPixels, format: formatWords }),
  /** Status 200 with an error in JSON where the content should be; `status` is the error's code. */
  z.strictObject({
    kind: z.literal('json'),
    ...when,
    ...words,
    status: httpError.default(500),
  }),
  /** 401 until the same request (path and body) comes again. */
  z.strictObject({ kind: z.literal('unauthorized-once'), ...when }),
  /** After so many pixel requests all routes accept `token` in place of the one before. */
  z.strictObject({
    kind: z.literal('expire-token'),
    after: z.int().min(0),
    token: z.string().min(1),
  }),
]);

const faultPlan = z.strictObject({
  /** Decides every draw: probabilities, jitter, which bytes are flipped. */
  seed: z.int().default(1),
  /** For each pixel request: `ms` give or take up to `jitterMs`; any number of them wait at a time. */
  latency: z.strictObject({ ms: milliseconds, jitterMs: milliseconds.default(0) }).optional(),
  /** Pixel requests at a time; more are refused with 429 at once. */
  concurrency: z
    .strictObject({
      limit: count,
      /** From the pixel request after so many (refused ones included) the limit is another. */
      changes: z.array(z.strictObject({ afterRequests: z.int().min(0), limit: count })).default([]),
      /** Whole seconds, as the header `Retry-After` of the refusals. */
      retryAfter: z.int().min(0).optional(),
    })
    .optional(),
  /** Pixel requests in any so many seconds; more are refused with 429 at once, and do not count. */
  rate: z
    .strictObject({
      limit: z.int().positive().max(1_000_000),
      /** 60 is what the words of Earth Engine's refusal speak of, 1 what its documentation does. */
      seconds: z.number().gt(0).max(86_400).default(1),
      /** Whole seconds, as the header `Retry-After` of the refusals. */
      retryAfter: z.int().min(0).optional(),
    })
    .optional(),
  /** The header `X-Earth-Engine-Quota-Status` of every reply. */
  quotaStatus: z.string().min(1).optional(),
  /** Above either, "User memory limit exceeded." */
  memoryLimit: z
    .strictObject({
      /** Width x height of the grid, whatever the bands. */
      maxPixels: count.optional(),
      /** Bytes of the GeoTIFF that would be the reply: all bands, uncompressed. */
      maxBytes: count.optional(),
    })
    .optional(),
  /** Rules apply to one and the same request (path and body) this often at most, all together. */
  perRequest: count.optional(),
  rules: z.array(rule).default([]),
});

export type FaultPlan = z.input<typeof faultPlan>;
export type FaultRule = z.input<typeof rule>;
export type FaultKind = FaultRule['kind'];

/** A plan that has been checked, its defaults filled in. */
export type CheckedPlan = z.output<typeof faultPlan>;
export type CheckedRule = z.output<typeof rule>;

const FAULT_KINDS: readonly FaultKind[] = rule.options.map(({ shape }) => shape.kind.value);

/** Everything that is counted: the kinds of rules, and refusals by the limits of a plan. */
export type FaultName = FaultKind | 'concurrency' | 'rate' | 'memory-limit';

export const FAULT_NAMES: readonly FaultName[] = [
  ...FAULT_KINDS,
  'concurrency',
  'rate',
  'memory-limit',
];

/** @throws {InvalidInputError} naming the first field that is wrong. */
export function parseFaultPlan(json: unknown): CheckedPlan {
  const { data, error } = faultPlan.safeParse(json);
  if (data === undefined) throw refusal(error.issues, json);
  for (const name of route.options) {
    const sum = data.rules
      .filter((each) => each.kind !== 'expire-token')
      .filter(({ routes }) => routes.some((each) => each === name))
      .reduce((total, { probability = 0 }) => total + probability, 0);
    // Many small shares may add up to a little more than they mean.
    if (sum > 1 + 1e-9)
      throw new InvalidInputError(
        `Expected probabilities that add up to 1 at most for "rules" of the fault plan but received ${Number(sum.toFixed(6))} for the route "${name}". A request has one fault at most; lower some of them.`,
      );
  }
  return data;
}

function refusal([issue]: readonly z.core.$ZodIssue[], json: unknown): InvalidInputError {
  const path = issue?.path ?? [];
  const field = path.length === 0 ? 'the fault plan' : `"${path.join('.')}" of the fault plan`;
  const value = path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    json,
  );
  const problem =
    issue?.code === 'invalid_union'
      ? `kinds are ${FAULT_KINDS.join(', ')}`
      : (issue?.message ?? 'unreadable');
  return new InvalidInputError(
    `Expected a valid value for ${field} but received ${JSON.stringify(value) ?? 'nothing'}: ${problem}.`,
  );
}
