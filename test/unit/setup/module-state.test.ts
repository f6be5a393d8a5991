import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compare } from '../../../scripts/architecture/check-module-state.mjs';
import { findModuleState } from '../../../scripts/architecture/module-state.mjs';

/** Every way to keep something in a module, each under a name that says so. */
const VIOLATES = `
import { shared, renamed as other } from './shared.js';
export let assigned = 0;
export const emptyMap = new Map<string, number>();
export const emptyList: string[] = [];
const scratch = new Float64Array(16);
const buffer = new ArrayBuffer(16);
const filledLater = new Set(['a']);
export const written = { count: 0, inner: { list: [1, 2] } };
export const sorted = [3, 1, 2];
export const handedOut = ['a', 'b'];
export const underAnotherName = [1, 2];
class Counter { count = 0; static last = 0; static readonly all: Counter[] = []; }
export const instance = new Counter();
export const closure = (() => { let count = 0; return () => count++; })();
const global = /a/g;
const { part } = { part: new Uint8Array(4) };
export function withCache(): void {}
withCache.cache = 1;
function change(list: string[]): void { list.push('c'); }
export function use(): unknown {
  filledLater.add('b');
  written.inner.list[0] = 7;
  sorted.sort();
  change(handedOut);
  const alias = underAnotherName;
  alias.push(3);
  shared.push('x');
  other.clear();
  (globalThis as { kept?: number }).kept = 1;
  return [assigned, scratch, buffer, part, global.test('a'), Counter];
}
`;

const SHARED = `
export const shared = ['a'];
export const renamed = new Set<string>(['a']);
`;

/** What only looks like it. */
const KEEPS_TO_IT = `
export const NAMES = ['a', 'b'];
export const KNOWN = new Set(['a']);
export const TABLE: Readonly<Record<string, number>> = { a: 1 };
const NUMBERS = new Intl.NumberFormat('en-US');
const PATTERN = /a/g;
const ONE = /a/;
function read(names: readonly string[], known: ReadonlySet<string>): number {
  return names.length + known.size;
}
export function use(text: string): unknown {
  let local = 0;
  const own = new Map([['a', 1]]);
  local += own.size;
  own.set('b', 2);
  const NAMES_TOO = [...NAMES].sort();
  const counts = NAMES.map((name) => name.length).sort();
  return [read(NAMES, KNOWN), TABLE.a, NUMBERS.format(local), text.replace(PATTERN, ''), ONE.test(text), NAMES_TOO, counts];
}
`;

let folder = '';
const names = new Map<string, string[]>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-module-state-'));
  const files = Object.entries({ violates: VIOLATES, shared: SHARED, keeps: KEEPS_TO_IT }).map(
    ([name, text]) => {
      const file = join(folder, `${name}.ts`);
      writeFileSync(file, text);
      return file;
    },
  );
  const found = findModuleState(files, {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  });
  for (const { file, name } of found) {
    const module = basename(file, '.ts');
    names.set(module, [...(names.get(module) ?? []), name]);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('whatever a module keeps and changes is found', () => {
  expect(names.get('violates')?.sort()).toEqual(
    [
      ...['Counter.all', 'Counter.last', 'assigned', 'buffer', 'closure', 'emptyList', 'emptyMap'],
      ...['filledLater', 'global', 'globalThis', 'handedOut', 'instance', 'part', 'scratch'],
      ...['sorted', 'underAnotherName', 'withCache', 'written'],
    ].sort(),
  );
});

test('so is what another module changes, under whatever name', () => {
  expect(names.get('shared')?.sort()).toEqual(['renamed', 'shared']);
});

test('constants that are only read, and what a function keeps while it runs, are none', () => {
  expect(names.get('keeps')).toBeUndefined();
});

test('what is not listed fails, and so does what is listed and no longer there', () => {
  const found = [{ place: 'cube/read:scratch', why: 'a Float64Array can always be written to' }];
  expect(compare(found, { 'cube/read:scratch': 'a reason' })).toEqual([]);
  expect(compare(found, {})).toEqual([expect.stringMatching(/^cube\/read:scratch: is state/)]);
  expect(compare([], { 'cube/read:scratch': 'a reason' })).toEqual([
    expect.stringMatching(/^cube\/read:scratch: is listed/),
  ]);
});
