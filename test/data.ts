import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** Path of a real raster in `../shared/data`, beside the project. */
export function dataFile(name: string): string {
  return `${FOLDER}${name}`;
}

const present = existsSync(FOLDER);

/**
 * A test that needs the real rasters. In somebody's own checkout they are absent, and the test is
 * skipped; in CI their absence is a failure, which the test itself then meets.
 */
export const testWithData = present || process.env.CI === 'true' ? test : test.skip;
if (!present && process.env.CI !== 'true') {
  process.stderr.write('skipped: tests on real rasters, because ../shared/data is not there\n');
}
