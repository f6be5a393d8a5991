/** The package as a stranger has it: installed from its tarball into an empty folder, imported, compiled against. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLine, run } from '../bootstrap/run.mjs';

/** Prints the public names; fails where the package or its schema cannot be imported. */
const IMPORTS = `
const names = Object.keys(await import('smart-geocubes-native'));
const schema = await import('smart-geocubes-native/dataset.schema.json', { with: { type: 'json' } });
if (typeof schema.default.properties !== 'object') throw new Error('the schema has no properties');
console.log(names.join(' '));
`;

/** Everything that a caller can name has its type, from the package's own dependencies. */
const CONSUMER = `
import * as geocubes from 'smart-geocubes-native';
export const names: string[] = Object.keys(geocubes);
export type Create = Parameters<typeof geocubes.Cube.create>;
`;

const COMPILER_OPTIONS = {
  target: 'ES2023',
  module: 'NodeNext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: ['node'],
};

/**
 * Problems, one a line; empty where there are none. Needs the network, or npm's cache.
 * @param {string} root the checkout, for its compiler
 * @param {string} tarball
 * @param {{ version: string, publicNames: readonly string[] }} expected
 */
export async function tryInstall(root, tarball, { version, publicNames }) {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-release-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    // Without install scripts: what native modules need is the set-up's business, not an import's.
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '@types/node@20'];
    const call = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
      run(command, args, { cwd: folder });
    const installed = await call('npm', 'install', tarball, ...flags);
    if (!installed.ok) return [`npm install: ${lastLine(installed.output)}`];
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['consumer.ts'] }),
    );
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    return [
      ...importProblems(
        await call(process.execPath, '--input-type=module', '-e', IMPORTS),
        publicNames,
      ),
      ...commandProblems(
        await call(join('node_modules', '.bin', 'geocubes'), '--version'),
        version,
      ),
      ...typeProblems(await call(process.execPath, compiler, '-p', '.', '--pretty', 'false')),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @typedef {import('../bootstrap/run.mjs').RunResult} RunResult */

/** @param {RunResult} result @param {readonly string[]} publicNames */
function importProblems(result, publicNames) {
  if (!result.ok) return [`import: ${firstError(result.output)}`];
  const names = result.stdout.trim().split(' ');
  return publicNames
    .filter((name) => !names.includes(name))
    .map((name) => `import: expected the name ${name} but it is not exported`);
}

/** @param {RunResult} result @param {string} version */
function commandProblems(result, version) {
  if (result.ok && result.stdout.trim() === version) return [];
  return [`geocubes --version: expected ${version} but received: ${lastLine(result.output)}`];
}

/**
 * Of the consumer and of this package. Declarations of other packages have mistakes of their own.
 * @param {RunResult} result
 */
function typeProblems(result) {
  const ours = /^(?:consumer\.ts|node_modules\/smart-geocubes-native\/|error TS)/;
  const lines = result.output.split('\n').filter((line) => ours.test(line));
  return lines.slice(0, 10).map((line) => `types: ${line}`);
}

function firstError(/** @type {string} */ output) {
  return output.split('\n').find((line) => /Error/.test(line)) ?? lastLine(output);
}
