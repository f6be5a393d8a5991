/**
 * What holders and the server say to each other, one JSON object a line. Numbers are absolute, never differences,
 * so that what is said twice, or late, does no harm.
 */
import { z } from 'zod';

/** Of places (requests under way) and of starts (requests begun in a window). */
export interface Amounts {
  readonly places: number;
  readonly starts: number;
}

/** A holder's first line, and all further ones: where it stands. */
export type FromHolder =
  | {
      readonly type: 'join';
      /** Of this process alone; a holder that comes back is known by it. */
      readonly id: string;
      /** For people. */
      readonly name: string;
      /** That it knows the secret; see `secret.ts`. */
      readonly proof?: string | undefined;
      /** What it uses while there is no server. */
      readonly fallback: Amounts;
      readonly state: HolderState;
    }
  | ({ readonly type: 'state' } & HolderState)
  | { readonly type: 'leave' };

export interface HolderState {
  /** Of the last allotment that came: from now on nothing is begun above it. 0: of none yet. */
  readonly seq: number;
  /** What is in use above the allotment, because requests last; 0 where it is kept to. */
  readonly using: Amounts;
  /** Places that it has work for, those in use included. */
  readonly wanted: number;
  /** When this was sent, by the holder's own clock, which nobody else reads. */
  readonly sent: number;
}

/** What the server answers each line with, and says whenever something changes. */
export interface Allotment extends Amounts {
  readonly type: 'allotment';
  /** Counts allotments of this holder. */
  readonly seq: number;
  /** Processes that share the quota now. */
  readonly holders: number;
  /** `sent` of the last line that was heard. */
  readonly heard: number;
  /** Whatever is lent comes back so many milliseconds after that line. */
  readonly leaseMs: number;
  /** In any stretch of so many milliseconds no more requests are begun than `starts`. */
  readonly windowMs: number;
}

export type FromServer = Allotment | { readonly type: 'refused'; readonly why: Refusal };

/** `secret`: the holder does not know it; `full`: there are as many holders as there may be; `unreadable`: not a line of these. */
export type Refusal = 'secret' | 'full' | 'unreadable';

/** Longer lines are no messages. */
export const MAX_LINE = 2_048;

/** No project has more. */
export const MOST_PLACES = 100_000;

const amount = z.int().min(0).max(MOST_PLACES);
const amounts = z.strictObject({ places: amount, starts: amount });
const time = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const state = { seq: z.int().min(0), using: amounts, wanted: amount, sent: time };

const fromHolder = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('join'),
    id: z.string().regex(/^[\w-]{8,64}$/),
    name: z.string().max(100),
    proof: z.string().max(100).optional(),
    fallback: amounts,
    state: z.strictObject(state),
  }),
  z.strictObject({ type: z.literal('state'), ...state }),
  z.strictObject({ type: z.literal('leave') }),
]);

const fromServer = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('allotment'),
    places: amount,
    starts: amount,
    seq: z.int().min(0),
    holders: amount,
    heard: time,
    leaseMs: z.number().gt(0),
    windowMs: z.number().gt(0),
  }),
  z.strictObject({
    type: z.literal('refused'),
    why: z.enum(['secret', 'full', 'unreadable']),
  }),
]);

/** @returns `undefined` for what is no such line. */
export function readHolder(line: string): FromHolder | undefined {
  return read(fromHolder, line);
}

/** @returns `undefined` for what is no such line. */
export function readServer(line: string): FromServer | undefined {
  return read(fromServer, line);
}

function read<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export function lineOf(message: FromHolder | FromServer): string {
  return `${JSON.stringify(message)}\n`;
}
