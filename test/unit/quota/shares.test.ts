import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fairShares, partRoundedDown, weightedShares } from '../../../src/quota/shares.js';

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const wants = fc.array(fc.nat(60), { minLength: 1, maxLength: 30 });

describe('fair shares', () => {
  test('are what is wanted where there is enough, and else as equal as whole numbers can be', () => {
    expect(fairShares([3, 5, 0], 40)).toEqual([3, 5, 0]);
    expect(fairShares([40, 40, 40, 40, 40, 40, 40, 40], 40)).toEqual(Array(8).fill(5));
    expect(fairShares([2, 60, 60], 40)).toEqual([2, 19, 19]);
    expect(fairShares([60, 60, 60], 40)).toEqual([14, 13, 13]);
  });

  test('leave nothing over that anybody wants, and nobody has two more than one that wants more', () => {
    fc.assert(
      fc.property(wants, fc.nat(200), fc.nat(1000), (wanted, total, turn) => {
        const shares = fairShares(wanted, total, turn);
        expect(sum(shares)).toBe(Math.min(total, sum(wanted)));
        for (const [i, share] of shares.entries()) {
          expect(share).toBeLessThanOrEqual(wanted[i] as number);
          if (share < (wanted[i] as number))
            expect(Math.max(...shares) - share).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('give the remainder to each equally often in as many turns as there are processes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(100), (n, total) => {
        const had = Array(n).fill(0) as number[];
        for (let turn = 0; turn < n; turn++)
          for (const [i, share] of fairShares(Array(n).fill(1_000), total, turn).entries())
            had[i] = (had[i] as number) + share;
        expect(had).toEqual(Array(n).fill(total));
      }),
    );
  });
});

test('weighted shares add up to the total where all places are taken, are within one of the exact ones, and take turns', () => {
  fc.assert(
    fc.property(wants, fc.nat(300), fc.nat(50), (weights, total, turn) => {
      const whole = Math.max(sum(weights), 1);
      const shares = weightedShares(weights, whole, total, turn);
      expect(sum(shares)).toBe(sum(weights) === 0 ? 0 : total);
      for (const [i, share] of shares.entries())
        expect(Math.abs(share - ((weights[i] as number) * total) / whole)).toBeLessThan(1);
    }),
  );
  const turns = Array.from({ length: 8 }, (_, turn) =>
    weightedShares(Array(8).fill(5), 40, 4, turn),
  );
  for (let i = 0; i < 8; i++) expect(sum(turns.map((shares) => shares[i] as number))).toBe(4);
});

test.each([
  [40, 8, 5],
  [40, 7, 5],
  [40, 41, 1],
  [1, 1000, 1],
])('of %i places each of %i processes has %i', (concurrency, n, share) => {
  expect(partRoundedDown(concurrency, n)).toBe(share);
});
