import { describe, expect, test } from 'vitest';
import type { XY } from '../../../../src/grid/affine.js';
import { clipLine, clipPolygon } from '../../../../src/picture/map/clip.js';
import { pathData } from '../../../../src/picture/map/path.js';

const BOX = { xLow: 0, xHigh: 10, yLow: 0, yHigh: 10 };

describe('clipPolygon', () => {
  test('keeps what lies inside the box and cuts the rest along its sides', () => {
    const square: XY[] = [
      [5, 5],
      [15, 5],
      [15, 15],
      [5, 15],
    ];
    expect(new Set(clipPolygon(square, BOX).map(String))).toEqual(
      new Set(['5,5', '10,5', '10,10', '5,10']),
    );
  });

  test('is the box itself inside a polygon around it, and nothing beside one', () => {
    const around: XY[] = [
      [-5, -5],
      [15, -5],
      [15, 15],
      [-5, 15],
    ];
    expect(new Set(clipPolygon(around, BOX).map(String))).toEqual(
      new Set(['0,0', '10,0', '10,10', '0,10']),
    );
    expect(
      clipPolygon(
        around.map(([x, y]) => [x + 100, y]),
        BOX,
      ),
    ).toEqual([]);
  });
});

describe('clipLine', () => {
  test('breaks a line that leaves the box and comes back', () => {
    const line: XY[] = [
      [-5, 2],
      [5, 2],
      [15, 2],
      [15, 8],
      [5, 8],
    ];
    expect(clipLine(line, BOX)).toEqual([
      [
        [0, 2],
        [5, 2],
        [10, 2],
      ],
      [
        [10, 8],
        [5, 8],
      ],
    ]);
  });

  test('finds a segment that crosses the box with both ends outside', () => {
    const line: XY[] = [
      [-10, -10],
      [20, 20],
    ];
    const [part] = clipLine(line, BOX);
    expect(part?.map(([x, y]) => [Math.round(x), Math.round(y)])).toEqual([
      [0, 0],
      [10, 10],
    ]);
  });

  test('leaves out what passes a corner without touching the box', () => {
    const line: XY[] = [
      [-3, 2],
      [5, -6],
    ];
    expect(clipLine(line, BOX)).toEqual([]);
  });
});

describe('pathData', () => {
  test('is relative, to a tenth, without leading zeros, and does not add up rounding errors', () => {
    const line: XY[] = [
      [1.04, 2],
      [1.54, 1.5],
      [2.04, 3],
      [2.54, 3],
    ];
    expect(pathData([line], false)).toBe('M1 2l.5-.5 .5 1.5 .5 0');
  });

  test('leaves out points too near to see, and lines of nothing else', () => {
    const tiny: XY[] = [
      [0, 0],
      [0.1, 0.1],
      [0.1, 0],
    ];
    expect(pathData([tiny], true)).toBe('');
  });
});
