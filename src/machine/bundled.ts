import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** Written last, so that it tells how old all of them are. */
const NEWEST = new URL('../bundle/command-line.cjs', import.meta.url);

/** What the compiler writes last. A package has none: there the bundle is of the same sources. */
const COMPILED = new URL('../.tsbuildinfo', import.meta.url);

/** The first line of a bundle: `//` and a SHA-256 in hexadecimal digits. */
const SEAL = { from: 2, to: 2 + 64 };

export type BundleName = 'command-line' | 'work';

/** What the function around a bundle's code is given, by name. */
const GIVEN = 'exports, require, module, bundleUrl, importOutside';

type Run = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  bundleUrl: string,
  importOutside: (name: string) => Promise<unknown>,
) => void;

export interface Bundle {
  readonly script: Script;
  /** What the first line says the code is. */
  readonly seal: string;
  /** Evaluates it. */
  readonly run: () => object;
}

/**
 * What stands for many modules, made by the set-up (`scripts/bootstrap/compiled/bundle.mjs`), and runs them; `undefined` where
 * it is older than what was compiled: whoever compiles by hand runs what was compiled.
 */
export function bundled<T extends object>(name: BundleName): T | undefined {
  const newest = statSync(NEWEST, { throwIfNoEntry: false });
  const compiled = statSync(COMPILED, { throwIfNoEntry: false });
  if (newest === undefined || newest.mtimeMs < (compiled?.mtimeMs ?? 0)) return undefined;
  return openBundle(name)?.run() as T | undefined;
}

/** `undefined` where there is no such file. */
export function openBundle(name: BundleName): Bundle | undefined {
  const url = new URL(`../bundle/${name}.cjs`, import.meta.url);
  const code = readIfThere(url)?.toString('latin1');
  if (code === undefined) return undefined;
  const seal = code.slice(SEAL.from, SEAL.to);
  const filename = fileURLToPath(url);
  const cachedData = readCodeCache(name, seal);
  const script = new Script(`(function (${GIVEN}) {${code}\n})`, {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const run = () => {
    const module = { exports: {} };
    const inside = script.runInThisContext() as Run;
    inside(module.exports, createRequire(filename), module, url.href, (id) => import(id));
    return module.exports;
  };
  return { script, seal, run };
}

/** Where the set-up keeps what V8 has made of a bundle; a Node that is another one, or elsewhere, makes it anew. */
export function codeCacheOf(name: BundleName): URL {
  const { version, platform, arch } = process;
  const file = `${name}-${version}-${platform}-${arch}.code`;
  return new URL(`../../.native/${file}`, import.meta.url);
}

/** Whether the set-up has nothing to do. */
export function isCompiledBefore(name: BundleName): boolean {
  const bundle = openBundle(name);
  return bundle === undefined || bundle.script.cachedDataRejected === false;
}

/** V8 looks whether it is of this version and these flags, but not of which code: the seal before it does. */
function readCodeCache(name: BundleName, seal: string): Buffer | undefined {
  const file = readIfThere(codeCacheOf(name));
  if (file?.toString('latin1', 0, seal.length) !== seal) return undefined;
  return file.subarray(seal.length);
}

function readIfThere(url: URL): Buffer | undefined {
  try {
    return readFileSync(url);
  } catch {
    return undefined;
  }
}
