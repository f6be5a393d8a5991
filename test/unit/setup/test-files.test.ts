import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const TESTS = fileURLToPath(new URL('../..', import.meta.url));

/** A limit as the last argument of a test, in its options, or for all tests of a file. */
const OWN_LIMIT =
  /^ *\}, [\d_]+\);$|^ {2,4}[\d_]{4,},\n *\);$|\btimeout: [\d_]+|\b(?:test|hook)Timeout: [\d_]+/m;

/** As many mutants as it is asked for, an hour of them. */
const ALLOWED = ['fuzz/mutated-geotiffs.test.ts'];

test('no test has a time limit of its own, which a busy machine would miss: test/patience.ts has one for all', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:test|faults)\.ts$/.test(name),
  );
  expect(files.length).toBeGreaterThan(100);
  const limited = files.filter((name) => OWN_LIMIT.test(readFileSync(join(TESTS, name), 'utf8')));
  expect(limited).toEqual(ALLOWED);
});

test('each script of test/fault is in its table, and each of the table is there', () => {
  const folder = join(TESTS, 'fault');
  const table = readFileSync(join(folder, 'README.md'), 'utf8');
  const named = [...table.matchAll(/\]\(((?:[\w-]+\/)*[\w-]+\.(?:test|faults)\.ts)\)/g)].map(
    ([, name = '']) => name,
  );
  const there = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:test|faults)\.ts$/.test(name),
  );
  expect([...new Set(named)].sort()).toEqual(there.sort());
});
