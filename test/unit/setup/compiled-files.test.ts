import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeStale } from '../../../scripts/bootstrap/compiled/typescript.mjs';
import { projectPaths } from '../../../scripts/bootstrap/paths.mjs';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'geocubes-compiled-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), '{}');
  }
}

test('what was compiled of a source that is gone goes, and nothing else', () => {
  write('src/a/b.ts', 'dist/a/b.js', 'dist/a/b.js.map', 'dist/a/b.d.ts');
  write('dist/.tsbuildinfo', 'dist/bundle/command-line.cjs');
  write('dist/a/gone.js', 'dist/a/gone.js.map', 'dist/gone.d.ts');
  removeStale(root);
  const left = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => /\.\w+$/.test(name)).sort()).toEqual([
    '.tsbuildinfo',
    'a/b.d.ts',
    'a/b.js',
    'a/b.js.map',
    'bundle/command-line.cjs',
  ]);
});

test("a checkout's packages lie within it", () => {
  write('package.json', 'package-lock.json');
  expect(projectPaths(root)).toMatchObject({
    isCheckout: true,
    modules: join(root, 'node_modules'),
  });
});

test.each(['node_modules', 'node_modules/smart-geocubes-native/node_modules'])(
  'an installed package finds GDAL where npm has put it: %s',
  (modules) => {
    write('node_modules/smart-geocubes-native/package.json', `${modules}/gdal-async/package.json`);
    const paths = projectPaths(join(root, 'node_modules/smart-geocubes-native'));
    expect(paths).toMatchObject({ isCheckout: false, modules: join(root, modules) });
  },
);
