/**
 * How a whole number of things is shared among those who want some: arithmetic alone. Nobody gets more than it wants,
 * and nobody has two more than another that wants more than it has (max-min fairness).
 */

/**
 * @param wants of each, whole numbers
 * @param total what there is
 * @param turn which of those who want more get the remainder: it goes around from turn to turn
 * @returns for each its share; together `total`, or all that is wanted
 */
export function fairShares(wants: readonly number[], total: number, turn = 0): number[] {
  const shares = wants.map(() => 0);
  let left = total;
  let open = wants.map((_, i) => i).filter((i) => at(wants, i) > 0);
  while (open.length > 0) {
    const even = Math.floor(left / open.length);
    const modest = open.filter((i) => at(wants, i) <= even);
    if (modest.length === 0) {
      const ahead = left % open.length;
      // Each turn begins where the one before ended, so that all have had the remainder equally often.
      const first = (turn * ahead) % open.length;
      for (const [place, i] of open.entries())
        shares[i] = even + ((place - first + open.length) % open.length < ahead ? 1 : 0);
      return shares;
    }
    for (const i of modest) {
      shares[i] = at(wants, i);
      left -= at(wants, i);
    }
    open = open.filter((i) => at(wants, i) > even);
  }
  return shares;
}

/**
 * Shares in proportion to weights, by largest remainders.
 *
 * @param whole what the weights of all that could be would add up to: less than that gets less than the total
 */
export function weightedShares(
  weights: readonly number[],
  whole: number,
  total: number,
  turn = 0,
): number[] {
  const exact = weights.map((weight) => (weight * total) / whole);
  const shares = exact.map(Math.floor);
  const used = weights.reduce((sum, weight) => sum + weight, 0);
  const left = Math.floor((used * total) / whole) - shares.reduce((sum, share) => sum + share, 0);
  const count = weights.length;
  const order = weights
    .map((_, i) => i)
    .filter((i) => at(exact, i) > at(shares, i))
    .sort((a, b) => {
      const more = (at(exact, b) % 1) - (at(exact, a) % 1);
      return Math.abs(more) > 1e-9 ? more : place(a) - place(b);
    });
  function place(i: number): number {
    return (((i - turn * left) % count) + count) % count;
  }
  for (const i of order.slice(0, left)) shares[i] = at(shares, i) + 1;
  return shares;
}

/**
 * One of `n` equal parts of a number of places, rounded down, but at least one.
 *
 * @param n processes that share them
 */
export function partRoundedDown(concurrency: number, n: number): number {
  return Math.max(1, Math.floor(concurrency / n));
}

function at(numbers: readonly number[], i: number): number {
  return numbers[i] ?? 0;
}
