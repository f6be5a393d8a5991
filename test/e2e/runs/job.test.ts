import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../command.js';
import { createCube, SMALL_BBOX, TINY_DATASET, temporaryFolder } from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  store = await createCube(folder.path, 'tiny', TINY_DATASET);
});
afterAll(() => folder.remove());

async function job(settings: object, ...more: string[]) {
  const file = join(folder.path, 'night.json');
  await writeFile(file, JSON.stringify(settings));
  return runCommand(['job', ...more, '--config', file, '--shards', '4']);
}

test('memory of a shard is that of the plan and a quarter, or what was said', async () => {
  const settings = { store, bbox: SMALL_BBOX };
  const plan = await runCommand([
    ...['plan', '--store', store, '--bbox', SMALL_BBOX, '--threads', '2', '--format', 'json'],
  ]);
  const mib = (JSON.parse(plan.stdout).memory.bytes * 1.25) / 1024 ** 2;
  const { code, stdout, stderr } = await job(settings, 'slurm');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`#SBATCH --mem=${Math.ceil(mib / 256) * 256}M\n`);
  // The store is not asked then.
  const said = await job({ ...settings, store: 'nowhere' }, 'slurm', '--task-memory', '2GB');
  expect(said.stdout).toContain('#SBATCH --mem=1908M\n');
});

test.each([
  [
    'an option that ingest has not',
    { store: 'x', allowMissing: true },
    ['slurm'],
    /Expected the names of options for the settings in \S+ but received "allowMissing"/,
  ],
  [
    'a value that it does not take',
    { store: 'x', threads: -1 },
    ['slurm'],
    /--threads but received "-1"/,
  ],
  ['no store', { bbox: SMALL_BBOX }, ['slurm'], /required option '--store <url>' not specified/],
  ['no region', { store: 'tiny' }, ['slurm'], /Expected a region for --bbox or --roi/],
  [
    'no image',
    { store: 's3://b/c' },
    ['kubernetes'],
    /Expected --image for a job of kubernetes but received "none"/,
  ],
  ['no queue', { store: 's3://b/c' }, ['aws-batch', '--image', 'x'], /Expected --queue/],
  [
    'a folder for a container',
    { store: 'cubes/x' },
    ['kubernetes', '--image', 'x', '--task-memory', '1GB'],
    /Expected an object store, such as s3:\/\/bucket\/cube, for "store"/,
  ],
  [
    'a queue that would act',
    { store: 'x' },
    ['slurm', '--queue', 'a\n#SBATCH --wrap=x'],
    /Expected the name of a partition or queue for --queue/,
  ],
  [
    'a page that tasks would serve',
    { store: 'x', view: 8789 },
    ['slurm', '--task-memory', '2GB'],
    /Expected no "view" for a job in \S+ but received "8789"/,
  ],
  ['another platform', { store: 'x' }, ['nomad'], /value 'nomad' is invalid/],
])('%s is refused with one line that tells, and code 2', async (_, settings, words, message) => {
  const given =
    'store' in settings && settings.store === 'tiny' ? { ...settings, store } : settings;
  const { code, stdout, stderr } = await job(given, ...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !/--help tells more|^$/.test(line)),
  ).toHaveLength(1);
});

test('files of this machine are left out of containers, and that is said', async () => {
  const settings = {
    store: 's3://b/c',
    bbox: SMALL_BBOX,
    failed: 'f.ndjson',
    keyFile: 'secret.json',
  };
  const { code, stdout, stderr } = await job(
    settings,
    'kubernetes',
    '--image',
    'x',
    '--task-memory',
    '1GB',
  );
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/f\.ndjson|secret\.json/);
  expect(stderr).toBe(
    'geocubes: failed, key-file: left out, because they name files of this machine\n',
  );
});
