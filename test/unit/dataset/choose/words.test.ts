import { describe, expect, test } from 'vitest';
import { parseBands, parseReduce } from '../../../../src/dataset/choose/band-words.js';
import { chooseChunk } from '../../../../src/dataset/choose/chunk.js';
import { nearNames } from '../../../../src/dataset/choose/near.js';
import { spanOfEntry, timeEntryOf } from '../../../../src/dataset/choose/time-words.js';
import { InvalidInputError } from '../../../../src/errors.js';

describe('bands as they are typed', () => {
  test('are names, scaled and derived ones', () => {
    expect(parseBands('B4, B3,QA-10')).toEqual(['B4', 'B3', 'QA-10']);
    expect(parseBands('temperature_2m*100-27315')).toEqual([
      { name: 'temperature_2m', scale: 100, offset: -27_315 },
    ]);
    expect(parseBands('B2,NDVI=nd(B8,B4)*1e4,N=normalizedDifference(a,b)')).toEqual([
      'B2',
      { name: 'NDVI', scale: 10_000, normalizedDifference: ['B8', 'B4'] },
      { name: 'N', normalizedDifference: ['a', 'b'] },
    ]);
  });

  test.each(['', ',', 'B4 & B3', 'NDVI=nd(B8)', 'B4*', 'a=b', 'B4*x'])('%j are none', (text) => {
    expect(() => parseBands(text)).toThrow(InvalidInputError);
  });

  test('reductions have percentiles', () => {
    expect(['p90', 'percentile:2.5', 'median'].map(parseReduce)).toEqual([
      { percentile: 90 },
      { percentile: 2.5 },
      'median',
    ]);
  });
});

describe('times as they are typed', () => {
  test('are steps of one length, or listed ones, their ends included', () => {
    expect(timeEntryOf('2024/2025', '1 month')).toEqual({
      ...{ start: '2024', step: '1 month', end: '2025' },
    });
    expect(timeEntryOf('2024', '1 year')).toEqual({ start: '2024', step: '1 year', end: '2024' });
    expect(timeEntryOf('2021,2023', undefined)).toEqual(['2021', '2023']);
    expect(timeEntryOf('2024-06/2024-08', undefined)).toEqual(['2024-06/2024-09-01']);
    const { start, end } = spanOfEntry(timeEntryOf('2024-06/2024-08', '1 month'));
    expect([start, end]).toEqual([Date.UTC(2024, 5, 1), Date.UTC(2024, 8, 1)]);
  });

  test.each([
    ['', undefined],
    ['2024,', undefined],
    ['2024/', '1 month'],
    ['2024,2025', '1 month'],
    ['1/2/3', undefined],
    ['next year', '1 month'],
  ])('%j with steps of %j are refused', (time, step) => {
    expect(() => timeEntryOf(time, step)).toThrow(InvalidInputError);
  });
});

test('names near a wrong one are the nearest first, whatever their case', () => {
  const names = ['B1', 'B2', 'B8', 'B8A', 'SCL', 'MSK_CLDPRB'];
  expect(nearNames('b8', names)).toEqual(['B8', 'B1', 'B2', 'B8A']);
  expect(nearNames('MSK_CLDPROB', names)).toEqual(['MSK_CLDPRB']);
  expect(nearNames('temperature', names)).toEqual([]);
  expect(nearNames('COPERNICUS/S2_SR_HARMONISED', ['COPERNICUS/S2_SR_HARMONIZED'])).toHaveLength(1);
});

describe('a chunk', () => {
  const subject = { requestBytes: 50_331_648, shape: [10_000, 10_000], isComputed: false } as const;

  test('is the largest of which a tile is one request', () => {
    expect(chooseChunk({ ...subject, pixelBytes: 12 }).side).toBe(2048);
    expect(chooseChunk({ ...subject, pixelBytes: 13 }).side).toBe(1024);
    expect(chooseChunk({ ...subject, pixelBytes: 320 }).side).toBe(256);
  });

  test('is smaller where images are reduced, and for small cubes', () => {
    expect(chooseChunk({ ...subject, pixelBytes: 3, isComputed: true }).side).toBe(1024);
    expect(chooseChunk({ ...subject, pixelBytes: 3, shape: [100, 130] }).side).toBe(256);
    expect(chooseChunk({ ...subject, pixelBytes: 3, shape: [1, 1] }).side).toBe(64);
  });

  test('of very many bands is the least, and that is said', () => {
    const { side, why } = chooseChunk({ ...subject, pixelBytes: 90_000 });
    expect([side, why]).toEqual([64, expect.stringContaining('several requests')]);
  });
});
