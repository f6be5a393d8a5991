import { describe, expect, test } from 'vitest';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Catalogue } from '../../../src/loopback/assets/catalogue.js';
import { evaluate } from '../../../src/loopback/expression/evaluate.js';
import { isKind } from '../../../src/loopback/expression/value.js';
import { Frame, type Image, type ImageBand } from '../../../src/loopback/image/image.js';
import { dtypeOf, typeOfDtype } from '../../../src/loopback/image/pixel-type.js';
import { asType } from '../../../src/loopback/image/pixels.js';
import { call, constant, expression } from './support.js';

type Node = ReturnType<typeof call>;

/** Four pixels; the third is masked in `a`, the last in `b`. */
const FRAME_BOX = { crs: 'EPSG:4326', shape: [1, 4], affine: [1, 0, 0, 0, -1, 0] } as const;

function band(name: string, pixels: number[], mask: number[], computed: string[] = []): ImageBand {
  return {
    name,
    type: typeOfDtype('uint8'),
    source: {
      compute: () => {
        computed.push(name);
        return { pixels: Uint8Array.from(pixels), mask: Uint8Array.from(mask) };
      },
      // The image does not reach the last pixel.
      footprint: () => Uint8Array.of(1, 1, 1, 0),
    },
  };
}

function scene(id: string, time: number, bands: ImageBand[]): Image {
  return { kind: 'Image', id, properties: { 'system:time_start': time }, bands };
}

const computed: string[] = [];

const EARLY = scene('c/early', Date.UTC(2001, 0, 1), [
  band('a', [1, 200, 3, 4], [1, 1, 1, 1], computed),
  band('b', [9, 0, 7, 0], [1, 0, 1, 0]),
]);
const LATE = scene('c/late', Date.UTC(2002, 0, 1), [
  band('a', [10, 255, 0, 0], [1, 1, 0, 0], computed),
  band('b', [5, 6, 0, 0], [1, 1, 0, 0]),
]);

const CATALOGUE = new Catalogue([
  { type: 'IMAGE_COLLECTION', id: 'c', images: [EARLY, LATE] },
  { type: 'IMAGE', id: 'i', image: LATE },
]);

const STORED = call('Image.load', { id: constant('i') });
const COLLECTION = call('ImageCollection.load', { id: constant('c') });

function toImage(node: Node): Image {
  const value = evaluate(expression(node), CATALOGUE);
  if (!isKind(value, 'Image')) throw new Error('Expected an image.');
  return value;
}

/** Name, exported type and encoded pixels of each band. */
function compute(node: Node): [string, string, number[]][] {
  const frame = new Frame(GeoBox.fromRecord(FRAME_BOX));
  return toImage(node).bands.map(({ name, type, source }) => {
    const dtype = dtypeOf(type);
    return [name, dtype, [...asType(frame.planeOf(source).pixels, dtype, frame.length)]];
  });
}

function first(node: Node): [string, number[]] {
  const [[, dtype, pixels] = ['', '', []]] = compute(node);
  return [dtype, pixels];
}

function binary(name: string, one: Node, other: Node): Node {
  return call(`Image.${name}`, { image1: one, image2: other });
}

describe('arithmetic', () => {
  test('adding widens the type to hold every sum, and masked pixels stay zero', () => {
    expect(first(binary('add', STORED, constant(10)))).toEqual(['uint16', [20, 265, 0, 0]]);
  });

  test('subtracting below zero takes a signed type', () => {
    expect(first(binary('subtract', STORED, constant(20)))).toEqual(['int16', [-10, 235, 0, 0]]);
  });

  test('multiplying by a fraction gives doubles, dividing whole numbers gives floats', () => {
    expect(first(binary('multiply', STORED, constant(0.5)))).toEqual(['float64', [5, 127.5, 0, 0]]);
    expect(first(binary('divide', STORED, constant(4)))).toEqual(['float32', [2.5, 63.75, 0, 0]]);
    expect(first(binary('divide', STORED, constant(0)))).toEqual(['float32', [0, 0, 0, 0]]);
  });

  test('comparisons and logic give bytes of 0 and 1', () => {
    const cases: [string, number, number[]][] = [
      ['gt', 10, [0, 1, 0, 0]],
      ['gte', 10, [1, 1, 0, 0]],
      ['lt', 11, [1, 0, 0, 0]],
      ['lte', 9, [0, 0, 0, 0]],
      ['eq', 255, [0, 1, 0, 0]],
      ['neq', 255, [1, 0, 0, 0]],
      ['and', 0, [0, 0, 0, 0]],
      ['or', 0, [1, 1, 0, 0]],
    ];
    for (const [name, operand, pixels] of cases) {
      expect([name, ...first(binary(name, STORED, constant(operand)))]).toEqual([
        name,
        'uint8',
        pixels,
      ]);
    }
    expect(first(call('Image.not', { value: binary('gt', STORED, constant(10)) }))).toEqual([
      'uint8',
      [1, 0, 0, 0],
    ]);
  });

  test('bands are matched by name, else in order, and a single band goes with all', () => {
    const swapped = call('Image.select', { input: STORED, bandSelectors: constant(['b', 'a']) });
    expect(compute(binary('subtract', STORED, swapped)).map(([, , pixels]) => pixels)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    const one = call('Image.select', { input: STORED, bandSelectors: constant(['b']) });
    expect(compute(binary('add', one, STORED))).toEqual([
      ['a', 'uint16', [15, 261, 0, 0]],
      ['b', 'uint16', [10, 12, 0, 0]],
    ]);
    const three = call('Image.constant', { value: constant([1, 2, 3]) });
    expect(() => compute(binary('add', STORED, three))).toThrow('Image.add: ');
  });
});

describe('masks', () => {
  test('the mask of an image is 0 or 1 everywhere', () => {
    expect(first(call('Image.mask', { image: STORED }))).toEqual(['float32', [1, 1, 0, 0]]);
  });

  test('unmask widens the type to hold the value and stays inside the footprint unless told', () => {
    const filled = call('Image.unmask', { input: STORED, value: constant(300) });
    expect(first(filled)).toEqual(['uint16', [10, 255, 300, 0]]);
    const everywhere = call('Image.unmask', {
      input: STORED,
      value: constant(-9999),
      sameFootprint: constant(false),
    });
    expect(first(everywhere)).toEqual(['int16', [10, 255, -9999, -9999]]);
  });

  test('updateMask keeps what both masks keep, and Image.mask with a mask replaces it', () => {
    const small = binary('lt', STORED, constant(100));
    expect(first(call('Image.updateMask', { image: STORED, mask: small }))).toEqual([
      'uint8',
      [10, 0, 0, 0],
    ]);
    const uncovered = call('Image.mask', { image: STORED, mask: constant(1) });
    expect(first(call('Image.mask', { image: uncovered }))[1]).toEqual([1, 1, 1, 1]);
  });
});

describe('casts', () => {
  test('casts to whole numbers truncate towards zero and stop at the ends of the range', () => {
    const values = call('Image.constant', { value: constant([-3.7, 3.7, 300, -300]) });
    const cast = (name: string) =>
      compute(call(name, { value: values })).map(([, dtype, [pixel]]) => [dtype, pixel]);
    expect(cast('Image.toUint8').map(([, pixel]) => pixel)).toEqual([0, 3, 255, 0]);
    expect(cast('Image.toInt16').map(([, pixel]) => pixel)).toEqual([-3, 3, 300, -300]);
    expect(cast('Image.toUint16').map(([dtype]) => dtype)).toEqual(Array(4).fill('uint16'));
  });

  test('a cast to a wider type keeps the values', () => {
    for (const [name, dtype] of [
      ['toUint16', 'uint16'],
      ['toInt32', 'int32'],
      ['toUint32', 'uint32'],
      ['toFloat', 'float32'],
      ['toDouble', 'float64'],
    ]) {
      expect(first(call(`Image.${name}`, { value: STORED }))).toEqual([dtype, [10, 255, 0, 0]]);
    }
  });
});

describe('bands', () => {
  test('bands are selected by name, index and regular expression, and renamed', () => {
    const names = (selectors: unknown, newNames?: unknown) =>
      toImage(
        call('Image.select', {
          input: STORED,
          bandSelectors: constant(selectors),
          ...(newNames === undefined ? {} : { newNames: constant(newNames) }),
        }),
      ).bands.map(({ name }) => name);
    expect(names(['b', 0])).toEqual(['b', 'a']);
    expect(names(['[ab]'])).toEqual(['a', 'b']);
    expect(names(['.*'], ['x', 'y'])).toEqual(['x', 'y']);
    expect(() => names(['c'])).toThrow(
      "Image.select: Band pattern 'c' did not match any bands. Available bands: [a, b]",
    );
    expect(() => names(['a'], ['x', 'y'])).toThrow('Image.select: ');
  });

  test('a band added under a taken name gets a number, or replaces it when told to', () => {
    const add = (overwrite: boolean) =>
      toImage(
        call('Image.addBands', {
          dstImg: STORED,
          srcImg: STORED,
          names: constant(['a']),
          overwrite: constant(overwrite),
        }),
      ).bands.map(({ name }) => name);
    expect(add(false)).toEqual(['a', 'b', 'a_1']);
    expect(add(true)).toEqual(['a', 'b']);
  });
});

describe('collections', () => {
  test('a mosaic has the last image on top and those below where it is masked', () => {
    const mosaic = call('ImageCollection.mosaic', { collection: COLLECTION });
    expect(compute(mosaic)).toEqual([
      ['a', 'uint8', [10, 255, 3, 4]],
      ['b', 'uint8', [5, 6, 7, 0]],
    ]);
  });

  test('date ranges take the start in and leave the end out', () => {
    const filtered = (start: string, end?: string) => {
      const filter = call('Filter.dateRangeContains', {
        leftValue: call('DateRange', {
          start: constant(start),
          ...(end === undefined ? {} : { end: constant(end) }),
        }),
        rightField: constant('system:time_start'),
      });
      const value = evaluate(
        expression(call('Collection.filter', { collection: COLLECTION, filter })),
        CATALOGUE,
      );
      return isKind(value, 'ImageCollection') ? value.images.map(({ id }) => id) : [];
    };
    expect(filtered('2001-01-01', '2002-01-01')).toEqual(['c/early']);
    expect(filtered('2002-01-01')).toEqual(['c/late']);
    expect(filtered('2001-01-01T00:00', '2002-01-01T00:00:01')).toEqual(['c/early', 'c/late']);
    expect(() => filtered('someday')).toThrow("Bad date/time 'someday'");
  });

  test('filters on the acquisition time can be joined', () => {
    const time = (name: string, date: string) =>
      call(`Filter.${name}`, {
        leftField: constant('system:time_start'),
        rightValue: call('Date', { value: constant(date) }),
      });
    const count = (name: string, ...filters: Node[]) => {
      const filter = call(name, { filters: { arrayValue: { values: filters } } });
      const value = evaluate(
        expression(call('Collection.filter', { collection: COLLECTION, filter })),
        CATALOGUE,
      );
      return isKind(value, 'ImageCollection') ? value.images.length : -1;
    };
    const after = time('greaterThan', '2001-06-01');
    const before = time('lessThan', '2001-06-01');
    expect(count('Filter.and', after, before)).toBe(0);
    expect(count('Filter.or', after, before)).toBe(2);
    expect(count('Filter.and', time('equals', '2001-01-01'))).toBe(1);
  });
});

describe('the graph', () => {
  test('a value that is referred to twice is computed once', () => {
    const { length } = computed;
    const image = evaluate(
      {
        result: 'sum',
        values: {
          stored: STORED,
          sum: call('Image.add', {
            image1: { valueReference: 'stored' },
            image2: { valueReference: 'stored' },
          }),
        },
      },
      CATALOGUE,
    ) as Image;
    const frame = new Frame(GeoBox.fromRecord(FRAME_BOX));
    const [sum] = image.bands;
    expect(sum && [...asType(frame.planeOf(sum.source).pixels, 'uint16', 4)]).toEqual([
      20, 510, 0, 0,
    ]);
    expect(computed.length - length).toBe(1);
  });

  test('a function the expression defines can be called', () => {
    const value = evaluate(
      {
        result: 'call',
        values: {
          body: call('Image.add', { image1: { argumentReference: 'x' }, image2: constant(1) }),
          f: { functionDefinitionValue: { argumentNames: ['x'], body: 'body' } },
          call: { functionInvocationValue: { functionReference: 'f', arguments: { x: STORED } } },
        },
      },
      CATALOGUE,
    ) as Image;
    const frame = new Frame(GeoBox.fromRecord(FRAME_BOX));
    const [result] = value.bands;
    expect(result && [...asType(frame.planeOf(result.source).pixels, 'uint16', 4)]).toEqual([
      11, 256, 0, 0,
    ]);
  });

  test('a function is given each of its arguments and no others, and may be called with another value each time', () => {
    const f = { functionDefinitionValue: { argumentNames: ['x', 'y'], body: 'body' } };
    const body = call('Number.subtract', {
      left: { argumentReference: 'x' },
      right: { argumentReference: 'y' },
    });
    const f_of = (args: Readonly<Record<string, object>>) => ({
      functionInvocationValue: { functionReference: 'f', arguments: args },
    });
    const run = (node: object) =>
      evaluate({ result: '0', values: { 0: node, f, body } }, CATALOGUE);
    const inner = f_of({ x: constant(10), y: constant(4) });
    expect(run(f_of({ x: inner, y: constant(1) }))).toBe(5);
    expect(run(f_of({ y: inner, x: constant(1) }))).toBe(-5);
    expect(() => run(f_of({ x: constant(1) }))).toThrow(
      "Function 'f': Parameter 'y' is required and may not be null.",
    );
    expect(() => run(f_of({ x: constant(1), y: constant(1), z: constant(1) }))).toThrow(
      "Function 'f': Unrecognized argument 'z'.",
    );
  });

  test('circles, unknown references and unknown arguments are refused', () => {
    const run = (values: object) => () => evaluate({ result: '0', values }, CATALOGUE);
    expect(run({ 0: { valueReference: '0' } })).toThrow("Reference '0' refers to itself.");
    expect(run({ 0: { valueReference: 'toString' } })).toThrow("'toString' is not defined");
    expect(run({ 0: { argumentReference: 'x' } })).toThrow("Argument 'x' is not defined.");
    expect(run({ 0: call('Image.load', { path: constant('i') }) })).toThrow(
      "Image.load: Unrecognized argument 'path'.",
    );
    expect(run({ 0: call('Image.load', {}) })).toThrow("Image.load: Parameter 'id' is required");
  });
});
