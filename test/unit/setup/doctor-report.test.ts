import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type DoctorOptions,
  type DoctorReport,
  doctorLines,
  gatherDoctorReport,
} from '../../../src/cli/output/doctor-report.js';
import { SetupError } from '../../../src/errors.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'geocubes-doctor-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const gdal = {
  version: '3.6.2',
  bundled: false,
  drivers: { GTiff: true, Zarr: true },
  zarrCompressors: ['blosc', 'zstd'],
  bloscCompressors: ['lz4', 'zstd'],
};

function gather(options: DoctorOptions = {}) {
  return gatherDoctorReport({
    env: {},
    home,
    biosVendorFile: join(home, 'no-bios'),
    temp: home,
    node: '20.20.2',
    gdal: () => gdal,
    blosc: () => ({ version: '1.21.3' }),
    resample: () => undefined,
    icechunk: async () => ({ linkage: 'native', version: '2.2.2' }),
    ...options,
  });
}

async function row(name: string, options: DoctorOptions = {}) {
  const { rows } = await gather(options);
  return rows.find((candidate) => candidate.name === name);
}

function putFile(path: string, content: unknown) {
  const file = join(home, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('the doctor', () => {
  test('finds a machine without Earth Engine credentials fit for the main job', async () => {
    const report = await gather();
    expect(report.ok).toBe(true);
    const warned = report.rows.filter((candidate) => candidate.status === 'warn');
    expect(warned.map((candidate) => candidate.name)).toEqual(
      expect.arrayContaining(['Earth Engine credentials', 'Earth Engine project']),
    );
  });

  test('finds a machine unfit without GDAL, and keeps the reason apart from what to type', async () => {
    const options: DoctorOptions = {
      gdal: () => {
        throw new SetupError('Expected it to load but received: no. Run "node x" to build it.');
      },
    };
    expect((await gather(options)).ok).toBe(false);
    expect(await row('GDAL', options)).toEqual({
      name: 'GDAL',
      status: 'fail',
      value: 'Expected it to load but received: no.',
      todo: 'node scripts/bootstrap.mjs',
    });
    expect(await row('GDAL drivers', options)).toBeUndefined();
  });

  test.each<[string, DoctorOptions]>([
    ['an old Node', { node: '20.9.0' }],
    ['no Icechunk', { icechunk: () => Promise.reject(new SetupError('no')) }],
    ['no Zarr driver', { gdal: () => ({ ...gdal, drivers: { GTiff: true, Zarr: false } }) }],
    ['no folder for temporary files', { temp: '/no/such/folder' }],
  ])('finds a machine unfit with %s', async (_, options) => {
    expect((await gather(options)).ok).toBe(false);
  });

  test('only warns of a GDAL without Blosc', async () => {
    const options = { gdal: () => ({ ...gdal, bundled: true, bloscCompressors: [] }) };
    expect((await gather(options)).ok).toBe(true);
    expect(await row('Blosc encoders', options)).toMatchObject({
      status: 'warn',
      value: 'none in this GDAL',
    });
  });

  test('tells the version of libblosc, and only warns where the addon over it is absent', async () => {
    expect(await row('Blosc addon')).toMatchObject({ status: 'ok', value: 'libblosc 1.21.3' });
    const options = { blosc: () => undefined };
    expect((await gather(options)).ok).toBe(true);
    expect(await row('Blosc addon', options)).toMatchObject({
      status: 'warn',
      todo: expect.stringContaining('libblosc-dev'),
    });
  });

  test.each([
    ['absent', 'not made', 'C compiler'],
    ['other version', 'of another version of this package, so it is not used', 'bootstrap'],
    ['broken', 'does not load, so it is not used', 'bootstrap'],
    ['off', 'left alone', 'unset GEOCUBES_NO_ADDONS'],
  ] as const)(
    'only warns where the addon that resamples is %s, and tells what to do',
    async (lack, what, todo) => {
      expect(await row('Resampling addon')).toMatchObject({ status: 'ok', value: 'in use' });
      const options = { resample: () => lack };
      expect((await gather(options)).ok).toBe(true);
      expect(await row('Resampling addon', options)).toMatchObject({
        status: 'warn',
        value: `${what}: rasters of another grid are resampled more slowly, in TypeScript`,
        todo: expect.stringContaining(todo),
      });
    },
  );

  test('tells how Icechunk loads', async () => {
    const icechunk = async () => ({ linkage: 'with-addon', version: '2.2.2' }) as const;
    expect(await row('Icechunk', { icechunk })).toMatchObject({
      status: 'ok',
      value: '2.2.2, with the glibc addon',
    });
  });
});

describe('Earth Engine credentials and project', () => {
  const login = {
    refresh_token: 'not-for-anyone',
    client_id: 'id',
    client_secret: 'not-for-anyone',
  };

  test('are named by their source and never shown', async () => {
    putFile('.config/earthengine/credentials', { ...login, project: 'my-project' });
    const report = await gather();
    expect(JSON.stringify(report)).not.toContain('not-for-anyone');
    expect(textOf(report)).toContain('from ~/.config/earthengine/credentials');
    expect(textOf(report)).toContain('my-project, from ~/.config/earthengine/credentials');
  });

  test("a file that only the Python client's own OAuth client could use is none, and the row tells what to run", async () => {
    putFile('.config/earthengine/credentials', {
      refresh_token: 'not-for-anyone',
      project: 'mine',
    });
    expect(await row('Earth Engine credentials')).toMatchObject({
      status: 'warn',
      value: 'none that can be used',
      todo: expect.stringContaining('earthengine authenticate --auth_mode=gcloud'),
    });
    expect((await row('Earth Engine project'))?.value).toContain('mine');
  });

  test('a key that is no JSON is a warning that does not show it', async () => {
    const env = { EE_SERVICE_ACC_PRIVATE_KEY: 'not-for-anyone' };
    const report = await gather({ env });
    expect(JSON.stringify(report)).not.toContain('not-for-anyone');
    expect(await row('Earth Engine credentials', { env })).toMatchObject({
      status: 'warn',
      value: 'EE_SERVICE_ACC_PRIVATE_KEY is no JSON object',
    });
  });

  test('a key file that is named but absent is a warning about the variable', async () => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(home, 'absent.json') };
    expect(await row('Earth Engine credentials', { env })).toMatchObject({
      status: 'warn',
      value: 'GOOGLE_APPLICATION_CREDENTIALS names a file that is not there',
    });
  });

  test("gcloud's file serves for both, in its own folder or in CLOUDSDK_CONFIG", async () => {
    const content = { ...login, type: 'authorized_user', quota_project_id: 'quota-project' };
    const file = putFile('elsewhere/application_default_credentials.json', content);
    const env = { CLOUDSDK_CONFIG: join(file, '..') };
    expect((await row('Earth Engine credentials', { env }))?.status).toBe('ok');
    expect((await row('Earth Engine project', { env }))?.value).toContain('quota-project');
    expect((await row('Earth Engine credentials'))?.status).toBe('warn');
  });

  test.each(['EE_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'GEE_PROJECT'])(
    'the project is taken from %s',
    async (name) => {
      const found = await row('Earth Engine project', { env: { [name]: 'p-1' } });
      expect(found).toMatchObject({ status: 'ok', value: `p-1, from ${name}` });
    },
  );
});

test('the table has one row per finding, with what to do below it and a verdict at the end', () => {
  const text = textOf({
    ok: false,
    rows: [
      { name: 'Node', status: 'ok', value: '20.20.2' },
      { name: 'Icechunk', status: 'fail', value: 'absent', todo: 'node scripts/bootstrap.mjs' },
    ],
  });
  expect(text.split('\n')).toEqual([
    'Node      ok    20.20.2',
    'Icechunk  FAIL  absent',
    '                -> node scripts/bootstrap.mjs',
    '',
    'Not ready: mend the rows marked FAIL, then run geocubes doctor again.',
  ]);
});

function textOf(report: DoctorReport): string {
  return doctorLines(report)
    .map(({ text }) => text)
    .join('\n');
}
