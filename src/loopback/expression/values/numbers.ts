import type { Definition, Definitions } from '../algorithm.js';

export const NUMBERS: Definitions = {
  ...binaries({
    add: (a, b) => a + b,
    subtract: (a, b) => a - b,
    multiply: (a, b) => a * b,
    // Earth Engine's rule: a division by zero gives zero.
    divide: (a, b) => (b === 0 ? 0 : a / b),
    mod: (a, b) => (b === 0 ? 0 : a % b),
    pow: (a, b) => a ** b,
    max: Math.max,
    min: Math.min,
    eq: (a, b) => Number(a === b),
    neq: (a, b) => Number(a !== b),
    lt: (a, b) => Number(a < b),
    lte: (a, b) => Number(a <= b),
    gt: (a, b) => Number(a > b),
    gte: (a, b) => Number(a >= b),
    and: (a, b) => Number(a !== 0 && b !== 0),
    or: (a, b) => Number(a !== 0 || b !== 0),
  }),
  ...unaries({
    abs: Math.abs,
    ceil: Math.ceil,
    floor: Math.floor,
    round: Math.round,
    sqrt: Math.sqrt,
    exp: Math.exp,
    log: Math.log,
    log10: Math.log10,
    not: (a) => Number(a === 0),
    toInt: Math.trunc,
    int: Math.trunc,
    toDouble: (a) => a,
    double: (a) => a,
    toFloat: Math.fround,
    float: Math.fround,
  }),
  'Number.parse': {
    description: 'The number that a text says.',
    signature: '(input: String, radix: Integer = 10) => Number',
    evaluate: (given) => {
      const text = given.string('input').trim();
      const radix = given.optional('radix') === undefined ? 10 : given.integer('radix');
      const value = radix === 10 ? Number(text) : Number.parseInt(text, radix);
      if (text === '' || Number.isNaN(value)) throw given.refuse(`'${text}' is no number.`);
      return value;
    },
  },
};

function binaries(operations: Record<string, (a: number, b: number) => number>): Definitions {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operate]): [string, Definition] => [
      `Number.${name}`,
      {
        description: `${name} of two numbers.`,
        signature: '(left: Number, right: Number) => Number',
        evaluate: (given) => operate(given.number('left'), given.number('right')),
      },
    ]),
  );
}

function unaries(operations: Record<string, (a: number) => number>): Definitions {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operate]): [string, Definition] => [
      `Number.${name}`,
      {
        description: `${name} of a number.`,
        signature: '(input: Number) => Number',
        evaluate: (given) => operate(given.number('input')),
      },
    ]),
  );
}
