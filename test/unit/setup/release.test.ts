import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  findProblems,
  LARGEST,
  listPacked,
  readExpected,
} from '../../../scripts/release/pack-content.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const expected = {
  manifest: {
    bin: { geocubes: 'dist/cli/main.js' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  },
  sources: ['index.ts', 'cli/main.ts'],
  setUp: ['scripts/bootstrap/run.mjs'],
};

const good = [
  ...['package.json', 'README.md', 'LICENSE', 'src/index.ts', 'src/cli/main.ts'],
  ...['dist/index.js', 'dist/index.js.map', 'dist/index.d.ts'],
  ...['dist/cli/main.js', 'dist/cli/main.js.map', 'dist/cli/main.d.ts'],
  ...['dist/bundle/command-line.cjs', 'dist/bundle/work.cjs', 'dist/bundle/licenses.txt'],
  ...['dist/view/page/index.html', 'dist/view/page/app.js'],
  ...['dist/view/page/app.css', 'dist/view/page/licenses.txt'],
  ...['scripts/bootstrap.mjs', 'scripts/bootstrap/run.mjs'],
];

const packed = (files: readonly string[], size = 1) => ({ files, size, unpackedSize: size });

describe('the package', () => {
  test('that npm would send of this checkout holds what it needs, and nothing else', async () => {
    const { manifest, ...rest } = readExpected(ROOT);
    expect(rest.sources.length).toBeGreaterThan(300);
    expect(findProblems(await listPacked(ROOT), { manifest, ...rest })).toEqual([]);
  });

  test('is good with sources, what is compiled of them, and the set-up', () => {
    expect(findProblems(packed(good), expected)).toEqual([]);
  });

  test.each(good)('without %s is not', (name) => {
    const problems = findProblems(packed(good.filter((file) => file !== name)), expected);
    expect(problems).toEqual([`${name}: expected in the package but it is not there`]);
  });

  test.each([
    'test/unit/a.test.ts',
    'dist/.tsbuildinfo',
    '.native/blosc-linux-x64.node',
    'node_modules/zod/index.js',
    'dist/kernel/gdal.node',
    'src/dataset/fixtures/a.tif',
    'scripts/check-architecture.mjs',
    'key.json',
    '.env',
  ])('with %s is not', (name) => {
    expect(findProblems(packed([...good, name]), expected)).toEqual([
      `${name}: not expected in the package but it is there`,
    ]);
  });

  test('with what was compiled of a source that is gone is not', () => {
    expect(findProblems(packed([...good, 'dist/old/gone.js']), expected)).toEqual([
      'dist/old/gone.js: has no source in src; rm -rf dist, then npm run setup',
    ]);
  });

  test('that has grown beyond its bound is not', () => {
    expect(findProblems(packed(good, LARGEST.packed + 1), expected)).toEqual([
      'packed: expected at most 5 MB but it is 5.0 MB',
    ]);
  });
});
