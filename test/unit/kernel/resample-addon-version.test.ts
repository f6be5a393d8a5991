import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QUESTION, VERSION as SET_UP } from '../../../scripts/bootstrap/resample.mjs';
import { findResample, loadResample, VERSION } from '../../../src/kernel/gdal/resample-addon.js';

const FILE = `resample-${process.platform}-${process.arch}.node`;
const NATIVE = '.native';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-addon-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the addon that resamples has one version, in C, in TypeScript and in the set-up', () => {
  const source = readFileSync('scripts/resample.c', 'utf8');
  expect(source).toContain(`enum { VERSION = ${VERSION} };`);
  expect(SET_UP).toBe(VERSION);
});

describe('the addon that resamples', () => {
  test('that was not made, does not load or is not wanted is told as that', () => {
    expect(findResample(folder)).toEqual({ lack: 'absent' });
    writeFileSync(join(folder, FILE), 'no addon');
    expect(findResample(folder)).toEqual({ lack: 'broken' });
    const before = process.env.GEOCUBES_NO_ADDONS;
    process.env.GEOCUBES_NO_ADDONS = '1';
    try {
      expect(findResample(folder)).toEqual({ lack: 'off' });
    } finally {
      if (before === undefined) delete process.env.GEOCUBES_NO_ADDONS;
      else process.env.GEOCUBES_NO_ADDONS = before;
    }
  });

  // The addon over libblosc has a version too, which is none of these.
  const other = join(NATIVE, FILE.replace('resample', 'blosc'));
  test.skipIf(!existsSync(other) || loadResample() === undefined)(
    'of another version is refused by the kernel and by the set-up, which takes the one of this',
    () => {
      copyFileSync(other, join(folder, FILE));
      expect(findResample(folder)).toEqual({ lack: 'other version' });
      const ask = (file: string) =>
        spawnSync(process.execPath, ['--input-type=commonjs', '-e', QUESTION, file], {
          encoding: 'utf8',
        });
      expect(ask(join(folder, FILE))).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('it is of another version'),
      });
      expect(ask(join(NATIVE, FILE))).toMatchObject({ status: 0, stderr: '' });
    },
  );
});
