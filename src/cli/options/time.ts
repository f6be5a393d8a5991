import type { Cube } from '../../cube/cube.js';
import { formatInstant } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import type { Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';

/**
 * The time of interest of what can show, or take, one step only.
 *
 * @param why it is one, for the message
 * @throws {InvalidInputError} when it means several.
 */
export function oneStep(
  cube: Cube,
  time: Toi | undefined,
  why = 'A picture shows one step.',
): Toi | undefined {
  const steps = cube.stepsOf(time);
  if (steps === undefined || steps.length === 1) return time;
  throw expected(
    `one of the cube's ${cube.timeAxis}`,
    '--time',
    time === undefined ? 'none' : `a time of ${steps.length} steps`,
    why,
  );
}

/** ", 2019-01-01 to 2022-01-01": the time that steps cover, up to the last one's end. */
export function timeWords(steps: readonly TimeStep[] | undefined): string {
  const [first, last] = [steps?.[0], steps?.at(-1)];
  return first === undefined || last === undefined
    ? ''
    : `, ${formatInstant(first.start)} to ${formatInstant(last.end)}`;
}

/** A step as records have it; its end is not included. */
export function stepRecord({ start, end }: TimeStep) {
  return { start: formatInstant(start), end: formatInstant(end) };
}
