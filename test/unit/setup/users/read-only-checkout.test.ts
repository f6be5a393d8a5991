/** A checkout that was set up by somebody else, and in which whoever runs it may not write: as in a container. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../../..');
const NATIVE = '.native';
const LENT = ['dist', 'src', 'node_modules'];

/** Root writes wherever it is: without this capability it is a user like others. */
const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override', '--'] : [];
const canTry =
  process.platform !== 'win32' && spawnSync('/usr/bin/env', [...asUser, 'true']).status === 0;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-read-only-'));
  for (const name of ['scripts', 'package.json', 'package-lock.json', 'tsconfig.json', NATIVE])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  rmSync(join(folder, NATIVE, 'lock'), { recursive: true, force: true });
});
afterEach(() => {
  for (const name of [NATIVE, '.']) chmodSync(join(folder, name), 0o755);
  rmSync(folder, { recursive: true });
});

const lend = (...names: string[]) => {
  for (const name of names) symlinkSync(join(ROOT, name), join(folder, name));
};

function setUp() {
  for (const name of [NATIVE, '.']) chmodSync(join(folder, name), 0o555);
  const command = [...asUser, process.execPath, join(folder, 'scripts', 'bootstrap.mjs')];
  const { status, stderr } = spawnSync('/usr/bin/env', command, { encoding: 'utf8' });
  return { status, stderr };
}

describe.skipIf(!canTry)('a checkout that its user may not write to', () => {
  test('is found ready where it is complete, whatever its stamps say', () => {
    lend(...LENT);
    // Images keep whole seconds of times.
    utimesSync(join(folder, 'package-lock.json'), 1, 1);
    const { status, stderr } = setUp();
    expect(stderr).toMatch(/^setup: nothing to do in .*: .*packages, GDAL .*, Icechunk, build\n$/);
    expect(status).toBe(0);
  });

  test('of which something is missing is told in a line, with what to do', () => {
    lend('src', 'node_modules');
    mkdirSync(join(folder, 'dist'));
    const { status, stderr } = setUp();
    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining(
        `src/ was not compiled, or is newer than dist/, and you may not write to ${folder}`,
      ),
      `Next: node scripts/bootstrap.mjs, as the user who owns ${folder}`,
    ]);
  });
});
