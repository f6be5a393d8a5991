import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { apiPage, readExports } from '../../../scripts/write-api-page.mjs';

describe('the page of the public names', () => {
  const exports = readExports();

  test('is that of this code (else run scripts/write-api-page.mjs)', () => {
    const file = new URL('../../../src/README.md', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(apiPage(exports));
  });

  test('describes every export: none is without a docstring', () => {
    expect(exports.length).toBeGreaterThan(50);
    expect(exports.filter(({ doc }) => doc === '').map(({ name }) => name)).toEqual([]);
  });

  test('has the members of a class with their signatures, private ones left out', () => {
    const cube = exports.find(({ name }) => name === 'Cube');
    const signatures = cube?.members.map(({ signature }) => signature) ?? [];
    expect(signatures).toContain('title: string');
    expect(
      signatures.some((text) =>
        text.startsWith('Cube.create<Bands extends BandTypes>(storage: string'),
      ),
    ).toBe(true);
    expect(signatures.some((text) => /^(repository|codec|#)/.test(text))).toBe(false);
  });
});
