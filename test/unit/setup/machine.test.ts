import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNodeHeaders, systemFamily } from '../../../scripts/bootstrap/gdal/probe.mjs';
import { checkNode, isOlder } from '../../../scripts/bootstrap/packages.mjs';
import { abiFolder, cacheFolder } from '../../../scripts/bootstrap/paths.mjs';
import { which } from '../../../scripts/bootstrap/run.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('looking at the machine', () => {
  test('versions of Node are compared by number, and a pre-release suffix does no harm', () => {
    expect(isOlder('20.9.0', '20.18.1')).toBe(true);
    expect(isOlder('20.18.1', '20.18.1')).toBe(false);
    expect(isOlder('22.0.0-nightly', '20.18.1')).toBe(false);
    expect(() => checkNode('18.20.0')).toThrow(
      'Expected Node 20.18.1 or newer but received 18.20.0',
    );
  });

  test('Node headers of another ABI are not used', () => {
    const include = join(folder, 'include', 'node');
    mkdirSync(join(folder, 'bin'), { recursive: true });
    mkdirSync(include, { recursive: true });
    const node = join(folder, 'bin', 'node');
    writeFileSync(node, '');
    writeFileSync(join(include, 'node_version.h'), '#define NODE_MODULE_VERSION 9999\n');
    expect(findNodeHeaders(node, '9999')).toBe(folder);
    expect(findNodeHeaders(node, '9998')).toBeUndefined();
  });

  test('the family of a distribution is read from ID and ID_LIKE', () => {
    expect(systemFamily('linux', 'NAME="Debian GNU/Linux"\nID=debian\n')).toBe('debian');
    expect(systemFamily('linux', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe('debian');
    expect(systemFamily('linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n')).toBe('fedora');
    expect(systemFamily('linux', 'ID=arch\n')).toBe('arch');
    expect(systemFamily('linux', 'VERSION_ID="debian"\nID=void\n')).toBe('other');
    expect(systemFamily('darwin', '')).toBe('macos');
  });

  test('a file that cannot be executed is not found on the PATH', () => {
    writeFileSync(join(folder, 'plain'), '', { mode: 0o644 });
    writeFileSync(join(folder, 'tool'), '', { mode: 0o755 });
    mkdirSync(join(folder, 'directory'));
    const env = { PATH: `:${folder}` };
    expect(which('tool', env)).toBe(join(folder, 'tool'));
    expect(which('plain', env)).toBeUndefined();
    expect(which('directory', env)).toBeUndefined();
  });

  test('an empty or relative XDG_CACHE_HOME counts as unset', () => {
    const fallback = '/home/someone/.cache/smart-geocubes-native';
    expect(cacheFolder({}, '/home/someone')).toBe(fallback);
    expect(cacheFolder({ XDG_CACHE_HOME: '' }, '/home/someone')).toBe(fallback);
    expect(cacheFolder({ XDG_CACHE_HOME: 'cache' }, '/home/someone')).toBe(fallback);
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, '/home/someone')).toBe('/c/smart-geocubes-native');
  });

  test("the binding's folder is the one gdal-async looks in", () => {
    expect(abiFolder()).toBe(
      `node-v${process.versions.modules}-${process.platform}-${process.arch}`,
    );
  });
});
