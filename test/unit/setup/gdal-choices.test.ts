import { describe, expect, test } from 'vitest';
import {
  cachedCandidates,
  cacheKey,
  explainBuildFailure,
  forcedChoice,
  installCommand,
  planChoices,
} from '../../../scripts/bootstrap/gdal/choices.mjs';

const linux = { platform: 'linux', arch: 'x64', abi: '115', gdalAsync: '3.12.3' };

describe('the order in which the GDAL binding is sought', () => {
  test('with headers, a tool chain and a cached copy, the copy comes before the build and nothing is installed', () => {
    const probe = { headers: '3.6.2', missingTools: [], canApt: true, hasCached: true };
    expect(planChoices(probe)).toEqual(['cached', 'system']);
  });

  test('without headers, root on Debian installs them, and nobody else downloads a binary', () => {
    const probe = { missingTools: [], canApt: true, hasCached: false };
    expect(planChoices(probe)).toEqual(['apt']);
    expect(planChoices({ ...probe, canApt: false })).toEqual([]);
  });

  test('with headers but no Python, root on Debian still builds, because the build can install it', () => {
    const probe = {
      headers: '3.6.2',
      missingTools: ['python3' as const],
      canApt: true,
      hasCached: false,
    };
    expect(planChoices(probe)).toEqual(['system']);
    expect(planChoices({ ...probe, canApt: false })).toEqual([]);
  });

  test('a forced choice is the only one tried', () => {
    const probe = { headers: '3.6.2', missingTools: [], canApt: true, hasCached: true };
    expect(planChoices(probe, 'apt')).toEqual(['apt']);
  });

  test('GEOCUBES_GDAL accepts the four names, and empty counts as unset', () => {
    expect(forcedChoice(undefined)).toBeUndefined();
    expect(forcedChoice('')).toBeUndefined();
    expect(forcedChoice('system')).toBe('system');
    expect(() => forcedChoice('bundled')).toThrow(/Expected one of present, .* received "bundled"/);
  });

  test('a prebuilt binary asked for by name is refused, because no hash of it stands here', () => {
    expect(() => forcedChoice('prebuilt')).toThrow(/prebuilt binary is not used: no hash/);
  });
});

describe('the cache of bindings', () => {
  test('a key names platform, architecture, ABI, gdal-async and GDAL', () => {
    expect(cacheKey(linux, '3.6.2')).toBe('gdal-linux-x64-abi115-async3.12.3-gdal3.6.2.node');
  });

  test('a version never leads out of the cache folder', () => {
    expect(cacheKey(linux, '../3.9/dev')).not.toContain('/');
  });

  const names = [
    cacheKey(linux, 'bundled'),
    cacheKey(linux, '3.6.2'),
    cacheKey(linux, '3.9.0'),
    cacheKey({ ...linux, abi: '127' }, '3.6.2'),
    `${cacheKey(linux, '3.6.2')}.4711.tmp`,
    'icechunk-glibc-linux-x64-0123.node',
  ];

  test('with headers only a binding of that very GDAL fits', () => {
    expect(cachedCandidates(names, linux, '3.6.2', false)).toEqual([cacheKey(linux, '3.6.2')]);
    expect(cachedCandidates(names, linux, '3.10.1', false)).toEqual([]);
  });

  test('without headers every binding of this Node is tried, one with a GDAL compiled in only if forced, and last', () => {
    const built = [cacheKey(linux, '3.9.0'), cacheKey(linux, '3.6.2')];
    expect(cachedCandidates(names, linux, undefined, false)).toEqual(built);
    expect(cachedCandidates(names, linux, undefined, true)).toEqual([
      ...built,
      cacheKey(linux, 'bundled'),
    ]);
  });

  test('forced, the exact one comes first and the others follow', () => {
    expect(cachedCandidates(names, linux, '3.6.2', true)[0]).toBe(cacheKey(linux, '3.6.2'));
    expect(cachedCandidates(names, linux, '3.6.2', true)).toHaveLength(3);
  });
});

describe('the next command', () => {
  test('names just what is missing, and starts the program again', () => {
    const bare = { missingTools: ['python3' as const] };
    expect(installCommand('debian', bare, false)).toBe(
      'sudo apt-get install -y libgdal-dev python3 && npm start',
    );
    expect(installCommand('debian', { headers: '3.6.2', missingTools: ['c++'] }, true)).toBe(
      'apt-get install -y g++ && npm start',
    );
    expect(installCommand('fedora', { missingTools: [] }, false)).toContain('gdal-devel');
    expect(installCommand('macos', { missingTools: [] }, false)).toBe(
      'brew install gdal && npm start',
    );
  });

  test('there is none to install where nothing is missing', () => {
    expect(installCommand('debian', { headers: '3.6.2', missingTools: [] }, false)).toBeUndefined();
  });

  test("a build's output is told in a few words", () => {
    expect(explainBuildFailure('gyp ERR! find Python Could not find any Python')).toBe(
      'node-gyp found no Python',
    );
    expect(explainBuildFailure('g++: fatal error: Killed signal terminated program cc1plus')).toBe(
      'the compiler ran out of memory',
    );
    expect(
      explainBuildFailure('gyp info find Python using Python 3.11\na.cpp:1: error: no x'),
    ).toBe('the compiler says "a.cpp:1: error: no x"');
    expect(explainBuildFailure('')).toBe('the build ended with an error');
  });
});
