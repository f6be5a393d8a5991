import { describe, expect, test } from 'vitest';
import { latitudeLabel, longitudeLabel } from '../../../src/picture/map/graticule.js';
import { drawText, measureText, shortenText, wrapText } from '../../../src/picture/text.js';

const STYLE = { size: 12, colour: '#000' } as const;

describe('drawText', () => {
  test('is an outline that keeps its words for programs', () => {
    const path = drawText('72°N — ×', 10, 20, STYLE);
    expect(path).toMatch(/^<path class="text" aria-label="72°N — ×" [^>]* d="M[-\dMLQz. ]+"\/>$/);
  });

  test('ends at x when anchored at its end', () => {
    const path = drawText('HH', 100, 20, { ...STYLE, anchor: 'end' });
    const xs = [...path.matchAll(/[ML](-?[\d.]+) /g)].map(([, x]) => Number(x));
    expect(Math.max(...xs)).toBeLessThan(100);
    expect(Math.min(...xs)).toBeGreaterThan(100 - measureText('HH', 12));
  });

  test('never writes a number that is none, at whatever place', () => {
    const everything = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    for (let x = 0; x < 20; x++) {
      expect(drawText(everything, x * 7.3, x * 11.7, STYLE).split(' d=')[1]).not.toMatch(/N|e/);
    }
  });
});

test('text is wrapped between words and shortened to a width', () => {
  const width = measureText('wide enough for', 12);
  expect(wrapText('wide enough for three words', 12, width)).toEqual([
    'wide enough for',
    'three words',
  ]);
  const short = shortenText('much too long a title', 12, 60);
  expect(short.endsWith('…')).toBe(true);
  expect(measureText(short, 12)).toBeLessThanOrEqual(60);
});

test('degrees are labelled with their hemisphere and as many digits as the interval has', () => {
  expect([190, -180, 0, 7.5, -120].map((lon) => longitudeLabel(lon, 0.5))).toEqual([
    '170.0°W',
    '180°',
    '0°',
    '7.5°E',
    '120.0°W',
  ]);
  expect([72, 0, -0.02].map((lat) => latitudeLabel(lat, 0.02))).toEqual([
    '72.00°N',
    '0°',
    '0.02°S',
  ]);
});
