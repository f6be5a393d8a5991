/** What each kind of fault does to a reply. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoopbackReply, toJson } from '../handler.js';
import { formed } from '../reply-format/reply.js';
import { parseReplyFormat, type ReplyFormat } from '../reply-format/words.js';
import type { ReplyRule } from './chooser.js';
import { errorJson, errorReply } from './errors.js';
import { changeBands, changeCrs, changeSize, shiftGrid } from './rewrite-tiff.js';

/** A TIFF's byte order, version and offset of its first directory. */
const HEADER_BYTES = 8;

const NO_REPLY: LoopbackReply = {
  status: 0,
  headers: {},
  body: new Uint8Array(0),
  delivery: { kind: 'drop', bytes: 0 },
};

/**
 * The reply under a rule; `answer` computes the right one, before it is put into `format`. Faults of the
 * content leave errors as they are: the request was refused on its own account.
 */
export async function applyRule(
  rule: ReplyRule,
  random: () => number,
  answer: () => Promise<LoopbackReply>,
  format?: ReplyFormat,
): Promise<LoopbackReply> {
  const fault = rule.kind;
  switch (rule.kind) {
    case 'status':
      return { ...errorReply(rule.status, rule, rule.retryAfter), fault };
    case 'unauthorized-once':
      return { ...errorReply(401), fault };
    case 'json':
      return { ...toJson(200, errorJson(rule.status, rule)), fault };
    case 'delay':
      await wait(rule, random);
      return { fault, ...formed(await answer(), format) };
    case 'drop':
      if (rule.at === 'start') return { ...NO_REPLY, fault };
  }
  const plain = await answer();
  if (plain.status !== 200) return plain;
  if (rule.kind === 'format') {
    return { ...formed(plain, parseReplyFormat(rule.format)), fault };
  }
  const body = isWrong(rule) ? wrong(rule, plain.body) : plain.body;
  const reply = formed({ ...plain, body }, format);
  if (reply.status !== 200) return reply;
  return { ...reply, ...(isWrong(rule) ? {} : spoil(rule, reply.body, random)), fault };
}

type ContentRule = Exclude<
  ReplyRule,
  { kind: 'status' | 'unauthorized-once' | 'json' | 'delay' | 'format' }
>;

type WrongRule = Extract<
  ContentRule,
  { kind: 'wrong-size' | 'wrong-grid' | 'wrong-bands' | 'wrong-crs' }
>;

function isWrong(rule: ContentRule): rule is WrongRule {
  return rule.kind.startsWith('wrong-');
}

/** A whole GeoTIFF that is not what was asked for. */
function wrong(rule: WrongRule, body: Uint8Array): Uint8Array {
  switch (rule.kind) {
    case 'wrong-size':
      return changeSize(body);
    case 'wrong-grid':
      return shiftGrid(body, rule.columns);
    case 'wrong-bands':
      return changeBands(body);
    case 'wrong-crs':
      return changeCrs(body, rule.crs);
  }
}

/** What becomes of the right bytes on their way. */
function spoil(
  rule: Exclude<ContentRule, WrongRule>,
  body: Uint8Array,
  random: () => number,
): Partial<Pick<LoopbackReply, 'body' | 'delivery'>> {
  switch (rule.kind) {
    case 'drop':
      return { delivery: { kind: 'drop', bytes: partOf(body, rule.fraction) } };
    case 'truncate': {
      const bytes = partOf(body, rule.fraction);
      return rule.contentLength === 'full'
        ? { delivery: { kind: 'cut', bytes } }
        : { body: body.subarray(0, bytes) };
    }
    case 'corrupt':
      return {
        body: flip(body, rule.bytes, rule.where === 'header' ? HEADER_BYTES : body.length, random),
      };
    case 'drip':
      return { delivery: { kind: 'drip', pieces: rule.pieces, pauseMs: rule.pauseMs } };
  }
}

/** At least one byte, and not all. */
function partOf(body: Uint8Array, fraction: number): number {
  return Math.max(1, Math.min(body.length - 1, Math.floor(body.length * fraction)));
}

/** Changes `count` different bytes among the first `length`. */
function flip(body: Uint8Array, count: number, length: number, random: () => number): Uint8Array {
  const changed = Uint8Array.from(body);
  const positions = new Set<number>();
  while (positions.size < Math.min(count, length, body.length)) {
    positions.add(Math.floor(random() * Math.min(length, body.length)));
  }
  for (const position of positions) {
    changed[position] = (body[position] ?? 0) ^ (1 + Math.floor(random() * 255));
  }
  return changed;
}

/** `ms` give or take up to `jitterMs`. Does not keep the process alive. */
export async function wait(
  { ms, jitterMs }: { readonly ms: number; readonly jitterMs: number },
  random: () => number,
): Promise<void> {
  const time = ms + jitterMs * (2 * random() - 1);
  if (time > 0) await sleep(time, undefined, { ref: false });
}
