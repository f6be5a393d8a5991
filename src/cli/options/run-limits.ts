import { type Command, Option } from 'commander';
import { byteCount } from '../../arguments.js';
import { expected } from '../../errors.js';
import { wholeNumber } from './common.js';

/** What {@link addLimitOptions} adds. */
export interface LimitOptions {
  readonly maxTiles?: number;
  readonly until?: Date;
}

/** What {@link addServiceLimits} adds. */
export interface ServiceLimits {
  readonly maxBytes?: number;
  /** In milliseconds. */
  readonly maxOutage?: number;
}

/** What pixels that are under way may take. */
export const memoryOption = () =>
  new Option(
    '--memory <size>',
    "memory for what is under way (replies, decoded bands, chunks), such as 2GB; the process itself takes some 300 MB more (default: what keeps the threads busy, at most half of the machine's or container's)",
  ).argParser(bytesFor('--memory'));

/** How often finished tiles are committed, by their number or by time. */
export interface CommitEvery {
  readonly groupSize: number;
  readonly maxCommitDelayMs: number;
}

export const commitEveryOption = () =>
  new Option(
    '--commit-every <n>',
    'tiles in one commit, such as 64, or how long to gather them, such as 5min (default: 16 tiles or 10s, more where commits take longer than a twentieth of the time)',
  ).argParser(parseCommitEvery);

/** Longer than any run: the other of the two bounds decides. */
const NEVER_MS = 2 ** 31 - 1;

/** @throws {InvalidInputError} */
export function parseCommitEvery(text: string): CommitEvery {
  if (/^\s*\d+\s*$/.test(text)) {
    const groupSize = wholeNumber('--commit-every', 1, 1_000_000)(text);
    return { groupSize, maxCommitDelayMs: NEVER_MS };
  }
  if (!/^\s*\d+(?:\.\d+)?\s*(?:s|min|m|h|d)\s*$/i.test(text))
    throw expected('a number of tiles, such as 64, or a time such as 5min', '--commit-every', text);
  const maxCommitDelayMs = Math.min(parseDuration(text, '--commit-every'), NEVER_MS);
  return { groupSize: Number.MAX_SAFE_INTEGER, maxCommitDelayMs };
}

/** A parser for options that are numbers of bytes. */
export function bytesFor(name: string): (text: string) => number {
  return (text) => byteCount(text, name);
}

/** Where a run ends before its region does. */
export function addLimitOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--max-tiles <n>',
        'end after so many tiles; another run goes on from there',
      ).argParser(wholeNumber('--max-tiles', 1, 1_000_000_000)),
    )
    .addOption(
      new Option(
        '--until <time>',
        'begin no tile after this: 06:30, 2026-11-26T06:30 (local time), or +8h from now',
      ).argParser((text) => parseUntil(text)),
    );
}

/** The same where pixels are received from a service. */
export function addServiceLimits(command: Command): Command {
  return command
    .addOption(
      new Option('--max-bytes <size>', 'receive no more than this, such as 20GB').argParser(
        bytesFor('--max-bytes'),
      ),
    )
    .addOption(
      new Option(
        '--max-outage <duration>',
        'how long to wait for a service that is down or out of quota, such as 30min; 0 ends at once (default: 1h)',
      ).argParser((text) => parseDuration(text, '--max-outage')),
    );
}

const DURATIONS: Readonly<Record<string, number>> = {
  s: 1e3,
  min: 6e4,
  m: 6e4,
  h: 3.6e6,
  d: 8.64e7,
};

/** Milliseconds. @throws {InvalidInputError} */
export function parseDuration(text: string, name: string): number {
  if (/^\s*0\s*$/.test(text)) return 0;
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d)\s*$/i.exec(text) ?? [];
  if (number === '') throw expected('a duration such as 90s, 30min or 8h', name, text);
  return Number(number) * (DURATIONS[unit.toLowerCase()] ?? 0);
}

/**
 * A time of day is the next such one; a date with a time is local unless it says otherwise.
 * @throws {InvalidInputError} also for a time that has passed.
 */
export function parseUntil(text: string, now = new Date()): Date {
  const trimmed = text.trim();
  if (trimmed.startsWith('+')) {
    const ms = parseDuration(trimmed.slice(1), '--until');
    if (ms > 0) return new Date(now.getTime() + ms);
    throw expected('a time to come', '--until', text);
  }
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(trimmed) ?? [];
  if (hours !== undefined && Number(hours) < 24 && Number(minutes) < 60) {
    const next = new Date(now);
    next.setHours(Number(hours), Number(minutes), 0, 0);
    if (next <= now) next.setDate(next.getDate() + 1);
    return next;
  }
  const [, year, month, day] =
    /^(\d{4})-(\d{2})-(\d{2})[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?$/.exec(trimmed) ??
    [];
  const time = new Date(year === undefined ? Number.NaN : trimmed);
  // Date makes 3 March of 31 February.
  const hasDay = Number(day) <= new Date(Number(year), Number(month), 0).getDate();
  if (Number.isNaN(time.getTime()) || !hasDay)
    throw expected('a time such as 06:30, 2026-11-26T06:30 or +8h', '--until', text);
  if (time <= now) throw expected('a time to come', '--until', text);
  return time;
}
