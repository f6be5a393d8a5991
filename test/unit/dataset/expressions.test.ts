import { describe, expect, test } from 'vitest';
import {
  checkExpression,
  MAX_EXPRESSION_BYTES,
} from '../../../src/dataset/expressions/expression.js';
import { timeFunctionOf } from '../../../src/dataset/expressions/time-function.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { InvalidInputError } from '../../../src/errors.js';

type Node = Readonly<Record<string, unknown>>;

const FILE = {
  title: 'Steps',
  bands: ['b'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 640, 640], resolution: 10, chunk: 64 },
} as const;
const TIME = { start: '2024-01', step: '1 month', count: 12 } as const;

const constant = (value: unknown) => ({ constantValue: value });
const argument = (name: string) => ({ argumentReference: name });
const reference = (key: string) => ({ valueReference: key });
const call = (functionName: string, args: Readonly<Record<string, Node>>) => ({
  functionInvocationValue: { functionName, arguments: args },
});
const define = (argumentNames: readonly string[], body: string) => ({
  functionDefinitionValue: { argumentNames, body },
});

const IMAGE = { result: '0', values: { 0: call('Image.constant', { value: constant(1) }) } };

/** A function of its step: any body that looks at `names`. */
const steps = (argumentNames: readonly string[], used = argumentNames) => ({
  result: '0',
  values: {
    0: define(argumentNames, '1'),
    1: call('Image.constant', {
      value: { arrayValue: { values: [constant(0), ...used.map(argument)] } },
    }),
  },
});
const FUNCTION = steps(['start', 'end']);

const withTime = (expression: unknown) => parseDataset({ ...FILE, expression, time: TIME });
const withoutTime = (expression: unknown) => parseDataset({ ...FILE, expression });

test('a function of two arguments, told by their place, is the expression of a dataset with steps', () => {
  expect(withTime(FUNCTION).source).toEqual({ kind: 'expression', expression: FUNCTION });
  const own = steps(['_MAPPING_VAR_0_0', '_MAPPING_VAR_0_1']);
  expect(timeFunctionOf(own)).toEqual({
    key: '0',
    start: '_MAPPING_VAR_0_0',
    end: '_MAPPING_VAR_0_1',
  });
  expect(withTime(own).time).toMatchObject({ count: 12 });
});

test('a function that looks at one of its arguments alone is one of the step, too', () => {
  for (const used of [['start'], ['end']]) withTime(steps(['start', 'end'], used));
});

test('the text that serialize() makes stands for what it says, of an image and of a function', () => {
  expect(withTime(JSON.stringify(FUNCTION)).source).toEqual(withTime(FUNCTION).source);
  expect(withoutTime(JSON.stringify(IMAGE)).source).toEqual(withoutTime(IMAGE).source);
});

test('the result may be another name of the function', () => {
  const { values } = FUNCTION;
  expect(
    timeFunctionOf({ result: 'a', values: { ...values, a: reference('b'), b: reference('0') } }),
  ).toEqual({ key: '0', start: 'start', end: 'end' });
});

test('functions within the function have arguments of their own, and see those of the step', () => {
  const { source } = withTime({
    result: 'step',
    values: {
      step: define(['start', 'end'], 'mapped'),
      mapped: call('Collection.map', {
        collection: call('ImageCollection.load', { id: constant('c') }),
        baseAlgorithm: define(['image'], 'masked'),
      }),
      masked: call('Image.set', {
        object: argument('image'),
        key: constant('since'),
        value: reference('start of it'),
      }),
      'start of it': argument('start'),
    },
  });
  expect(source.kind).toBe('expression');
});

describe('an expression that is not of the dataset is refused with what to do', () => {
  test.each<[string, () => unknown, string]>([
    [
      'an image where there are steps',
      () => withTime(IMAGE),
      'Expected a function of the time step for the expression of a dataset with time steps but received "an expression of one image". Make it a function of the start and the end of a step, with filterDate(start, end) in it',
    ],
    [
      'a function where there are none',
      () => withoutTime(FUNCTION),
      'Expected an image for the expression of a dataset without time steps but received "a function of the time step". Give the dataset its steps',
    ],
    [
      'a function of one argument',
      () => withTime(steps(['start'])),
      'Expected two arguments, the start and the end of the time step in this order, for the function of the expression but received "start".',
    ],
    ['one of three', () => withTime(steps(['a', 'b', 'c'])), 'received "a, b, c"'],
    ['one of the same twice', () => withTime(steps(['a', 'a'])), 'received "a, a"'],
    ['one of none', () => withTime(steps([])), 'received "none"'],
    [
      'names that are no texts',
      () => withTime({ ...FUNCTION, values: { ...FUNCTION.values, 0: define([1] as never, '1') } }),
      'Expected a list of names for "argumentNames" in value "0" of the expression but received "[1]"',
    ],
    [
      'a function that looks at neither',
      () => withTime(steps(['start', 'end'], [])),
      'Expected a function that looks at its time step for the expression but received "one that uses neither "start" nor "end"".',
    ],
    [
      'an argument of no function',
      () => withoutTime({ result: '0', values: { 0: argument('start') } }),
      'Expected a function around each argument for the expression but received ""start", which none has".',
    ],
    [
      'an argument that the function does not have',
      () => withTime(steps(['start', 'end'], ['start', 'middle'])),
      'received ""middle", which none has"',
    ],
    [
      'an argument outside of the inner function that has it',
      () =>
        withTime({
          result: '0',
          values: {
            0: define(['start', 'end'], '1'),
            1: call('f', { a: define(['x'], '2'), b: argument('x'), c: argument('start') }),
            2: argument('x'),
          },
        }),
      'received ""x", which none has"',
    ],
    [
      'values in a circle',
      () =>
        withoutTime({
          result: '0',
          values: { 0: reference('1'), 1: call('f', { a: reference('0') }) },
        }),
      'Expected values that follow from one another for the expression but received "value "0", which refers to itself".',
    ],
  ])('%s', (_, parse, message) => {
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('\n');
  });
});

/** `depth` calls within one another, three objects each. */
function nested(depth: number): Node {
  let node: Node = argument('start');
  for (let i = 0; i < depth; i++) node = call('Image.not', { value: node });
  return node;
}

test('calls may be nested as deep as the service takes them, and no deeper', () => {
  const body = (depth: number) => ({
    result: '0',
    values: { 0: define(['start', 'end'], '1'), 1: nested(depth) },
  });
  expect(withTime(body(33)).source.kind).toBe('expression');
  expect(() => withTime(body(34))).toThrow(
    'Expected at most 100 objects and lists within one another for the expression but received "more".',
  );
  const brackets = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  expect(() => withTime(brackets)).toThrow('at most 100 objects');
  expect(() => withTime(`{"result":"0","values":{"0":{"constantValue":${brackets}}}}`)).toThrow(
    'at most 100 objects',
  );
});

test('of references, one may follow the other as long as there are values', () => {
  const values: Record<string, Node> = { last: argument('start') };
  let next = 'last';
  for (let i = 0; i < 20_000; i++) {
    values[`v${i}`] = call('Image.not', { value: reference(next) });
    next = `v${i}`;
  }
  const expression = { result: 'f', values: { f: define(['start', 'end'], next), ...values } };
  expect(checkExpression(expression).values).toBe(expression.values);
});

test('an expression that is larger than the service takes is refused', () => {
  const expression = (length: number) => ({
    result: '0',
    values: { 0: constant('x'.repeat(length)) },
  });
  expect(checkExpression(expression(MAX_EXPRESSION_BYTES - 100)).result).toBe('0');
  expect(() => checkExpression(expression(MAX_EXPRESSION_BYTES))).toThrow(
    /Expected at most 9437184 bytes of JSON for the expression but received "\d+"\. Earth Engine/,
  );
});
