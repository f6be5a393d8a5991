/** Small addons in C, compiled here: one source file of `scripts/`, one command, a copy in the user's cache. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyAtomically, fingerprint, readJson, writeJson } from './files.mjs';
import { findNodeHeaders } from './gdal/probe.mjs';
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

/**
 * An addon that the native kernel is faster with and does without: nothing about it ends the set-up.
 * @typedef {object} Extra
 * @property {string} name as of {@link Addon}
 * @property {readonly string[]} [headers] of a library: places of which one must be there
 * @property {string} [absent] what is missing where none is, and what brings it
 * @property {readonly string[]} [flags]
 * @property {readonly string[]} [libraries]
 * @property {string} question a script that loads `process.argv[1]` and throws where it does not work
 * @property {string} state what there is with it
 * @property {string} without what there is without it
 * @property {string} instead what happens then
 */

/** @param {Context} context @param {Extra} extra */
export async function setUpExtra(context, extra) {
  const { paths } = context;
  const { name, headers = [] } = extra;
  const file = addonFile(paths, name);
  const stampFile = join(paths.native, `${name}.json`);
  const node = findNodeHeaders();
  // What, when it changes, asks for another look.
  const here = JSON.stringify({
    node: process.version,
    headers: headers.map((path) => fingerprint(path) ?? null),
    nodeHeaders: node ?? null,
    source: fingerprint(join(paths.root, 'scripts', `${name}.c`)) ?? null,
    compiler: findCompiler() ?? null,
  });
  const stamp = readJson(stampFile);
  if (stamp?.here === here && stamp.addon === (fingerprint(file) ?? null))
    return { state: stamp.state };
  /** @param {{ state: string, did: string }} result */
  const remember = (result) => {
    writeJson(stampFile, { here, addon: fingerprint(file) ?? null, state: result.state });
    return result;
  };
  const leaveOut = (/** @type {string} */ reason) =>
    remember({ state: extra.without, did: `left out, ${reason}; ${extra.instead}` });
  const missing =
    process.platform !== 'linux'
      ? 'it is made on Linux only'
      : headers.length > 0 && !headers.some((path) => existsSync(path))
        ? extra.absent
        : node === undefined
          ? "there are no headers of this Node's"
          : undefined;
  if (missing !== undefined || node === undefined) {
    rmSync(file, { force: true });
    return leaveOut(missing ?? '');
  }
  const result = await provideAddon(context, {
    name,
    flags: [...(extra.flags ?? []), `-I${join(node, 'include', 'node')}`],
    libraries: extra.libraries ?? [],
    key: (extra.flags ?? []).join(' '),
    verify: (built) =>
      run(process.execPath, ['--input-type=commonjs', '-e', extra.question, built], {
        cwd: paths.root,
      }),
  });
  if ('error' in result)
    return leaveOut(`${result.output.trim().split('\n')[0]} (log: ${result.log})`);
  return remember({ state: extra.state, did: `${result.did} the addon` });
}

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
