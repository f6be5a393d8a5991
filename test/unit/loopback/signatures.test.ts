import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listAlgorithms } from '../../../src/loopback/expression/algorithms.js';
import { parseSignature } from '../../../src/loopback/expression/signature.js';

interface Entry {
  readonly name: string;
  readonly description?: string;
}

// An excerpt of the list that Earth Engine publishes; see make-algorithms.py beside it.
const PUBLISHED = new Map(
  (
    JSON.parse(readFileSync(new URL('published/algorithms.json', import.meta.url), 'utf8')) as {
      algorithms: Entry[];
    }
  ).algorithms.map((entry) => [entry.name, entry]),
);

const SERVED = (listAlgorithms() as { algorithms: Entry[] }).algorithms;

test('no function is served that Earth Engine does not publish', () => {
  const unknown = SERVED.filter(({ name }) => !PUBLISHED.has(name)).map(({ name }) => name);
  expect(unknown).toEqual([]);
  expect(SERVED.length).toBe(PUBLISHED.size);
});

test.each(SERVED)(
  '$name has the arguments, types, defaults and result that are published',
  ({ description, ...signature }) => {
    expect(description).not.toBe('');
    expect(signature).toEqual(PUBLISHED.get(signature.name));
  },
);

describe('a signature as text', () => {
  test('may have types with commas in them and defaults that are objects', () => {
    const text =
      '(a: Dictionary<List<Object>>, b: ErrorMargin = {"unit": "meters", "value": 0}) => List<Image>';
    expect(parseSignature(text)).toEqual({
      parameters: [
        { name: 'a', type: 'Dictionary<List<Object>>' },
        { name: 'b', type: 'ErrorMargin', otherwise: { unit: 'meters', value: 0 } },
      ],
      returns: 'List<Image<unknown bands>>',
    });
  });

  test('may be without parameters, and is refused when it is none', () => {
    expect(parseSignature('() => Image').parameters).toEqual([]);
    expect(() => parseSignature('Image')).toThrow(TypeError);
    expect(() => parseSignature('(Image) => Image')).toThrow(TypeError);
  });
});
