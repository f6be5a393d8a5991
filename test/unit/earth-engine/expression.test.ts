import { describe, expect, test } from 'vitest';
import type { Source } from '../../../src/dataset/dataset.js';
import {
  type Expression,
  requestExpression,
} from '../../../src/earth-engine/expressions/expression.js';
import type { DType } from '../../../src/raster/dtype.js';
import type { MaskTransport } from '../../../src/tile.js';

interface Call {
  readonly functionName: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

const COLLECTION: Source = { kind: 'collection', id: 'projects/p/assets/c' };
const names = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `b${i}` }));

function build(
  bands: number,
  mask: MaskTransport,
  {
    asked = Array.from({ length: bands }, (_, i) => i),
    dtype = 'uint8',
    source = COLLECTION,
  }: {
    asked?: readonly number[];
    dtype?: DType;
    source?: Source;
  } = {},
): Expression {
  return requestExpression({ source, bands: names(bands), dtype }, asked, mask);
}

/** The call that a node is, following references. */
function callOf(expression: Expression, node: unknown): Call {
  const { valueReference, functionInvocationValue } = node as {
    valueReference?: string;
    functionInvocationValue?: Call;
  };
  if (valueReference !== undefined) return callOf(expression, expression.values[valueReference]);
  if (functionInvocationValue === undefined) throw new Error(`no call: ${JSON.stringify(node)}`);
  return functionInvocationValue;
}

const root = (expression: Expression) => callOf(expression, { valueReference: expression.result });
const constantOf = (node: unknown) => (node as { constantValue: unknown }).constantValue;

/** Every call inside a value, depth first. */
function allCalls(value: unknown): Call[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = (value as { functionInvocationValue?: Call }).functionInvocationValue;
  return [...(own === undefined ? [] : [own]), ...Object.values(value).flatMap(allCalls)];
}

describe('a request without a mask of its own', () => {
  test.each([
    ['uint8', 'Image.toUint8'],
    ['int16', 'Image.toInt16'],
    ['uint16', 'Image.toUint16'],
    ['int32', 'Image.toInt32'],
    ['uint32', 'Image.toUint32'],
    ['float32', 'Image.toFloat'],
    ['float64', 'Image.toDouble'],
  ] as const)('%s pixels are cast by %s, as the outermost call', (dtype, cast) => {
    expect(root(build(1, { kind: 'file' }, { dtype })).functionName).toBe(cast);
  });

  test('the bands asked for are selected by name, in order, from the mosaic of the collection', () => {
    const expression = build(4, { kind: 'file' }, { asked: [3, 1] });
    const select = callOf(expression, root(expression).arguments.value);
    expect(select.functionName).toBe('Image.select');
    expect(constantOf(select.arguments.bandSelectors)).toEqual(['b3', 'b1']);
    const mosaic = callOf(expression, select.arguments.input);
    expect(mosaic.functionName).toBe('ImageCollection.mosaic');
    const load = callOf(expression, mosaic.arguments.collection);
    expect(load.functionName).toBe('ImageCollection.load');
    expect(constantOf(load.arguments.id)).toBe('projects/p/assets/c');
  });

  test('an image is loaded as it is', () => {
    const expression = build(1, { kind: 'file' }, { source: { kind: 'image', id: 'USGS/X' } });
    const select = callOf(expression, root(expression).arguments.value);
    expect(callOf(expression, select.arguments.input)).toEqual({
      functionName: 'Image.load',
      arguments: { id: { constantValue: 'USGS/X' } },
    });
  });

  test('an expression of the user becomes the source, with its own values kept', () => {
    const own = {
      result: 'a',
      values: { a: { functionInvocationValue: { functionName: 'Image.load', arguments: {} } } },
    };
    const expression = build(
      1,
      { kind: 'file' },
      { source: { kind: 'expression', expression: own } },
    );
    const select = callOf(expression, root(expression).arguments.value);
    expect(callOf(expression, select.arguments.input).functionName).toBe('Image.load');
    expect(root(expression).functionName).toBe('Image.toUint8');
  });
});

describe('a request with a sentinel', () => {
  const expression = build(2, { kind: 'sentinel', value: -9999 }, { dtype: 'int16' });

  test('masked pixels take the sentinel before the cast, outside the footprint too', () => {
    const cast = root(expression);
    expect(cast.functionName).toBe('Image.toInt16');
    const unmask = callOf(expression, cast.arguments.value);
    expect(unmask.functionName).toBe('Image.unmask');
    expect(constantOf(unmask.arguments.sameFootprint)).toBe(false);
    expect(callOf(expression, unmask.arguments.value)).toEqual({
      functionName: 'Image.constant',
      arguments: { value: { constantValue: -9999 } },
    });
  });

  test('no band is added', () => {
    expect(allCalls(expression.values).map((call) => call.functionName)).not.toContain(
      'Image.addBands',
    );
  });
});

describe('a request with mask bits', () => {
  /** The renamed groups of mask bits that `addBands` puts behind the data, first to last. */
  function maskGroups(expression: Expression): Call[] {
    const groups: Call[] = [];
    let call = root(expression);
    while (call.functionName === 'Image.addBands') {
      groups.unshift(callOf(expression, call.arguments.srcImg));
      call = callOf(expression, call.arguments.dstImg);
    }
    return groups;
  }

  test.each([
    [1, 1],
    [8, 1],
    [9, 2],
    [17, 3],
  ])('%i bands get %i bands of bits behind them, each with a name of its own', (bands, count) => {
    const groups = maskGroups(build(bands, { kind: 'bits' }));
    expect(groups.map((call) => call.functionName)).toEqual(Array(count).fill('Image.rename'));
    expect(groups.map((call) => constantOf(call.arguments.names))).toEqual(
      Array.from({ length: count }, (_, i) => [`mask_bits_${i}`]),
    );
  });

  test('data and bits are both cast last, because GeoTIFF replies have one type', () => {
    const expression = build(3, { kind: 'bits' }, { dtype: 'uint16' });
    const add = root(expression);
    expect(add.functionName).toBe('Image.addBands');
    expect(callOf(expression, add.arguments.dstImg).functionName).toBe('Image.toUint16');
    const rename = callOf(expression, add.arguments.srcImg);
    expect(callOf(expression, rename.arguments.input).functionName).toBe('Image.toUint16');
  });

  test('bit i is 2^i where the mask of band i is above 0, and 0 outside the footprint too', () => {
    const expression = build(9, { kind: 'bits' });
    const [first, second] = maskGroups(expression);
    const factors = allCalls(first)
      .filter((call) => call.functionName === 'Image.multiply')
      .map((call) => constantOf(callOf(expression, call.arguments.image2).arguments.value));
    expect(factors.sort((a, b) => Number(a) - Number(b))).toEqual([2, 4, 8, 16, 32, 64, 128]);
    for (const [group, wanted] of [
      [first, ['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7']],
      [second, ['b8']],
    ] as const) {
      const calls = allCalls(group);
      const selected = calls
        .filter((call) => call.functionName === 'Image.select')
        .flatMap((call) => constantOf(call.arguments.bandSelectors));
      expect(selected.sort()).toEqual(wanted);
      for (const call of calls.filter(({ functionName }) => functionName === 'Image.gt')) {
        const unmask = callOf(expression, call.arguments.image1);
        expect(unmask.functionName).toBe('Image.unmask');
        expect(constantOf(unmask.arguments.sameFootprint)).toBe(false);
        expect(callOf(expression, unmask.arguments.input).functionName).toBe('Image.mask');
      }
      expect(calls.filter(({ functionName }) => functionName === 'Image.gt')).toHaveLength(
        wanted.length,
      );
    }
  });

  test('the band with the bit i multiplied is band i of the request, not of the dataset', () => {
    const expression = build(6, { kind: 'bits' }, { asked: [4, 5] });
    const [group] = maskGroups(expression);
    const [multiply] = allCalls(group).filter((call) => call.functionName === 'Image.multiply');
    expect(constantOf(callOf(expression, multiply?.arguments.image2).arguments.value)).toBe(2);
    const [select] = allCalls(multiply?.arguments.image1).filter(
      (call) => call.functionName === 'Image.select',
    );
    expect(constantOf(select?.arguments.bandSelectors)).toEqual(['b5']);
  });
});

test('no request clips or reprojects: its grid bounds the work', () => {
  for (const mask of [
    { kind: 'file' },
    { kind: 'bits' },
    { kind: 'sentinel', value: 0 },
  ] as const) {
    const functions = allCalls(build(10, mask).values).map((call) => call.functionName);
    expect(functions.length).toBeGreaterThan(2);
    expect(functions.filter((name) => /clip|reproject/i.test(name))).toEqual([]);
  }
});

test('an expression is plain JSON', () => {
  const expression = build(10, { kind: 'bits' });
  expect(JSON.parse(JSON.stringify(expression))).toEqual(expression);
});

describe('an expression that is a function', () => {
  const expression = {
    result: 'f',
    values: {
      f: { functionDefinitionValue: { argumentNames: ['a', 'b'], body: 'g' } },
      g: {
        functionInvocationValue: {
          functionName: 'Image.constant',
          arguments: { value: { argumentReference: 'a' } },
        },
      },
    },
  };
  const dataset = {
    source: { kind: 'expression', expression },
    bands: names(1),
    dtype: 'uint8',
  } as const;

  test('is defined and called in each request, with the milliseconds of its step', () => {
    const time = { start: Date.UTC(2024, 0, 1), end: Date.UTC(2024, 1, 1) };
    const { values, result } = requestExpression(dataset, [0], { kind: 'file' }, time);
    expect(values).toMatchObject(expression.values);
    const select = callOf({ values, result }, root({ values, result }).arguments.value);
    expect(callOf({ values, result }, select.arguments.input)).toEqual({
      functionReference: 'f',
      arguments: {
        a: { constantValue: 1_704_067_200_000 },
        b: { constantValue: 1_706_745_600_000 },
      },
    });
  });

  test('is refused without a step, as an image is with one', () => {
    expect(() => requestExpression(dataset, [0], { kind: 'file' })).toThrow('a function of the');
    const image = { result: 'g', values: { g: { constantValue: 1 } } };
    const still = { ...dataset, source: { kind: 'expression', expression: image } } as const;
    expect(() => requestExpression(still, [0], { kind: 'file' }, { start: 0, end: 1 })).toThrow(
      'an expression of one image',
    );
  });
});

describe('images of one time step', () => {
  const time = { start: Date.UTC(2019, 0, 1), end: Date.UTC(2020, 0, 1) };
  const dataset = { source: COLLECTION, bands: names(1), dtype: 'uint8' } as const;
  const expression = requestExpression(dataset, [0], { kind: 'file' }, time);
  const [filter] = allCalls(expression.values).filter(
    ({ functionName }) => functionName === 'Collection.filter',
  );

  test('are the mosaic of those that begin in it: the end is given, and does not belong to it', () => {
    const select = callOf(expression, root(expression).arguments.value);
    const mosaic = callOf(expression, select.arguments.input);
    expect(mosaic.functionName).toBe('ImageCollection.mosaic');
    expect(callOf(expression, mosaic.arguments.collection)).toBe(filter);
    const contains = callOf(expression, filter?.arguments.filter);
    expect(contains.functionName).toBe('Filter.dateRangeContains');
    expect(constantOf(contains.arguments.rightField)).toBe('system:time_start');
    expect(callOf(expression, contains.arguments.leftValue)).toEqual({
      functionName: 'DateRange',
      arguments: {
        start: { constantValue: 1_546_300_800_000 },
        end: { constantValue: 1_577_836_800_000 },
      },
    });
  });

  test('are taken from the collection as it is', () => {
    expect(callOf(expression, filter?.arguments.collection)).toEqual({
      functionName: 'ImageCollection.load',
      arguments: { id: { constantValue: 'projects/p/assets/c' } },
    });
  });
});
