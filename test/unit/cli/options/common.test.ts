import { describe, expect, test } from 'vitest';
import { wholeNumber } from '../../../../src/cli/options/common.js';
import { InvalidInputError } from '../../../../src/errors.js';

describe('wholeNumber', () => {
  const parse = wholeNumber('--threads', 0, 256);

  test.each([
    ['0', 0],
    ['256', 256],
    [' 7 ', 7],
  ])('"%s" is %i', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  test.each(['', ' ', '-1', '257', '1.5', 'many', 'NaN', 'Infinity', '3 4'])(
    '"%s" is refused with the option and its range',
    (text) => {
      expect(() => parse(text)).toThrow(InvalidInputError);
      expect(() => parse(text)).toThrow(
        `Expected a whole number from 0 to 256 for --threads but received "${text}".`,
      );
    },
  );
});
