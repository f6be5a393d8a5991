import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SetupError } from '../../../src/errors.js';
import { checkLimits } from '../../../src/machine/limits.js';
import { translate } from '../../../src/store/store-errors.js';
import { MAIN } from '../../e2e/command.js';

const limits = (files: string, addresses: string) =>
  `Limit                     Soft Limit           Hard Limit           Units
Max address space         ${addresses.padEnd(20)} unlimited            bytes
Max open files            ${files.padEnd(20)} 20000                files
`;

describe('limits of the system', () => {
  test.each([
    ['64', 'unlimited', /200 open files but received 64\. Set "ulimit -n 1024"/],
    ['1024', '4294967296', /16 GiB but received a limit of 4\.0 GiB\. Set "ulimit -v unlimited"/],
  ])('of %s files and %s bytes are refused in one line', (files, addresses, message) => {
    expect(() => checkLimits(limits(files, addresses))).toThrow(SetupError);
    expect(() => checkLimits(limits(files, addresses))).toThrow(message);
  });

  test('that suffice, are unlimited or not known are not spoken of', () => {
    for (const text of [limits('200', 'unlimited'), limits('unlimited', `${2 ** 40}`), ''])
      expect(() => checkLimits(text)).not.toThrow();
  });

  test.skipIf(process.platform !== 'linux')('are seen where the shell sets them', () => {
    // What this process has is what checkLimits reads.
    expect(readFileSync('/proc/self/limits', 'utf8')).toMatch(/^Max open files +\d/m);
    for (const [limit, message] of [
      ['-n 64', /^geocubes: Expected a limit of at least 200 open files but received 64/],
      ['-v 8000000', /^geocubes: Expected an address space of at least 16 GiB .* 7\.6 GiB/],
    ] as const) {
      const command = `ulimit ${limit}; exec "$0" "$1" status --store x`;
      const args = ['-c', command, process.execPath, MAIN];
      const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(status).toBe(1);
    }
  });

  test('reached in the middle of a run are told with what to set', () => {
    const error = Object.assign(new Error('EMFILE: too many open files, open x'), {
      code: 'EMFILE',
    });
    expect(translate(error, 'write x').message).toMatch(/ulimit -n 4096/);
    expect(
      translate(new Error('io error: Too many open files (os error 24)'), 'write').message,
    ).toMatch(/ulimit -n 4096/);
  });
});
