/** Numbers made of many numbers. */

/** `p90` is the 90th percentile; any number from 0 to 100. */
export type Percentile = `p${number}`;

export type Statistic =
  | 'min'
  | 'max'
  | 'mean'
  | 'median'
  | 'mode'
  | Percentile
  | 'sum'
  | 'product'
  | 'count'
  | 'first'
  | 'last'
  | 'variance'
  | 'stdDev';

export const STATISTICS: readonly Exclude<Statistic, Percentile>[] = [
  'min',
  'max',
  'mean',
  'median',
  'mode',
  'sum',
  'product',
  'count',
  'first',
  'last',
  'variance',
  'stdDev',
];

/**
 * A number of the first `count` of `values`, which may come out in another order; NaN where there is
 * none. The median of an even count is the mean of the two in the middle; the variance is that of
 * the whole population. Of several most frequent values the mode is the least, and percentiles are interpolated
 * between the two nearest: what Earth Engine does there is not published.
 */
export function statisticOf(statistic: Statistic, values: Float64Array, count: number): number {
  if (statistic === 'count') return count;
  if (statistic === 'sum' || statistic === 'product') return accumulate(statistic, values, count);
  if (count === 0) return Number.NaN;
  switch (statistic) {
    case 'first':
      return values[0] as number;
    case 'last':
      return values[count - 1] as number;
    case 'mean':
      return accumulate('sum', values, count) / count;
    case 'variance':
      return variance(values, count);
    case 'stdDev':
      return Math.sqrt(variance(values, count));
    default: {
      const sorted = values.subarray(0, count).sort();
      return sortedStatistic(statistic, sorted);
    }
  }
}

function sortedStatistic(
  statistic: 'min' | 'max' | 'median' | 'mode' | Percentile,
  sorted: Float64Array,
): number {
  const at = (index: number) => sorted[index] as number;
  if (statistic === 'mode') return modeOf(sorted);
  if (statistic === 'min') return at(0);
  if (statistic === 'max') return at(sorted.length - 1);
  if (statistic !== 'median') {
    const place = (Number(statistic.slice(1)) / 100) * (sorted.length - 1);
    const [below, above] = [at(Math.floor(place)), at(Math.ceil(place))];
    return below + (above - below) * (place - Math.floor(place));
  }
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}

function modeOf(sorted: Float64Array): number {
  let [mode, most] = [Number.NaN, 0];
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    if (to - from > most) [mode, most] = [sorted[from] as number, to - from];
  }
  return mode;
}

function accumulate(statistic: 'sum' | 'product', values: Float64Array, count: number): number {
  let total = statistic === 'sum' ? 0 : 1;
  for (let i = 0; i < count; i++) {
    total = statistic === 'sum' ? total + (values[i] as number) : total * (values[i] as number);
  }
  return total;
}

function variance(values: Float64Array, count: number): number {
  const mean = accumulate('sum', values, count) / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += ((values[i] as number) - mean) ** 2;
  return squares / count;
}
