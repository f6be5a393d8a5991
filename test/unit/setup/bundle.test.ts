import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleCommand } from '../../../scripts/bootstrap/bundle.mjs';

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'geocubes-bundle-'));
  write('package.json', '{ "type": "module" }');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function run(name: string): string {
  return execFileSync(process.execPath, [join(root, name)], { encoding: 'utf8' });
}

describe('the bundled command', () => {
  beforeEach(() => {
    write('dist/cli/command-line.js', "const { far } = await import('../far/away.js'); far();");
    write('dist/pool/work.js', 'export default 1;');
    write('dist/far/text.txt', 'beside');
    write(
      'dist/far/away.js',
      `import { readFileSync } from 'node:fs';
       export const far = () =>
         process.stdout.write(readFileSync(new URL('./text.txt', import.meta.url), 'utf8'));`,
    );
  });

  test('finds what lies beside a module from where the module was compiled to', async () => {
    await bundleCommand(root);
    rmSync(join(root, 'dist/far/away.js'));
    expect(run('dist/bundle/command-line.js')).toBe('beside');
  });

  test('has none of the files that an earlier one was made of', async () => {
    await bundleCommand(root);
    const before = readdirSync(join(root, 'dist/bundle'));
    expect(before.length).toBe(3);
    write('dist/far/away.js', 'export const far = () => process.stdout.write("other");');
    await bundleCommand(root);
    expect(readdirSync(join(root, 'dist/bundle')).length).toBe(3);
    expect(readdirSync(join(root, 'dist/bundle'))).not.toEqual(before);
    expect(run('dist/bundle/command-line.js')).toBe('other');
  });

  test('is not there where it cannot be made', async () => {
    await bundleCommand(root);
    write('dist/far/away.js', 'export const far = (');
    await expect(bundleCommand(root)).rejects.toThrow();
    expect(readdirSync(join(root, 'dist'))).not.toContain('bundle');
  });
});

describe.each([
  { what: 'the command', entry: 'cli/main', compiled: 'cli/command-line', name: 'command-line' },
  { what: 'a thread', entry: 'pool/worker', compiled: 'pool/work', name: 'work' },
])('$what starts', ({ entry, compiled, name }) => {
  const main = `dist/${entry}.js`;
  const own = `dist/${compiled}.js`;
  const bundled = `dist/bundle/${name}.js`;
  const at = (name: string, seconds: number) => {
    write(name, `process.stdout.write(${JSON.stringify(name)})`);
    utimesSync(join(root, name), seconds, seconds);
  };
  beforeEach(() => {
    for (const file of [`${entry}.js`, 'machine/bundled.js'])
      cpSync(join(DIST, file), join(root, 'dist', file));
    at(own, 100);
  });

  test('from what was compiled, where there is no bundle', () => {
    expect(run(main)).toBe(own);
  });

  test('from what was compiled, where that is newer than the bundle', () => {
    at(bundled, 100);
    at('dist/bundle/command-line.js', 100);
    at('dist/.tsbuildinfo', 101);
    expect(run(main)).toBe(own);
  });

  test('from the bundle, where that was made of what was compiled', () => {
    at('dist/.tsbuildinfo', 100);
    at(bundled, 101);
    at('dist/bundle/command-line.js', 101);
    expect(run(main)).toBe(bundled);
  });

  test('from the bundle of a package, which has no notes of the compiler', () => {
    at(bundled, 50);
    at('dist/bundle/command-line.js', 50);
    expect(run(main)).toBe(bundled);
  });

  test('from what was compiled, where an earlier bundle has no such file', () => {
    at('dist/bundle/command-line.js', 101);
    rmSync(join(root, bundled), { force: true });
    expect(run(main)).toBe(own);
  });
});
