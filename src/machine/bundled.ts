import { statSync } from 'node:fs';

/** Written last, so that it tells how old all of them are. */
const NEWEST = new URL('../bundle/command-line.js', import.meta.url);

/** What the compiler writes last. A package has none: there the bundle is of the same sources. */
const COMPILED = new URL('../.tsbuildinfo', import.meta.url);

/**
 * URL of the file that stands for many, made by the set-up (`scripts/bootstrap/bundle.mjs`); `undefined` where it is
 * older than what was compiled: whoever compiles by hand runs what was compiled.
 */
export function bundled(name: 'command-line' | 'work'): string | undefined {
  const newest = statSync(NEWEST, { throwIfNoEntry: false });
  const compiled = statSync(COMPILED, { throwIfNoEntry: false });
  if (newest === undefined || newest.mtimeMs < (compiled?.mtimeMs ?? 0)) return undefined;
  const file = new URL(`../bundle/${name}.js`, import.meta.url);
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : file.href;
}
