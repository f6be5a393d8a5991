import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { requestExpression } from '../../src/earth-engine/expressions/expression.js';
import { presetDataset } from '../../src/index.js';
import { checkBody } from './check.mjs';
import { checkJournal, withJournal } from './journal.mjs';
import { knownMessages } from './schema.mjs';

type Json = Record<string, unknown>;

const GRID = {
  dimensions: { width: 4, height: 3 },
  affineTransform: { scaleX: 1, shearX: 0, translateX: 0, shearY: 0, scaleY: -1, translateY: 0 },
  crsCode: 'EPSG:4326',
};

const call = (functionName: string, args: Json) => ({
  functionInvocationValue: { functionName, arguments: args },
});
const constant = (value: unknown) => ({ constantValue: value });
const IMAGE = call('Image.constant', { value: constant(7) });

/** A right body, or one with other fields. */
const body = (more: Json = {}) => ({
  expression: { result: '0', values: { 0: IMAGE } },
  fileFormat: 'GEO_TIFF',
  grid: GRID,
  ...more,
});

const values = (all: Json, result = '0') => body({ expression: { result, values: all } });
const problemsOf = (json: unknown) => checkBody('computePixels', JSON.stringify(json));

test('a body of our own client is right', () => {
  const dataset = presetDataset('TCTrend');
  const expression = requestExpression(dataset, [0, 1, 2], { kind: 'bits' }, { start: 0, end: 1 });
  expect(problemsOf(body({ expression }))).toEqual([]);
});

test('a body with a function of the time step, which it calls, is right', () => {
  const body_ = call('Image.constant', { value: { argumentReference: 'start' } });
  const f = { functionDefinitionValue: { argumentNames: ['start', 'end'], body: '1' } };
  const dataset = {
    bands: [{ name: 'constant' }],
    dtype: 'uint8',
    source: { kind: 'expression', expression: { result: '0', values: { 0: f, 1: body_ } } },
  } as const;
  const expression = requestExpression(dataset, [0], { kind: 'bits' }, { start: 0, end: 1 });
  expect(JSON.stringify(expression)).toContain('"functionReference":"0"');
  expect(problemsOf(body({ expression, workloadTag: 'monthly-medians' }))).toEqual([]);
});

test('the type of every plain field of the messages is known', () => {
  for (const { name, fields, typed } of knownMessages())
    expect([name, typed]).toEqual([name, fields]);
});

/** Each broken in one way: the body, and what must be said of it. */
const BROKEN: readonly (readonly [claim: string, json: unknown, said: RegExp])[] = [
  ['an unknown key', body({ mask: true }), /\.mask: ComputePixelsRequest has no such field/],
  [
    'an unknown key further in',
    body({ grid: { ...GRID, epsg: 4326 } }),
    /\.grid\.epsg: PixelGrid has no such field/,
  ],
  [
    'a tag that is none',
    body({ workloadTag: 'My cube' }),
    /\.workloadTag: expected tag but received "My cube"/,
  ],
  ['a needed key that is missing', { ...body(), grid: undefined }, /\.grid: is needed/],
  [
    'a value that is none of an enum',
    body({ fileFormat: 'GEOTIFF' }),
    /expected one of .*GEO_TIFF/,
  ],
  [
    'text for a number',
    body({ grid: { ...GRID, dimensions: { width: '4', height: 3 } } }),
    /\.width: expected int32 but received "4"/,
  ],
  [
    'a number that JSON writes as null',
    body({ grid: { ...GRID, affineTransform: { ...GRID.affineTransform, scaleX: Number.NaN } } }),
    /\.scaleX: expected double but received null/,
  ],
  [
    'two names of one CRS',
    body({ grid: { ...GRID, crsWkt: 'GEOGCS[]' } }),
    /expected one of crsCode, crsWkt but received crsCode and crsWkt/,
  ],
  ['a node with no value', values({ 0: {} }), /expected one of .* but received none/],
  [
    'a list for a map',
    body({ expression: { result: '0', values: [IMAGE] } }),
    /\.values: received \[/,
  ],
  ['a result that is not there', values({ 1: IMAGE }), /result: refers to "0", which is not there/],
  [
    'a reference that leads nowhere',
    values({ 0: call('Image.toFloat', { value: { valueReference: '1' } }) }),
    /refers to "1", which is not there/,
  ],
  [
    'a cycle',
    values({
      0: call('Image.toFloat', { value: { valueReference: '1' } }),
      1: call('Image.toFloat', { value: { valueReference: '0' } }),
    }),
    /refers to "0", which it is part of/,
  ],
  [
    'an unknown function',
    values({ 0: call('Image.paint', {}) }),
    /Image\.paint is not among the published functions/,
  ],
  [
    'a missing argument',
    values({ 0: call('Image.gt', { image1: IMAGE }) }),
    /Image\.gt lacks "image2"/,
  ],
  [
    'an unknown argument',
    values({ 0: call('Image.toFloat', { value: IMAGE, dtype: constant('f4') }) }),
    /argument "dtype", which it does not have/,
  ],
  [
    'a constant of the wrong type',
    values({ 0: call('Image.load', { id: constant(7) }) }),
    /argument "id": expected String but received Number/,
  ],
  [
    'a list of the wrong type',
    values({ 0: call('Image.rename', { input: IMAGE, names: constant(['a', 7]) }) }),
    /argument "names": expected List<String> but received List<String> or List<Number>/,
  ],
  [
    'a result of the wrong type',
    values({ 0: call('ImageCollection.mosaic', { collection: IMAGE }) }),
    /argument "collection": expected ImageCollection but received Image/,
  ],
  [
    'no value for an argument',
    values({ 0: call('Image.constant', { value: constant(null) }) }),
    /argument "value": expected Object but received null/,
  ],
  [
    'an argument of no function',
    values({ 0: call('Image.toFloat', { value: { argumentReference: 'x' } }) }),
    /no function around it has "x"/,
  ],
];

describe('a body is found to be wrong for', () => {
  test.each(BROKEN)('%s', (_, json, said) => {
    expect(problemsOf(json)).toEqual([expect.stringMatching(said)]);
  });

  test('what is no JSON, and a method that nothing is known of', () => {
    expect(checkBody('computePixels', '{')).toEqual([expect.stringMatching(/expected JSON/)]);
    expect(checkBody('publish', '{}')).toEqual([expect.stringMatching(/"publish" is a method/)]);
  });
});

test('what another process sends is written down and found to be wrong; what it fetches is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-journal-'));
  const script = `
    import { request } from 'undici';
    const url = 'http://127.0.0.1:9/v1/projects/p/image:computePixels';
    const send = (body) => ({ method: 'POST', body: JSON.stringify(body) });
    await request(url, send(${JSON.stringify(body())})).catch(() => {});
    await request(url, send(${JSON.stringify(body({ mask: true }))})).catch(() => {});
    await fetch(url, send({})).catch(() => {});`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, SENT_BODIES: folder, NODE_OPTIONS: withJournal() },
  });
  const { count, line, problems } = checkJournal(folder);
  expect(problems).toEqual([expect.stringMatching(/\.mask/)]);
  expect(count).toBe(2);
  expect(line).toBe(
    'sent bodies: 2 checked against the published schema and functions (2 distinct), 1 wrong',
  );
});
