/** Small addons in C, compiled here: one source file of `scripts/`, one command, a copy in the user's cache. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyAtomically } from './files.mjs';
import { lastLine, run, which } from './run.mjs';

/**
 * @typedef {import('./paths.mjs').Context} Context
 * @typedef {object} Addon
 * @property {string} name of `scripts/<name>.c`, and of what is made of it
 * @property {readonly string[]} [flags] for the compiler, before the source
 * @property {readonly string[]} [libraries] for the linker, behind it
 * @property {string} [key] what else a build depends on: a copy in the cache is of one key
 * @property {(file: string) => Promise<{ ok: boolean, output: string }>} verify whether a build works here
 */

/** Where an addon lies. @param {Context['paths']} paths @param {string} name */
export function addonFile({ native }, name) {
  return join(native, `${name}-${process.platform}-${process.arch}.node`);
}

/**
 * From the cache if a copy is there and works, else from the compiler. Nothing is left where it fails.
 * @param {Context} context
 * @param {Addon} addon
 * @returns {Promise<{ did: 'restored' | 'compiled' } | { error: 'compiler' | 'build' | 'load', output: string, log: string }>}
 */
export async function provideAddon(context, addon) {
  const { name, key = '', verify } = addon;
  const { paths } = context;
  const file = addonFile(paths, name);
  const source = join(paths.root, 'scripts', `${name}.c`);
  const log = join(paths.logs, `${name}.log`);
  const hash = createHash('sha256').update(readFileSync(source)).update(key).digest('hex');
  const build = `${name}-${process.platform}-${process.arch}-${hash.slice(0, 12)}.node`;
  const cached = join(context.cache, build);
  if (existsSync(cached)) {
    copyAtomically(cached, file);
    if ((await verify(file)).ok) return { did: 'restored' };
    rmSync(cached, { force: true });
    rmSync(file, { force: true });
  }
  const failure = await compile(addon, source, file, log);
  if (failure !== undefined) {
    rmSync(file, { force: true });
    return { ...failure, log };
  }
  const { ok, output } = await verify(file);
  if (!ok) {
    rmSync(file, { force: true });
    return { error: 'load', output, log };
  }
  try {
    copyAtomically(file, cached);
  } catch {
    // The cache saves a second and a compiler; without it nothing is lost.
  }
  return { did: 'compiled' };
}

/**
 * @param {Addon} addon
 * @param {string} source
 * @param {string} file
 * @param {string} log
 * @returns {Promise<{ error: 'compiler' | 'build', output: string } | undefined>}
 */
async function compile({ flags = [], libraries = [] }, source, file, log) {
  const compiler = findCompiler();
  if (compiler === undefined) return { error: 'compiler', output: 'there is no C compiler' };
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(dirname(file), { recursive: true });
  const args = [...compiler.args, '-std=c11', '-shared', '-fPIC', '-O2', ...flags];
  const result = await run(
    compiler.command,
    [...args, '-o', temporary, source, ...languageEnd(compiler.args), ...libraries],
    { log },
  );
  if (result.ok) {
    renameSync(temporary, file);
    return undefined;
  }
  rmSync(temporary, { force: true });
  return { error: 'build', output: lastLine(result.output) };
}

/** Where the language was forced for the source, libraries must not be taken for sources too. */
function languageEnd(/** @type {readonly string[]} */ args) {
  return args.includes('-x') ? ['-x', 'none'] : [];
}

/** A C++ compiler compiles C when told to. */
function findCompiler(env = process.env) {
  const [own, ...flags] = (env.CC ?? '').trim().split(/\s+/);
  if (own && which(own, env)) return { command: own, args: flags };
  const c = ['cc', 'gcc', 'clang'].find((name) => which(name, env));
  if (c !== undefined) return { command: c, args: [] };
  const cpp = ['c++', 'g++', 'clang++'].find((name) => which(name, env));
  return cpp === undefined ? undefined : { command: cpp, args: ['-x', 'c'] };
}
