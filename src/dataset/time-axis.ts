import { expected } from '../errors.js';
import {
  addUnits,
  CALENDAR_UNITS,
  type CalendarUnit,
  formatInstant,
  parsePeriod,
  type TimeSpan,
} from './period.js';

/** A time axis as plain data. Instants are ISO 8601 texts in UTC. */
export type TimeAxisRecord =
  /** `count` steps of one length, such as `1 year` or `8 days`, one after another. */
  | {
      readonly kind: 'regular';
      readonly start: string;
      readonly step: string;
      readonly count: number;
    }
  /** Steps one by one, in order; there may be time between them, but none that two share. */
  | {
      readonly kind: 'listed';
      readonly steps: readonly { readonly start: string; readonly end: string }[];
    };

/** One position on a time axis, and the images it holds: those from `start` up to but not at `end`. */
export interface TimeStep extends TimeSpan {
  /** Position on the axis, from 0: the first index of a temporal cube's arrays. */
  readonly index: number;
}

/** Coordinates are held in memory and stored in one chunk: hours of eleven years. */
export const MAX_TIME_STEPS = 100_000;

/** The steps of a temporal cube, in order. Immutable. */
export class TimeAxis {
  private constructor(
    readonly steps: readonly TimeStep[],
    private readonly words: string,
  ) {}

  /** @throws {InvalidInputError} when the steps are none, too many, out of order, or share time. */
  static fromRecord(record: TimeAxisRecord): TimeAxis {
    const spans = record.kind === 'regular' ? regularSpans(record) : listedSpans(record);
    checkSpans(spans);
    const words = `${spans.length} ${spans.length === 1 ? 'step' : 'steps'}`;
    return new TimeAxis(
      spans.map((span, index) => ({ index, ...span })),
      record.kind === 'regular' ? `${words} of ${record.step}` : words,
    );
  }

  /** Some steps of an axis, in its order, which keep their positions on it. */
  static ofSteps(steps: readonly TimeStep[]): TimeAxis {
    return new TimeAxis(steps, `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`);
  }

  get length(): number {
    return this.steps.length;
  }

  /** From the first step's start to the last one's end. */
  get span(): TimeSpan {
    return { start: this.steps[0]?.start ?? 0, end: this.steps.at(-1)?.end ?? 0 };
  }

  /** @throws {InvalidInputError} when the axis has no such step. */
  step(index: number): TimeStep {
    const step = this.steps[index];
    if (step === undefined)
      throw expected(`a step from 0 to ${this.length - 1}`, 'the time index', index);
    return step;
  }

  toString(): string {
    const { start, end } = this.span;
    return `${this.words}, ${formatInstant(start)} to ${formatInstant(end)}`;
  }
}

/** A count and a calendar unit: `1 year`, `month`, `8 days`. @throws {InvalidInputError} */
export function parseStep(text: string): { readonly count: number; readonly unit: CalendarUnit } {
  const match = /^(?:(\d+) +)?([a-z]+?)s?$/.exec(text.trim());
  const unit = CALENDAR_UNITS.find((each) => each === match?.[2]);
  const count = Number(match?.[1] ?? 1);
  if (unit === undefined || count < 1)
    throw expected(
      `a count and a unit (${CALENDAR_UNITS.join(', ')}) such as "1 year" or "8 days"`,
      'the step of the time axis',
      text,
    );
  return { count, unit };
}

function regularSpans({
  start: text,
  step,
  count,
}: Extract<TimeAxisRecord, { kind: 'regular' }>): TimeSpan[] {
  const { start } = parsePeriod(text, 'the start of the time axis');
  const { count: units, unit } = parseStep(step);
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_TIME_STEPS))
    throw expected(`1 to ${MAX_TIME_STEPS} steps`, 'the time axis', count);
  if ((unit === 'year' || unit === 'month') && new Date(start).getUTCDate() > 28)
    throw expected(
      `a start on a day that every ${unit} has (1 to 28)`,
      'the time axis',
      text,
      'List the steps one by one instead.',
    );
  // Each from the start, not from the one before.
  const at = (index: number) => addUnits(start, index * units, unit);
  return Array.from({ length: count }, (_, index) => ({ start: at(index), end: at(index + 1) }));
}

function listedSpans({ steps }: Extract<TimeAxisRecord, { kind: 'listed' }>): TimeSpan[] {
  return steps.map(({ start, end }, index) => ({
    start: parsePeriod(start, `the start of time step ${index}`).start,
    end: parsePeriod(end, `the end of time step ${index}`).start,
  }));
}

function checkSpans(spans: readonly TimeSpan[]): void {
  if (spans.length < 1 || spans.length > MAX_TIME_STEPS)
    throw expected(`1 to ${MAX_TIME_STEPS} steps`, 'the time axis', spans.length);
  for (const [index, { start, end }] of spans.entries()) {
    const shown = `${formatInstant(start)}/${formatInstant(end)}`;
    if (!(end > start)) throw expected('an end after the start', `time step ${index}`, shown);
    const before = spans[index - 1];
    if (before !== undefined && start < before.end)
      throw expected(
        `a start at or after the end of the step before (${formatInstant(before.end)})`,
        `time step ${index}`,
        shown,
      );
  }
}
