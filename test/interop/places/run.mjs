#!/usr/bin/env node
/**
 * Compares where imports put pixels with where PROJ says that they come from, through pyproj:
 *
 *   node test/interop/places/run.mjs
 *
 * Needs a Python whose pyproj uses the very PROJ that GDAL does, with its register and grids: Debian's
 * python3-pyproj and python3-numpy beside libgdal-dev, and proj-data for some grids (without them both have
 * none, and agree all the same). Where there is none, that is said and the test is skipped; without pyproj
 * CI=true makes it a failure.
 *
 * Environment:
 *   GEOCUBES_PROJ_PYTHON  that Python (default /usr/bin/python3)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PYTHON = process.env.GEOCUBES_PROJ_PYTHON ?? '/usr/bin/python3';
/** What check_places.py says where its PROJ is another one. */
const ANOTHER_PROJ = 77;

/** @returns the exit code */
export function comparePlaces() {
  const options = { stdio: ['ignore', 'inherit', 'inherit'] };
  const probe = spawnSync(PYTHON, ['-c', 'import numpy, pyproj'], { stdio: 'ignore' });
  if (probe.status !== 0) return skip(`${PYTHON} has no pyproj, or no numpy.`);
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-places-'));
  try {
    const made = spawnSync(process.execPath, [join(HERE, 'make-imports.mjs'), folder], options);
    if (made.status !== 0) return made.status ?? 1;
    const checked = spawnSync(PYTHON, [join(HERE, 'check_places.py'), folder], options);
    if (checked.status !== ANOTHER_PROJ) return checked.status ?? 1;
    return skip('its PROJ is not the one that GDAL uses.', false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function skip(/** @type {string} */ reason, isFailure = process.env.CI === 'true') {
  process.stdout.write(
    `interop: ${isFailure ? 'failed' : 'skipped'}: the places of pixels by PROJ. ${reason} On Debian: apt-get install python3-pyproj python3-numpy proj-data\n`,
  );
  return isFailure ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = comparePlaces();
