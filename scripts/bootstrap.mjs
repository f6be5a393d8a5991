#!/usr/bin/env node
/**
 * Makes this checkout ready to run: `npm start` and `npm test` call it first, and it may be called
 * by hand; where npm has installed the package from a tarball, what is native in it. Idempotent; says on stderr what it did, and nothing else when there was nothing to do.
 *
 * Plain Node without dependencies, because it is what installs them.
 *
 * Environment:
 *   GEOCUBES_GDAL   present | cached | system | apt: the only way allowed to get GDAL's binding
 *   GEOCUBES_NO_APT 1, or the option --no-apt: never installs packages of the system
 *   XDG_CACHE_HOME  parent of the folder with bindings built earlier (default ~/.cache)
 *   CC, CXX, PYTHON the compilers and the Python to build with
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUpBlosc } from './bootstrap/blosc.mjs';
import { setUpCodeCache } from './bootstrap/compiled/code-cache.mjs';
import { setUpTypescript } from './bootstrap/compiled/typescript.mjs';
import { forcedChoice, mayInstall } from './bootstrap/gdal/choices.mjs';
import { setUpGdal } from './bootstrap/gdal.mjs';
import { setUpIcechunk } from './bootstrap/icechunk.mjs';
import { withLock } from './bootstrap/lock.mjs';
import { checkNode, setUpPackages, setUpPeers } from './bootstrap/packages.mjs';
import { cacheFolder, projectPaths } from './bootstrap/paths.mjs';
import { completeness, mayWrite } from './bootstrap/ready/complete.mjs';
import { createReporter, SetupFailure } from './bootstrap/report.mjs';
import { setUpResample } from './bootstrap/resample.mjs';

const paths = projectPaths();
/** Steps speak to whoever has a checkout. */
const inWordsOfReader = (/** @type {string} */ line) =>
  paths.isCheckout
    ? line
    : line
        .replaceAll(/npm run setup -- /g, 'npx geocubes setup ')
        .replaceAll(/npm start|node scripts\/bootstrap\.mjs/g, 'npx geocubes setup');
const reporter = createReporter((line) => process.stderr.write(`${inWordsOfReader(line)}\n`));

const context = { paths, cache: cacheFolder(process.env), say: reporter.note };

try {
  await reporter.step('Node', () => checkNode());
  if (paths.isCheckout && !mayWrite(paths.native)) {
    for (const [name, look] of completeness(context)) await reporter.step(name, look);
    reporter.finish();
  } else await setUp();
} catch (error) {
  reporter.fail(error instanceof SetupFailure ? error : wrapUnexpected(error));
  process.exitCode = 1;
}

async function setUp() {
  const allowed = mayInstall(process.argv.slice(2), process.env.GEOCUBES_NO_APT);
  const forced = forcedChoice(process.env.GEOCUBES_GDAL);
  await withLock(join(paths.native, 'lock'), reporter.note, async () => {
    await reporter.step('packages', () =>
      paths.isCheckout ? setUpPackages(context) : setUpPeers(context),
    );
    await reporter.step('GDAL', () => setUpGdal(context, forced, allowed));
    await reporter.step('Icechunk', () => setUpIcechunk(context));
    await reporter.step('Blosc', () => setUpBlosc(context));
    await reporter.step('resampling', () => setUpResample(context));
    if (paths.isCheckout) await reporter.step('TypeScript', () => setUpTypescript(context));
    await reporter.step('code cache', () => setUpCodeCache(context));
  });
  reporter.finish();
}

/** A bug, a full disk or a missing permission: the trace goes to a file, one line to the reader. */
function wrapUnexpected(/** @type {unknown} */ error) {
  const reason = error instanceof Error ? error.message : String(error);
  try {
    mkdirSync(paths.logs, { recursive: true });
    const log = join(paths.logs, 'bootstrap-error.log');
    writeFileSync(log, error instanceof Error ? String(error.stack) : reason);
    return new SetupFailure(
      `unexpected: ${reason} (trace in ${log})`,
      'node scripts/bootstrap.mjs',
    );
  } catch {
    return new SetupFailure(
      `unexpected: ${reason}`,
      `check that you may write to ${paths.root}, then node scripts/bootstrap.mjs`,
    );
  }
}
