/** Statistics of samples taken in rounds. Numbers in, numbers out. */

/**
 * The middle value; the mean of the two middle ones of an even number.
 *
 * @param {readonly number[]} values at least one
 * @returns {number}
 */
export function median(values) {
  if (values.length === 0)
    throw new Error('Expected at least one value for a median but received 0.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median, smallest and largest.
 *
 * @param {readonly number[]} values at least one
 * @returns {{ median: number, min: number, max: number }}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times `values` is `base`, round by round: what disturbs a machine for longer than a round
 * disturbs both and drops out. Rounds that one of them did not take part in are left out.
 *
 * @param {readonly number[]} values one for each round
 * @param {readonly number[]} base one for each round, from the same first round on
 * @returns {{ median: number, min: number, max: number }}
 */
export function ratio(values, base) {
  const rounds = Math.min(values.length, base.length);
  return spread(Array.from({ length: rounds }, (_, round) => values[round] / base[round]));
}

/**
 * Slope of the least-squares line through (x, y).
 *
 * @param {readonly (readonly [x: number, y: number])[]} points at least two different x
 * @returns {number} units of y for each unit of x
 */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let [along, across] = [0, 0];
  for (const [x, y] of points) {
    along += (x - meanX) * (y - meanY);
    across += (x - meanX) ** 2;
  }
  if (!(across > 0)) throw new Error('Expected two different x for a slope but received one.');
  return along / across;
}
