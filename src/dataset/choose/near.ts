/** Names that may have been meant. */

/** Names shown at the most. */
const MOST = 5;

/** Those of `names` that are nearest to `name`, by letters to change, add, leave out or swap; upper and lower case are alike. */
export function nearNames(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  return [...new Set(names)]
    .map((each) => ({ each, far: farness(wanted, each.toLowerCase()) }))
    .filter(({ far }) => far <= Math.max(2, wanted.length / 3))
    .sort((one, other) => one.far - other.far || (one.each < other.each ? -1 : 1))
    .slice(0, MOST)
    .map(({ each }) => each);
}

/** 1 at the most where one begins with the other. */
function farness(one: string, other: string): number {
  if (one.length > 2 && (other.startsWith(one) || one.startsWith(other))) return 1;
  return distance(one, other);
}

/** Letters to be changed, added, left out or swapped with the next: optimal string alignment. */
export function distance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = one[i - 1] === other[j - 1] ? 0 : 1;
      let least = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + change,
      );
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, (before[j - 2] as number) + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[other.length] as number;
}
