#!/usr/bin/env node
/**
 * Whether the package that `npm publish` would send is one that others can use: what is in it, publint,
 * and are-the-types-wrong, on the tarball itself, and whether the site of the public names has each of them. Ends with 1 where anything is wrong.
 *
 *   npm run release:check
 *   npm run release:check -- --install    also installs it into an empty folder and uses it there: imports,
 *                                         require, types, threads, vitest, set-up, demo (needs the network)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastLine, run } from './bootstrap/run.mjs';
import { trySite } from './release/check-site.mjs';
import { findProblems, readExpected } from './release/pack-content.mjs';
import { tryInstall } from './release/try-install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const { values: asked } = parseArgs({ options: { install: { type: 'boolean', default: false } } });
const expected = readExpected(root);
const folder = mkdtempSync(join(tmpdir(), 'geocubes-release-'));
try {
  const { tarball, ...packed } = await pack();
  const steps = [
    ['content', async () => findProblems(packed, expected)],
    ['publint', () => tool('publint', 'src/cli.js', [tarball, '--strict'])],
    // The package is ESM alone, for Node alone: older resolutions are nobody's who can run it.
    [
      'are-the-types-wrong',
      () =>
        tool('@arethetypeswrong/cli', 'dist/index.js', [
          ...[tarball, '--profile', 'esm-only'],
          ...['--format', 'ascii', '--no-color', '--no-emoji'],
        ]),
    ],
    ['site', () => trySite(root)],
    ...(asked.install ? [['install', install(tarball)]] : []),
  ];
  let wrong = 0;
  for (const [name, step] of steps) {
    const problems = await step();
    wrong += problems.length;
    print(`${name}: ${problems.length === 0 ? 'good' : 'not good'}`);
    for (const problem of problems) print(`  ${problem}`);
  }
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  print(
    `${packed.files.length} files, ${megabytes(packed.size)} packed, ${megabytes(packed.unpackedSize)} unpacked`,
  );
  if (wrong > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function pack() {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const result = await run('npm', args, { cwd: root });
  if (!result.ok) throw new Error(`npm pack failed: ${lastLine(result.output)}`);
  const [packed] = JSON.parse(result.stdout);
  return {
    ...packed,
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }) => path),
  };
}

/** What a tool of ours printed, where it was not content. */
async function tool(
  /** @type {string} */ name,
  /** @type {string} */ entry,
  /** @type {string[]} */ args,
) {
  const path = join(root, 'node_modules', name, entry);
  const result = await run(process.execPath, [path, ...args], { cwd: root });
  return result.ok ? [] : result.output.trim().split('\n');
}

function install(/** @type {string} */ tarball) {
  return async () => {
    const publicNames = Object.keys(await import(join(root, 'dist', 'index.js')));
    const { version } = expected.manifest;
    return tryInstall(root, tarball, { version, publicNames, say: print });
  };
}

function print(/** @type {string} */ line) {
  process.stdout.write(`${line}\n`);
}
