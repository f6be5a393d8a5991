#!/usr/bin/env node
/**
 * Looks at the page of `geocubes view` with a real browser, headless:
 *
 *   node test/viewer/run.mjs
 *
 * Where there is no Chromium, that is said and nothing is tried; with CI=true it is a failure.
 *
 * Environment:
 *   GEOCUBES_CHROMIUM  the browser (default: chromium, chromium-browser or google-chrome on the PATH)
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findChromium } from './browser.mjs';

const say = (/** @type {string} */ line) => process.stdout.write(`viewer: ${line}\n`);

if (findChromium() === undefined) {
  const isFailure = process.env.CI === 'true';
  say(`${isFailure ? 'failed' : 'skipped'}: no Chromium is there ("apt-get install chromium").`);
  process.exitCode = isFailure ? 1 : 0;
} else {
  const test = join(import.meta.dirname, 'page.test.mjs');
  const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', test], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
