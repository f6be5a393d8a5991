import { expect, test } from 'vitest';
import { ThinnedList } from '../../../src/observe/thinned-list.js';

const sum = (one: number, other: number) => one + other;

test('every value is in exactly one item, whatever the number of values, and the limit holds', () => {
  for (let count = 0; count <= 300; count++) {
    const list = new ThinnedList<number>(8, sum);
    for (let i = 0; i < count; i++) list.add(1);
    const items = list.items();
    expect(items.reduce(sum, 0)).toBe(count);
    expect(items.length).toBeLessThanOrEqual(8 + 1);
    // All but the last stand for the same number of values.
    expect(items.slice(0, -1).every((item) => item === list.valuesPerItem)).toBe(true);
  }
});

test('up to the limit every value is kept as it came', () => {
  const list = new ThinnedList<string>(4, (earlier) => earlier);
  for (const value of ['a', 'b', 'c', 'd']) list.add(value);
  expect(list.items()).toEqual(['a', 'b', 'c', 'd']);
  expect(list.valuesPerItem).toBe(1);
});

test('items are joined with their neighbours, in the order they came', () => {
  const list = new ThinnedList<string>(4, (earlier, later) => earlier + later);
  for (const value of 'abcdefg') list.add(value);
  expect(list.items()).toEqual(['ab', 'cd', 'ef', 'g']);
});
