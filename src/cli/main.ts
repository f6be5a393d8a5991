#!/usr/bin/env node
/**
 * Starts the command, of few files where the set-up has made them (`scripts/bootstrap/bundle.mjs`): finding
 * and reading two hundred takes a tenth of a second.
 */
import { statSync } from 'node:fs';

const BUNDLED = new URL('../bundle/command-line.js', import.meta.url);

/** What the compiler writes last. A package has none: there the bundle is of the same sources. */
const COMPILED = new URL('../.tsbuildinfo', import.meta.url);

await (isCurrent() ? import(BUNDLED.href) : import('./command-line.js'));

/** Whoever compiles by hand runs what was compiled. */
function isCurrent(): boolean {
  const bundled = statSync(BUNDLED, { throwIfNoEntry: false });
  const compiled = statSync(COMPILED, { throwIfNoEntry: false });
  return bundled !== undefined && bundled.mtimeMs >= (compiled?.mtimeMs ?? 0);
}
