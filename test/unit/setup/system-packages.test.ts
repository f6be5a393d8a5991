import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mayInstall } from '../../../scripts/bootstrap/gdal/choices.mjs';
import { installAndBuild } from '../../../scripts/bootstrap/gdal/make.mjs';
import { canApt } from '../../../scripts/bootstrap/gdal/probe.mjs';
import { setUpGdal } from '../../../scripts/bootstrap/gdal.mjs';
import { projectPaths } from '../../../scripts/bootstrap/paths.mjs';

/** A bare machine: all that is on its PATH is an apt-get that writes down its arguments and fails. */
let folder = '';
let calls = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-setup-'));
  calls = join(folder, 'calls');
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  const script = `#!/bin/sh\necho "$@" >> '${calls}'\nexit 100\n`;
  writeFileSync(join(programs, 'apt-get'), script, { mode: 0o755 });
  vi.stubEnv('PATH', programs);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function bareCheckout() {
  const said: { line: string; early: boolean }[] = [];
  const say = (line: string) => said.push({ line, early: !existsSync(calls) });
  const paths = projectPaths(join(folder, 'checkout'));
  return { context: { paths, cache: join(folder, 'cache'), say }, said };
}

describe('packages of the system', () => {
  test('are named before apt-get runs, with what they are for and how to keep it from that', async () => {
    const { context, said } = bareCheckout();
    const probe = { missingTools: ['python3' as const], canApt: true, hasCached: false };
    expect(await installAndBuild(context, probe)).toMatch(/^apt-get install failed/);
    const before = said.filter(({ early }) => early).map(({ line }) => line);
    expect(before).toEqual([
      expect.stringMatching(/as root, .*to build GDAL's binding: apt-get install libgdal-dev pyth/),
      expect.stringMatching(/GEOCUBES_NO_APT=1 npm start .*-- --no-apt.*GEOCUBES_GDAL=present/),
    ]);
    expect(readFileSync(calls, 'utf8')).toMatch(/ update\n.* libgdal-dev python3\n$/);
  });

  test('are installed by root on Debian where that is allowed, and by nobody where it is not', async () => {
    const { context } = bareCheckout();
    const next = expect.stringMatching(/npm start$/);
    await expect(setUpGdal(context, undefined, false)).rejects.toMatchObject({ next });
    await expect(setUpGdal(context, 'apt', false)).rejects.toMatchObject({ next });
    expect(existsSync(calls)).toBe(false);
    const expected = canApt();
    await expect(setUpGdal(context, undefined, true)).rejects.toMatchObject({ next });
    expect(existsSync(calls)).toBe(expected);
  });

  test('are forbidden by --no-apt or GEOCUBES_NO_APT=1, and other words are refused', () => {
    expect(mayInstall([], undefined)).toBe(true);
    expect(mayInstall([], '')).toBe(true);
    expect(mayInstall([], '0')).toBe(true);
    expect(mayInstall([], '1')).toBe(false);
    expect(mayInstall(['--no-apt'], undefined)).toBe(false);
    expect(() => mayInstall(['--no-ap'], undefined)).toThrow(
      'Expected --no-apt or nothing but received "--no-ap"',
    );
    expect(() => mayInstall([], 'yes')).toThrow(/Expected 1 or 0 for GEOCUBES_NO_APT .* "yes"/);
  });
});
