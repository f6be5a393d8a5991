import { seededRandom } from '../../../src/loopback/index.js';

export type Factors<T extends object> = { readonly [K in keyof T]: readonly T[K][] };

/**
 * Rows in which every two values of two factors meet, where any allowed row has them both: of 40 random rows
 * through an open pair the one with the most of them is taken each time.
 */
export function pairwise<T extends object>(
  factors: Factors<T>,
  isAllowed: (row: T) => boolean,
  seed: number,
): T[] {
  const random = seededRandom(seed);
  const names = Object.keys(factors) as (keyof T)[];
  const pick = <V>(values: readonly V[]): V => values[Math.floor(random() * values.length)] as V;
  const draw = (fixed: Partial<T>): T | undefined => {
    for (let attempt = 0; attempt < 50; attempt++) {
      const row = Object.fromEntries(
        names.map((name) => [name, name in fixed ? fixed[name] : pick(factors[name])]),
      ) as T;
      if (isAllowed(row)) return row;
    }
    return undefined;
  };
  const keyOf = (one: keyof T, other: keyof T, row: Partial<T>) =>
    `${String(one)}=${row[one]} ${String(other)}=${row[other]}`;
  const pairsOf = (row: T) =>
    names.flatMap((one, i) => names.slice(i + 1).map((other) => keyOf(one, other, row)));
  const open = new Map<string, Partial<T>>();
  for (const [i, one] of names.entries())
    for (const other of names.slice(i + 1))
      for (const a of factors[one])
        for (const b of factors[other]) {
          const pair = { [one]: a, [other]: b } as Partial<T>;
          if (draw(pair) !== undefined) open.set(keyOf(one, other, pair), pair);
        }
  const rows: T[] = [];
  while (open.size > 0) {
    const [pair] = open.values();
    const drawn = Array.from({ length: 40 }, () => draw(pair ?? {})).filter(
      (row) => row !== undefined,
    );
    const gain = (row: T) => pairsOf(row).filter((key) => open.has(key)).length;
    const [best] = drawn.sort((one, other) => gain(other) - gain(one));
    if (best === undefined) break;
    rows.push(best);
    for (const key of pairsOf(best)) open.delete(key);
  }
  return rows;
}
