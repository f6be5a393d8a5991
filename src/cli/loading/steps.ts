/** Names of files with `{time}` in them, of which each step has its own. */
import type { Cube } from '../../cube/cube.js';
import { formatPeriod } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import type { Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';

const PLACE = '{time}';

const NAMES = ['out', 'png', 'legend'] as const;

type Names = { readonly [name in (typeof NAMES)[number]]?: string };

/** Whether each step is written to files of its own. @throws {InvalidInputError} where some names would be the same. */
export function hasStepNames(names: Names): boolean {
  const given = NAMES.flatMap((name) => (names[name] === undefined ? [] : [[name, names[name]]]));
  const without = given.find(([, file]) => !file?.includes(PLACE));
  if (without === undefined) return given.length > 0;
  if (given.every(([, file]) => !file?.includes(PLACE))) return false;
  throw expected(`a name with ${PLACE}, as the others have`, `--${without[0]}`, without[1]);
}

/** The names for one step: `cube-{time}.tif` is `cube-2020-01.tif` for January 2020. */
export function namesFor<T extends Names>(names: T, step: TimeStep): T {
  // No file system here and elsewhere takes colons alike.
  const label = formatPeriod(step).replaceAll(':', '');
  const made = NAMES.flatMap((name) =>
    names[name] === undefined ? [] : [[name, names[name].replaceAll(PLACE, label)]],
  );
  return { ...names, ...Object.fromEntries(made) };
}

/** @throws {InvalidInputError} in a cube without a time axis. */
export function stepsToName(cube: Cube, time: Toi | undefined, { out, png }: Names): TimeStep[] {
  const steps = cube.stepsOf(time);
  if (steps !== undefined) return [...steps];
  throw expected(
    `a name without ${PLACE}`,
    out === undefined ? '--png' : '--out',
    out ?? png,
    'The cube has no time axis.',
  );
}
