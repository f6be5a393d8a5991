import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mixedFaults, startLoopback } from '../../src/loopback/index.js';
import { runCommand } from '../e2e/command.js';
import { environmentFor, SMALL_DATASET, temporaryFolder } from '../e2e/loopback-cubes.js';

const TOKEN = 'canary-4e3a9c';

test('the log of a run with faults tells each retry, and does not hold the token', async () => {
  const folder = await temporaryFolder();
  const server = await startLoopback({
    token: TOKEN,
    faults: mixedFaults({ probability: 0.3, seed: 3 }),
  });
  const [store, dataset] = [join(folder.path, 'cube'), join(folder.path, 'small.json')];
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  await runCommand(['create', '--store', store, '--dataset', dataset]);
  const args = [
    'ingest',
    '--store',
    store,
    '--bbox',
    '122,71,126,74',
    '--verbose',
    '--format',
    'json',
  ];
  const { code, stdout, stderr } = await runCommand(args, {
    ...environmentFor(server),
    GEOCUBES_TOKEN: TOKEN,
    GEOCUBES_DEBUG: '1',
  });
  expect(code).toBe(0);
  const records = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string });
  const { retries } = JSON.parse(stdout) as { retries: number };
  expect(retries).toBeGreaterThan(0);
  expect(records.filter(({ msg }) => msg === 'retry')).toHaveLength(retries);
  expect(stdout + stderr).not.toContain('canary');
  await server.close();
  await folder.remove();
});
