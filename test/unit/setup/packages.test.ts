import { describe, expect, test } from 'vitest';
import { countErrors } from '../../../scripts/bootstrap/compiled/typescript.mjs';
import { explainNpmFailure, lacksOnlyOptional } from '../../../scripts/bootstrap/npm.mjs';
import { isInstalled } from '../../../scripts/bootstrap/packages.mjs';

interface Entry {
  version?: string;
  integrity?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

const lock: { packages: Record<string, Entry> } = {
  packages: {
    '': { version: '1.0.0' },
    'node_modules/a': {
      version: '1.2.3',
      integrity: 'sha512-a',
      optionalDependencies: { '@a/darwin': '1.2.3', '@a/linux': '1.2.3' },
    },
    'node_modules/@a/linux': { version: '1.2.3', integrity: 'sha512-l', optional: true },
  },
};

describe('what is installed', () => {
  test('agrees with the lock file when every package has its version, optional ones apart', () => {
    const a = { version: '1.2.3', integrity: 'sha512-a' };
    expect(isInstalled(lock, { packages: { 'node_modules/a': a } })).toBe(true);
    expect(isInstalled(lock, { packages: {} })).toBe(false);
    expect(isInstalled(lock, { packages: { 'node_modules/a': { ...a, version: '1.2.2' } } })).toBe(
      false,
    );
  });

  test('is nothing where npm did not finish', () => {
    expect(isInstalled(lock, undefined)).toBe(false);
  });
});

describe('a refusal of npm ci', () => {
  test('is passed over only if all it misses are optional packages of the lock file', () => {
    const refusal = 'npm error Missing: @a/darwin@ from lock file\n';
    expect(lacksOnlyOptional(refusal, lock)).toBe(true);
    expect(lacksOnlyOptional(`${refusal}npm error Missing: b@1.0.0 from lock file\n`, lock)).toBe(
      false,
    );
    expect(
      lacksOnlyOptional(
        `${refusal}npm error Invalid: lock file's a@1.2.3 does not satisfy a@2.0.0\n`,
        lock,
      ),
    ).toBe(false);
    expect(lacksOnlyOptional('npm error code ENOTFOUND', lock)).toBe(false);
  });

  test('without network is one line with the next command', () => {
    const failure = explainNpmFailure('npm error code ENOTFOUND\nnpm error errno', 'npm.log');
    expect(failure.message).toBe(
      'npm could not reach its package registry (ENOTFOUND); details in npm.log',
    );
    expect(failure.next).toContain('npm ping');
  });

  test('of any other kind names the code and the log', () => {
    const failure = explainNpmFailure('npm error code E418\nnpm error a teapot', 'npm.log');
    expect(failure.message).toBe('npm failed (E418); details in npm.log');
    expect(failure.next).toBe('less npm.log');
  });

  test('of a lock file that does not fit package.json says so', () => {
    expect(explainNpmFailure('npm error code EUSAGE', 'npm.log').message).toContain(
      'package.json and package-lock.json do not agree',
    );
  });
});

test('errors of the compiler are counted, not its other lines', () => {
  const lines = ['src/a.ts(1,2): error TS2304: Cannot find x.', '  more about it', ''];
  expect(countErrors(lines)).toBe('1 error');
});
