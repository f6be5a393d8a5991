import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import {
  awayFrom,
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectListsMissing,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  KINDS,
  Workplace,
} from '../../support/disturbed-cubes.js';
import { openSmallDisk } from '../../support/small-disk.js';

let calm: Calm;
let server: LoopbackServer;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(20));
  server = await startLoopback();
});

afterAll(() => server.close());

test.for(KINDS)(
  'a disk that is full ends an ingest into %s with one line that says so, committed tiles intact and the list of the others; with more room a rerun completes it',
  async ([, suffix], { skip }) => {
    const place = await Workplace.open(calm.dataset);
    const disk = await openSmallDisk(place.path, { disk: 700_000, preloaded: 150_000 });
    if (typeof disk === 'string') return skip(disk);
    const env = environmentFor(server);
    const run = (...args: string[]) => runCommand(args, env, undefined, disk.under);
    const name = join('cubes', `cube${suffix}`);
    const store = join(disk.path, name);
    const looked = (what: string) => place.file(join(what, basename(name)));
    try {
      const made = await run('create', '--store', store, '--dataset', place.file('dataset.json'));
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const list = place.file('failed.ndjson');
      const full = await run(...ingestArgs(store, '--quiet', '--failed', list));
      expect(full.stderr).toMatch(
        /^geocubes: Expected room for the cube but the disk is full \(ENOSPC, while trying to [^\n]*\)\. Make room and run again: tiles that are committed are intact, and are skipped\.\n$/,
      );
      expect(full).toMatchObject({ code: 1, stdout: '' });

      await disk.copy('cubes', dirname(looked('full')));
      const known = await expectRightPixels(looked('full'), calm);
      expect(known).toBeGreaterThan(0);
      expect(known + (await expectListsMissing(list, looked('full')))).toBe(calm.tiles);
      const verified = await run('verify', '--store', store, '--threads', '1');
      expect(verified.stdout).toContain('\nNo damage found\n');
      expect(verified.code).toBe(0);
      // No lock, no claims, no drafts.
      expect(await readdir(dirname(looked('full')))).toEqual([basename(name)]);

      disk.grow();
      const completed = await run(...ingestArgs(store, '--quiet', '--format', 'json'));
      expect(completed).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(completed.stdout)).toMatchObject({
        alreadyLoaded: known,
        committed: calm.tiles - known,
      });
      await disk.copy('cubes', dirname(looked('completed')));
      await expectEqualCubes(looked('completed'), calm);
    } finally {
      await disk.close();
      await place.remove();
    }
  },
);

test('where log, report and list have no room, each is told in a line, and the tiles are committed all the same', async ({
  skip,
}) => {
  const place = await Workplace.open(calm.dataset);
  const disk = await openSmallDisk(place.path, { disk: 4096, preloaded: 2000 });
  if (typeof disk === 'string') return skip(disk);
  // One tile is refused for good, so that there is something to list.
  const refusing = await startLoopback({ faults: { rules: [awayFrom(5, { count: 1 })] } });
  try {
    const store = await place.createCube('elsewhere', '');
    const [log, list, report] = ['log.ndjson', 'failed.ndjson', 'report'].map((name) =>
      join(disk.path, name),
    ) as [string, string, string];
    const files = ['--log-file', log, '--failed', list, '--report', report];
    const { code, stdout, stderr } = await runCommand(
      ingestArgs(store, '--quiet', ...files),
      environmentFor(refusing),
      undefined,
      disk.under,
    );
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^geocubes: the log .*log\.ndjson ends here: ENOSPC/);
    expect(lines).toContainEqual(
      expect.stringMatching(/^geocubes: Expected to write the list of failed tiles .*ENOSPC/),
    );
    expect(lines).toContain(
      `geocubes: Expected to write the report into ${report} but it failed (ENOSPC). ${calm.tiles - 1} tiles are committed; only the report is missing.`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await expectRightPixels(store, calm)).toBe(calm.tiles - 1);
    await runCommand(ingestArgs(store, '--quiet'), environmentFor(server));
    await expectEqualCubes(store, calm);
    await disk.copy('.', place.file('left'));
    expect((await readdir(place.file('left'))).sort()).toEqual(['log.ndjson', 'report']);
    expect(await readdir(join(place.file('left'), 'report'))).toEqual([]);
    // What did fit is whole: its first lines can be read.
    const [first = ''] = (await readFile(join(place.file('left'), 'log.ndjson'), 'utf8')).split(
      '\n',
    );
    expect(JSON.parse(first)).toMatchObject({ msg: 'planned' });
  } finally {
    await Promise.all([disk.close(), refusing.close()]);
    await place.remove();
  }
});

const MAIN = fileURLToPath(new URL('../../../../dist/cli/main.js', import.meta.url));

test.runIf(process.platform === 'linux').each([
  ['stderr, which loses the progress alone', 2, [], 0],
  ['stderr, which loses the log of --verbose alone', 2, ['--verbose'], 0],
  ['stdout, which loses the summary alone', 1, ['--quiet'], 1],
] as const)(
  'an ingest whose output has no room commits its tiles: %s',
  async (name, stream, options, code) => {
    const place = await Workplace.open(calm.dataset);
    const store = await place.createCube(`output-${name.length}`, '');
    const full = await open('/dev/full', 'w');
    try {
      const child = spawn(process.execPath, [MAIN, ...ingestArgs(store, ...options)], {
        env: { ...process.env, ...environmentFor(server) },
        stdio: ['ignore', stream === 1 ? full.fd : 'ignore', stream === 2 ? full.fd : 'ignore'],
      });
      expect(await once(child, 'exit')).toEqual([code, null]);
      await expectEqualCubes(store, calm);
    } finally {
      await full.close();
      await place.remove();
    }
  },
);
