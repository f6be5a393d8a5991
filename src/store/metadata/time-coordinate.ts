import { formatInstant, MILLISECONDS, type TimeSpan } from '../../dataset/period.js';

/** A time axis as CF stores it: whole numbers of one unit since the first step's start. */
export interface TimeCoordinate {
  /** `days since 2017-01-01 00:00:00`. */
  readonly units: string;
  /** Start of each step, in those units. */
  readonly values: BigInt64Array<ArrayBuffer>;
}

/** Of CF and xarray, from the coarsest; years and months are no fixed lengths of time. */
const UNITS = [
  ['days', MILLISECONDS.day],
  ['hours', MILLISECONDS.hour],
  ['minutes', MILLISECONDS.minute],
  ['seconds', MILLISECONDS.second],
  ['milliseconds', 1],
] as const;

/** The coordinate of these steps, in the coarsest unit in which every start is a whole number. */
export function timeCoordinate(steps: readonly TimeSpan[]): TimeCoordinate {
  const epoch = steps[0]?.start ?? 0;
  const offsets = steps.map(({ start }) => start - epoch);
  const [name, size] = UNITS.find(([, unit]) => offsets.every((offset) => offset % unit === 0)) ?? [
    'milliseconds',
    1,
  ];
  return {
    units: `${name} since ${reference(epoch)}`,
    values: BigInt64Array.from(offsets, (offset) => BigInt(offset / size)),
  };
}

/** Date and time of day with a blank in between, as xarray writes it; shorter forms are read differently by some. */
function reference(epoch: number): string {
  const [date = '', time = ''] = formatInstant(epoch).split('T');
  return `${date} ${time}${'00:00:00'.slice(time.length)}`;
}
