import { describe, expect, test } from 'vitest';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Catalogue } from '../../../src/loopback/assets/catalogue.js';
import { describeValue } from '../../../src/loopback/assets/describe.js';
import { evaluate } from '../../../src/loopback/expression/evaluate.js';
import { statisticOf } from '../../../src/loopback/expression/statistics.js';
import { insideMask } from '../../../src/loopback/geometry/inside.js';
import { Frame } from '../../../src/loopback/image/image.js';
import { encodeNpy } from '../../../src/loopback/image/npy.js';
import { call, constant, expression } from './support.js';

const EMPTY = new Catalogue([]);

function resultOf(node: ReturnType<typeof call>): unknown {
  return describeValue(evaluate(expression(node), EMPTY));
}

describe('NPY', () => {
  test('is one record for each pixel, little-endian, after a header on a multiple of 64', () => {
    const bytes = encodeNpy(1, 2, [
      { name: 'a', dtype: 'uint8', pixels: Uint8Array.of(1, 2) },
      { name: 'b', dtype: 'int16', pixels: Int16Array.of(-2, 258) },
    ]);
    const length = 10 + new DataView(bytes.buffer).getUint16(8, true);
    expect(length % 64).toBe(0);
    expect(Buffer.from(bytes.subarray(10, length)).toString()).toContain(
      "'descr': [('a', '|u1'), ('b', '<i2')], 'fortran_order': False, 'shape': (1, 2)",
    );
    expect([...bytes.subarray(length)]).toEqual([1, 0xfe, 0xff, 2, 2, 1]);
  });
});

describe('statistics', () => {
  test('the median of an even count is the mean of the two middle ones', () => {
    expect(statisticOf('median', Float64Array.of(9, 1, 4, 2), 4)).toBe(3);
    expect(statisticOf('median', Float64Array.of(9, 1, 4), 3)).toBe(4);
  });

  test('of nothing there is a count and a sum, and no other number', () => {
    expect(statisticOf('count', new Float64Array(2), 0)).toBe(0);
    expect(statisticOf('mean', new Float64Array(2), 0)).toBeNaN();
  });
});

describe('shapes', () => {
  test('a pixel is inside when its centre is', () => {
    const frame = new Frame(
      GeoBox.fromRecord({ crs: 'EPSG:4326', shape: [3, 4], affine: [1, 0, 0, 0, -1, 3] }),
    );
    const ring = [
      [0.4, 0.6],
      [2.6, 0.6],
      [2.6, 2.6],
      [0.4, 2.6],
    ] as const;
    expect([...insideMask([ring], frame)]).toEqual([1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  });

  test('edges that are geodesics reach further north than their ends', () => {
    const coordinates = constant([126, 72, 127, 73]);
    const bounds = (more: object) =>
      resultOf(
        call('Geometry.bounds', {
          geometry: call('GeometryConstructors.Rectangle', { coordinates, ...more }),
        }),
      ) as { coordinates: [number, number][][] };
    const [, , [, north] = [0, 0]] = bounds({}).coordinates[0] ?? [];
    expect(north).toBeCloseTo(73.00061, 5);
    expect(bounds({ geodesic: constant(false) }).coordinates[0]?.[2]).toEqual([127, 73]);
  });
});

describe('conditions and functions', () => {
  test('only the case that holds is evaluated', () => {
    const wrong = call('Image.load', { id: constant('nowhere') });
    const choose = (condition: boolean) =>
      call('If', {
        condition: constant(condition),
        trueCase: constant('yes'),
        falseCase: wrong,
      });
    expect(resultOf(choose(true))).toBe('yes');
    expect(() => resultOf(choose(false))).toThrow("asset 'nowhere' not found");
  });

  test('a function is called with each item, also inside of another one', () => {
    const json = {
      result: '0',
      values: {
        0: call('List.map', {
          list: constant([1, 2]),
          baseAlgorithm: { functionDefinitionValue: { argumentNames: ['x'], body: '1' } },
        }),
        1: call('List.map', {
          list: constant([10, 20]),
          baseAlgorithm: { functionDefinitionValue: { argumentNames: ['y'], body: '2' } },
        }),
        2: call('Number.add', {
          left: { argumentReference: 'x' },
          right: { argumentReference: 'y' },
        }),
      },
    };
    expect(describeValue(evaluate(json, EMPTY))).toEqual([
      [11, 21],
      [12, 22],
    ]);
  });

  test('a list that would fill the memory is refused', () => {
    expect(() =>
      resultOf(call('List.repeat', { value: constant(0), count: constant(1e9) })),
    ).toThrow('up to 1000000 items');
  });
});
