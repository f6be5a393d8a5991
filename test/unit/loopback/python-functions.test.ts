/** What the Python client makes of filters and of classes, beside what is published of them. */
import { describe, expect, test } from 'vitest';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Catalogue } from '../../../src/loopback/assets/catalogue.js';
import { evaluate } from '../../../src/loopback/expression/evaluate.js';
import { type Filter, isKind, type Value } from '../../../src/loopback/expression/value.js';
import { Frame } from '../../../src/loopback/image/image.js';
import { call, constant, expression } from './support.js';

const EMPTY = new Catalogue([]);
const evaluated = (node: ReturnType<typeof call>) => evaluate(expression(node), EMPTY);

function filterOf(node: ReturnType<typeof call>): Filter {
  const value = evaluated(node);
  if (isKind(value, 'Filter')) return value;
  throw new Error('Expected a filter.');
}

const imageWith = (properties: Record<string, unknown>) =>
  ({ kind: 'Image', bands: [], properties }) as unknown as Value;

describe('filters', () => {
  test('listContains finds a property in a list, and a value in a property that is one', () => {
    const oneOf = filterOf(
      call('Filter.listContains', {
        leftValue: constant(['LANDSAT_8', 'LANDSAT_9']),
        rightField: constant('SPACECRAFT_ID'),
      }),
    );
    expect(oneOf.accepts(imageWith({ SPACECRAFT_ID: 'LANDSAT_9' }))).toBe(true);
    expect(oneOf.accepts(imageWith({ SPACECRAFT_ID: 'LANDSAT_7' }))).toBe(false);
    expect(oneOf.accepts(imageWith({}))).toBe(false);
    const among = filterOf(
      call('Filter.listContains', { leftField: constant('ids'), rightValue: constant(2) }),
    );
    expect(among.accepts(imageWith({ ids: [1, 2] }))).toBe(true);
    expect(among.accepts(imageWith({ ids: [1] }))).toBe(false);
    expect(among.accepts(imageWith({ ids: 2 }))).toBe(false);
  });

  test('rangeContains takes both ends', () => {
    const range = filterOf(
      call('Filter.rangeContains', {
        field: constant('cloud'),
        minValue: constant(10),
        maxValue: constant(20),
      }),
    );
    const kept = [9, 10, 20, 21, '15'].filter((cloud) => range.accepts(imageWith({ cloud })));
    expect(kept).toEqual([10, 20]);
  });

  const at = (text: string) => imageWith({ 'system:time_start': Date.parse(text) });

  test.each([
    ['month', 6, 8, ['2024-06-01', '2024-08-31T23:59:59Z'], ['2024-05-31T23:59:59Z', '2024-09-01']],
    ['month', 11, 2, ['2024-11-01', '2024-02-29', '2024-01-15'], ['2024-03-01', '2024-10-31']],
    ['year', 2020, 2021, ['2020-01-01', '2021-12-31'], ['2019-12-31', '2022-01-01']],
    ['day_of_year', 60, 60, ['2024-02-29', '2023-03-01'], ['2024-03-01', '2023-02-28']],
    ['day_of_week', 1, 1, ['2024-01-01'], ['2023-12-31', '2024-01-02']],
    ['day_of_week', 7, 7, ['2023-12-31'], ['2024-01-01']],
    ['hour', 22, 1, ['2024-01-01T23:00Z', '2024-01-01T01:59Z'], ['2024-01-01T02:00Z']],
  ])('calendarRange of %s from %d to %d, both included', (field, start, end, inside, outside) => {
    const range = filterOf(
      call('Filter.calendarRange', {
        ...{ start: constant(start), end: constant(end), field: constant(field) },
      }),
    );
    expect(inside.filter((text) => !range.accepts(at(text)))).toEqual([]);
    expect(outside.filter((text) => range.accepts(at(text)))).toEqual([]);
  });

  test('dayOfYear is the range of those days', () => {
    const range = filterOf(call('Filter.dayOfYear', { start: constant(1), end: constant(31) }));
    expect([at('2024-01-31T23:00Z'), at('2024-02-01')].map(range.accepts)).toEqual([true, false]);
  });
});

describe('remap', () => {
  const ramp = call('Image.constant', { value: constant(9) });
  const frame = new Frame(
    GeoBox.fromRecord({ crs: 'EPSG:4326', shape: [1, 1], affine: [1, 0, 0, 0, -1, 1] }),
  );
  const pixelOf = (args: object) => {
    const image = evaluated(call('Image.remap', { image: ramp, ...args }));
    if (!isKind(image, 'Image')) throw new Error('Expected an image.');
    expect(image.bands.map(({ name }) => name)).toEqual(['remapped']);
    const [band] = image.bands;
    const { pixels, mask } = frame.planeOf(band?.source as NonNullable<typeof band>['source']);
    return mask?.[0] === 0 ? 'masked' : (pixels as ArrayLike<number>)[0];
  };

  test('gives a listed value its partner, another the default, and masks it without one', () => {
    const lists = (from: number[], to: number[]) => ({ from: constant(from), to: constant(to) });
    expect(pixelOf(lists([8, 9], [0, 4]))).toBe(4);
    expect(pixelOf(lists([8], [0]))).toBe('masked');
    expect(pixelOf({ ...lists([8], [0]), defaultValue: constant(-1) })).toBe(-1);
    expect(() => pixelOf(lists([8], [0, 1]))).toThrow('one length, not 1 and 2');
    expect(() => pixelOf({ ...lists([8], [0]), bandName: constant('b') })).toThrow("'b' not found");
  });
});
