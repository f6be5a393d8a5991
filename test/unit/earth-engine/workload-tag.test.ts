import { describe, expect, test } from 'vitest';
import { checkWorkloadTag, workloadTagOf } from '../../../src/earth-engine/workload-tag.js';

describe("a tag made from a cube's title has the form that Google's clients take", () => {
  test.each([
    ['Cropland', 'cropland'],
    ['Monthly medians, 2024', 'monthly-medians-2024'],
    ['TCTrend2024', 'tctrend2024'],
    ['Forêt d’Orléans (v2.1)', 'foret-d-orleans-v2-1'],
    ['snake_case', 'snake_case'],
    ['--_odd_--', 'odd'],
    [`${'long '.repeat(30)}`, 'long-long-long-long-long-long-long-long-long-long-long-long-lon'],
    [`${'a'.repeat(62)} b`, 'a'.repeat(62)],
    ['7', '7'],
  ])('%s', (title, tag) => {
    expect(workloadTagOf(title)).toBe(tag);
    expect(checkWorkloadTag(tag, 'the tag')).toBe(tag);
  });

  test.each(['氷河', '…', ' '])('of "%s" nothing is left', (title) => {
    expect(workloadTagOf(title)).toBeUndefined();
  });
});

test('an empty text is for no tag', () => {
  expect(checkWorkloadTag('', 'the tag')).toBeUndefined();
});

test.each(['Upper', 'a.b', '-a', 'a-', '_', 'a b', 'é', 'a'.repeat(64), 'a\n'])(
  '"%s" is refused as a tag',
  (tag) => {
    expect(() => checkWorkloadTag(tag, '--workload-tag')).toThrow(
      'Expected up to 63 of a-z, 0-9, - and _, with a letter or digit at both ends, for --workload-tag but received',
    );
  },
);
