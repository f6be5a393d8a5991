/** What `geocubes job snakemake` prints, run by Snakemake itself on this machine. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { cleanEnvironment, MAIN } from '../e2e/command.js';
import { environmentFor, SMALL_BBOX } from '../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  expectVerified,
  fillCalmly,
  Workplace,
} from '../fault/support/disturbed-cubes.js';

const call = promisify(execFile);

const PYTHON = process.env.GEOCUBES_SNAKEMAKE_PYTHON ?? '';
const isThere = existsSync(PYTHON);
const REASON = 'not here: no Snakemake, which test/cluster/run.mjs installs where it can';

describe.skipIf(!isThere)(isThere ? 'Snakemake' : REASON, () => {
  let place: Workplace;
  let calm: Calm;
  let server: LoopbackServer;

  beforeAll(async () => {
    calm = await fillCalmly(datasetOf(50));
    place = await Workplace.open(calm.dataset);
    server = await startLoopback();
  });

  afterAll(async () => {
    await server?.close();
    await place?.remove();
  });

  test('begins a shard again that was killed, and finalises after all of them; each tile is fetched once', async () => {
    const store = await place.createCube('snakemake', '');
    await mkdir(place.file('bin'));
    const command = place.file(join('bin', 'geocubes'));
    await writeFile(
      command,
      `#!/bin/sh
case "$*" in "ingest "*" --shard 2/3 "*) mkdir killed 2>/dev/null && kill -9 $$ ;; esac
exec '${process.execPath}' '${MAIN}' "$@"
`,
    );
    await chmod(command, 0o755);
    await writeFile(place.file('night.json'), JSON.stringify({ store, bbox: SMALL_BBOX }));
    const options = {
      cwd: place.path,
      env: {
        ...cleanEnvironment(),
        ...environmentFor(server),
        PATH: [dirname(command), dirname(PYTHON), process.env.PATH].join(delimiter),
        XDG_CACHE_HOME: place.path,
      },
    };
    const job = await call(
      command,
      ['job', 'snakemake', '--config', 'night.json', '--shards', '3'],
      options,
    );
    await writeFile(place.file('Snakefile'), job.stdout);
    const { stderr } = await call(PYTHON, ['-m', 'snakemake', '--cores', '4'], options);
    expect(stderr).toContain('6 of 6 steps (100%) done');
    expect(await readdir(place.path)).toContain('killed');
    expect(await readFile(place.file('geocubes/logs/finalise.log'), 'utf8')).toContain(
      `${calm.tiles} tiles: ${calm.loaded} loaded, ${calm.empty} loaded and empty, 0 missing, 0 damaged`,
    );
    expect(server.requests.pixels).toBe(calm.tiles);
    // Beside it is the list of smart-geocubes, which the finaliser writes.
    expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
    await expectVerified(store, calm);
  });
});
