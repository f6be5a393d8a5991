import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleCommand } from '../../../scripts/bootstrap/compiled/bundle.mjs';
import { setUpCodeCache } from '../../../scripts/bootstrap/compiled/code-cache.mjs';
import type { Context } from '../../../scripts/bootstrap/paths.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DIST = join(ROOT, 'dist');

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'geocubes-bundle-'));
  write('package.json', '{ "type": "module" }');
  for (const file of [
    'cli/main.js',
    'pool/worker.js',
    'machine/bundled.js',
    'machine/bundled.js.map',
  ])
    cpSync(join(DIST, file), join(root, 'dist', file));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function run(name: string, ...options: readonly string[]): string {
  return execFileSync(process.execPath, [...options, join(root, name)], { encoding: 'utf8' });
}

const bundle = (): string[] => readdirSync(join(root, 'dist/bundle')).sort();

describe('the bundled command', () => {
  beforeEach(() => {
    write(
      'dist/cli/command-line.js',
      `export const runCommandLine = async () => (await import('../far/away.js')).far();
       export const loadAll = () => import('../far/away.js');`,
    );
    write('dist/pool/work.js', 'export default 1;');
    write('dist/far/text.txt', 'beside');
    far(`readFileSync(new URL('./text.txt', import.meta.url), 'utf8')`);
  });

  const far = (text: string, before = '') =>
    write(
      'dist/far/away.js',
      `import { readFileSync } from 'node:fs';
       ${before}
       export const far = () => process.stdout.write(${text});`,
    );

  test('finds what lies beside a module from where the module was compiled to', async () => {
    await bundleCommand(root);
    rmSync(join(root, 'dist/far/away.js'));
    expect(run('dist/cli/main.js')).toBe('beside');
  });

  test('has none of the files that an earlier one was made of', async () => {
    write('dist/bundle/of-before.js', '');
    await bundleCommand(root);
    expect(bundle()).toEqual(['command-line.cjs', 'licenses.txt', 'work.cjs']);
  });

  test('is not there where it cannot be made', async () => {
    await bundleCommand(root);
    write('dist/far/away.js', 'export const far = (');
    await expect(bundleCommand(root)).rejects.toThrow();
    expect(readdirSync(join(root, 'dist'))).not.toContain('bundle');
  });

  test('says what is not ASCII as it was written', async () => {
    far('"\u00e9\u2192\ud83d\ude00" + `\u00d7` + "a\u2013b".replace(/[\u2013]/u, "-")');
    await bundleCommand(root);
    expect(
      readFileSync(join(root, 'dist/bundle/command-line.cjs')).every((byte) => byte < 128),
    ).toBe(true);
    expect(run('dist/cli/main.js')).toBe('\u00e9\u2192\ud83d\ude00\u00d7a-b');
  });

  test('is strict, as modules are', async () => {
    far(
      '(() => { try { Object.freeze({ a: 1 }).a = 2; } catch { return "strict"; } })() ?? "sloppy"',
    );
    await bundleCommand(root);
    expect(run('dist/cli/main.js')).toBe('strict');
  });

  test('asks for a package that stays outside when what imports it is loaded', async () => {
    far('typeof pino', "import { pino } from 'pino';");
    await bundleCommand(root);
    expect(readFileSync(join(root, 'dist/bundle/command-line.cjs'), 'utf8').length).toBeLessThan(
      5000,
    );
    expect(() => run('dist/cli/main.js')).toThrow("Cannot find module 'pino'");
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    expect(run('dist/cli/main.js')).toBe('function');
  });

  test('contains the other packages, and what their licences say', async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    far('new Command("a").name()', "import { Command } from 'commander';");
    await bundleCommand(root);
    rmSync(join(root, 'node_modules'));
    expect(run('dist/cli/main.js')).toBe('a');
    const licenses = readFileSync(join(root, 'dist/bundle/licenses.txt'), 'utf8');
    expect(licenses).toMatch(/^commander \S+ \(MIT\)\n\n.*MIT License/s);
  });

  describe('is compiled at the set-up', () => {
    const context = () => ({ paths: { root }, say: () => {} }) as unknown as Context;
    const caches = () => readdirSync(join(root, '.native'));
    /** Whether V8 takes what was kept. */
    const taken = (...options: readonly string[]) => {
      write(
        'taken.js',
        `import { openBundle } from './dist/machine/bundled.js';
         process.stdout.write(String(openBundle('command-line').script.cachedDataRejected));`,
      );
      return { true: false, false: true }[run('taken.js', ...options)];
    };

    test('and not again while it stays as it is', async () => {
      await bundleCommand(root);
      expect(taken()).toBeUndefined();
      expect(await setUpCodeCache(context())).toHaveProperty('did');
      expect(caches().length).toBe(2);
      expect(taken()).toBe(true);
      expect(await setUpCodeCache(context())).toEqual({ state: 'code cache' });
      expect(run('dist/cli/main.js')).toBe('beside');
    });

    test('anew where it has changed, were it by a letter', async () => {
      far('"one"');
      await bundleCommand(root);
      await setUpCodeCache(context());
      far('"two"');
      await bundleCommand(root);
      expect(taken()).toBeUndefined();
      expect(run('dist/cli/main.js')).toBe('two');
      expect(await setUpCodeCache(context())).toHaveProperty('did');
      expect(taken()).toBe(true);
      expect(run('dist/cli/main.js')).toBe('two');
    });

    test('for the version of Node that is there, and for no other', async () => {
      await bundleCommand(root);
      write('.native/command-line-v18.0.0-linux-x64.code', '');
      write('.native/other.code', '');
      await setUpCodeCache(context());
      expect(caches().length).toBe(3);
      expect(caches()).toContain('other.code');
    });

    test('and starts where V8 does not take it, or it is damaged', async () => {
      await bundleCommand(root);
      await setUpCodeCache(context());
      expect(taken('--no-flush-bytecode', '--stack-size=900')).toBe(false);
      expect(run('dist/cli/main.js', '--stack-size=900')).toBe('beside');
      for (const name of caches()) {
        const whole = readFileSync(join(root, '.native', name));
        write(`.native/${name}`, whole.toString('latin1', 0, 100));
      }
      expect(run('dist/cli/main.js')).toBe('beside');
    });

    test('where there is a bundle', async () => {
      expect(await setUpCodeCache(context())).toEqual({ state: 'no code cache' });
    });

    test('and what cannot be is told, and not the end of the set-up', async () => {
      await bundleCommand(root);
      const said: string[] = [];
      write('.native', 'a file');
      expect(await setUpCodeCache({ ...context(), say: (line) => void said.push(line) })).toEqual({
        state: 'no code cache',
      });
      expect(said).toEqual([expect.stringContaining('code cache: commands start more slowly:')]);
    });
  });
});

describe.each([
  { what: 'the command', entry: 'cli/main', compiled: 'cli/command-line', name: 'command-line' },
  { what: 'a thread', entry: 'pool/worker', compiled: 'pool/work', name: 'work' },
])('$what starts', ({ entry, compiled, name }) => {
  const main = `dist/${entry}.js`;
  const own = `dist/${compiled}.js`;
  const bundled = `dist/bundle/${name}.cjs`;
  const at = (name: string, seconds: number) => {
    const says = `process.stdout.write(${JSON.stringify(name)});`;
    write(
      name,
      name.endsWith('.cjs')
        ? `//${'0'.repeat(64)}\n${says} exports.runCommandLine = () => {};`
        : `${says} export const runCommandLine = () => {}; export default 1;`,
    );
    utimesSync(join(root, name), seconds, seconds);
  };
  beforeEach(() => at(own, 100));

  test('from what was compiled, where there is no bundle', () => {
    expect(run(main)).toBe(own);
  });

  test('from what was compiled, where that is newer than the bundle', () => {
    at(bundled, 100);
    at('dist/bundle/command-line.cjs', 100);
    write('dist/.tsbuildinfo', '');
    utimesSync(join(root, 'dist/.tsbuildinfo'), 101, 101);
    expect(run(main)).toBe(own);
  });

  test('from the bundle, where that was made of what was compiled', () => {
    write('dist/.tsbuildinfo', '');
    utimesSync(join(root, 'dist/.tsbuildinfo'), 100, 100);
    at(bundled, 101);
    at('dist/bundle/command-line.cjs', 101);
    expect(run(main)).toBe(bundled);
  });

  test('from the bundle of a package, which has no notes of the compiler', () => {
    at(bundled, 50);
    at('dist/bundle/command-line.cjs', 50);
    expect(run(main)).toBe(bundled);
  });

  test('from what was compiled, where an earlier bundle has no such file', () => {
    at('dist/bundle/command-line.cjs', 101);
    rmSync(join(root, bundled), { force: true });
    expect(run(main)).toBe(own);
  });
});
