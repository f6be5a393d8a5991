/** Compiles src/ into dist/ when anything it depends on has changed, and bundles the command. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint, readJson, writeJson } from '../files.mjs';
import { SetupFailure } from '../report.mjs';
import { run } from '../run.mjs';
import { bundleCommand, bundlePage } from './bundle.mjs';

/** What a build depends on beside the sources. */
const BUILT_WITH = [
  'tsconfig.json',
  'package-lock.json',
  join('scripts', 'bootstrap', 'compiled', 'bundle.mjs'),
];

/** Lines of the compiler's output shown on failure. */
const SHOWN_ERRORS = 10;

/** @param {import('../paths.mjs').Context} context */
export async function setUpTypescript({ paths, say }) {
  const { root, native, modules } = paths;
  const stampFile = join(native, 'typescript.json');
  const command = join(root, 'dist', 'cli', 'main.js');
  const sources = fingerprintSources(root);
  const isBuilt = existsSync(join(root, 'dist', '.tsbuildinfo'));
  if (isBuilt && readJson(stampFile)?.sources === sources) return { state: 'build' };

  removeStale(root);
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  const result = await run(process.execPath, [compiler, '-p', '.', '--pretty', 'false'], {
    cwd: root,
  });
  if (!result.ok) {
    const errors = result.output.trimEnd().split('\n');
    for (const line of errors.slice(0, SHOWN_ERRORS)) say(`TypeScript: ${line}`);
    throw new SetupFailure(
      `the TypeScript compiler reports ${countErrors(errors)} in src/`,
      'npx tsc -p . --noEmit',
    );
  }
  if (existsSync(command)) chmodSync(command, 0o755);
  try {
    await bundleCommand(root);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    say(`TypeScript: the command is not bundled and starts more slowly: ${reason}`);
  }
  try {
    await bundlePage(root);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    say(`TypeScript: the page of "geocubes view" is not built: ${reason}`);
  }
  writeJson(stampFile, { sources });
  return { state: 'build', did: 'compiled src/ to dist/' };
}

/**
 * The compiler leaves what it once made of sources that were moved or deleted; a package would carry it,
 * and an import that leads there would work.
 *
 * @param {string} root
 */
export function removeStale(root) {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (/^bundle\b/.test(name)) continue;
    const source = name.replace(/\.(?:js|js\.map|d\.ts)$/, '.ts');
    if (source !== name && !existsSync(join(root, 'src', source))) rmSync(join(dist, name));
  }
}

/**
 * Whether what was compiled is there, and no source is newer.
 * @param {string} root
 */
export function isCompiled(root) {
  const command = join(root, 'dist', 'cli', 'main.js');
  if (!existsSync(command)) return false;
  const built = timeOf(join(root, 'dist', '.tsbuildinfo')) ?? timeOf(command) ?? 0;
  return sourcesOf(root).every(
    (name) => Math.floor((timeOf(join(root, name)) ?? 0) / 1000) <= built / 1000,
  );
}

function timeOf(/** @type {string} */ path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function sourcesOf(/** @type {string} */ root) {
  return readdirSync(join(root, 'src'), { recursive: true })
    .map((name) => join('src', String(name)))
    .filter((name) => /\.(?:[cm]?ts|html|css)$/.test(name))
    .sort();
}

/** Names, sizes and times of all sources: what a build depends on, read in milliseconds. */
function fingerprintSources(/** @type {string} */ root) {
  const hash = createHash('sha256');
  for (const name of [...sourcesOf(root), ...BUILT_WITH]) {
    hash.update(`${name} ${fingerprint(join(root, name))}\n`);
  }
  return hash.digest('hex');
}

/** @param {readonly string[]} lines */
export function countErrors(lines) {
  const count = lines.filter((line) => /: error TS\d+:/.test(line)).length;
  return count === 1 ? '1 error' : `${count} errors`;
}
