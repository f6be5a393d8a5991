import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserRefreshClient } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findCredentials } from '../../../../src/earth-engine/credentials.js';
import { EarthEngineError, InvalidInputError } from '../../../../src/errors.js';

const GOOGLE = 'https://earthengine-highvolume.googleapis.com';
const SECRET = 'not-for-anyones-eyes';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'geocubes-home-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('CLOUDSDK_CONFIG', join(home, 'gcloud'));
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  for (const name of [
    'EE_PROJECT',
    'EE_SERVICE_ACC_PRIVATE_KEY',
    'GEE_PROJECT',
    'GEOCUBES_KEY_FILE',
    'GEOCUBES_PROJECT',
    'GEOCUBES_TOKEN',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'GOOGLE_CLOUD_PROJECT',
    'GOOGLE_CLOUD_QUOTA_PROJECT',
  ])
    vi.stubEnv(name, undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(home, { recursive: true, force: true });
});

async function writeCredentialsFile(fields: object): Promise<void> {
  const folder = join(home, '.config', 'earthengine');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'credentials'), JSON.stringify(fields));
}

const FILE = {
  refresh_token: SECRET,
  client_id: 'id',
  client_secret: SECRET,
  project: 'from-file',
};

async function failureOf(promise: Promise<unknown>): Promise<EarthEngineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EarthEngineError);
  return error as EarthEngineError;
}

describe('an explicit token', () => {
  test('is sent as it is, with the project that is billed, to any endpoint', async () => {
    const found = await findCredentials({
      endpoint: 'http://127.0.0.1:1',
      project: 'my-project',
      token: SECRET,
    });
    expect(found.project).toBe('my-project');
    expect(await found.headers()).toEqual({
      authorization: `Bearer ${SECRET}`,
      'x-goog-user-project': 'my-project',
    });
    expect(found.origin).not.toContain(SECRET);
  });

  test('comes before the credentials file', async () => {
    await writeCredentialsFile(FILE);
    const found = await findCredentials({ endpoint: GOOGLE, project: 'p', token: 'mine' });
    expect(await found.headers()).toMatchObject({ authorization: 'Bearer mine' });
  });

  test.each(['EE_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'GEE_PROJECT'])(
    'takes the project from %s where none is given',
    async (variable) => {
      vi.stubEnv(variable, 'from-env');
      const found = await findCredentials({ endpoint: GOOGLE, token: 't' });
      expect(found.project).toBe('from-env');
      const given = await findCredentials({ endpoint: GOOGLE, token: 't', project: 'given' });
      expect(given.project).toBe('given');
    },
  );

  test('without a project is refused, and the message tells how to give one but not the token', async () => {
    const error = await failureOf(findCredentials({ endpoint: GOOGLE, token: SECRET }));
    expect(error.kind).toBe('credentials');
    expect(error.message).toContain('--project');
    expect(error.message).not.toContain(SECRET);
  });

  test('a project that could change the path or a header of a request is refused', async () => {
    for (const project of ['a/b', 'a b', '../x', 'a\r\nx: y', 'Upper', '-a'])
      await expect(findCredentials({ endpoint: GOOGLE, token: SECRET, project })).rejects.toThrow(
        InvalidInputError,
      );
    const legacy = await findCredentials({
      endpoint: GOOGLE,
      token: 't',
      project: 'example.com:a1',
    });
    expect(legacy.project).toBe('example.com:a1');
  });
});

describe('credentials found on the machine', () => {
  test('go to no endpoint but Google, whose name is compared as a host and with https', async () => {
    await writeCredentialsFile(FILE);
    for (const endpoint of [
      'http://127.0.0.1:8787',
      'https://example.com',
      'https://earthengine.googleapis.com.example.com',
      'https://evil-googleapis.com',
      'https://earthengine.googleapis.com@example.com',
    ]) {
      const error = await failureOf(findCredentials({ endpoint, project: 'p' }));
      expect(error.kind).toBe('credentials');
      expect(error.message).toContain('GEOCUBES_TOKEN');
      expect(error.message).not.toContain(SECRET);
    }
  });

  test('go nowhere over plain http, and neither does a token that was given', async () => {
    await writeCredentialsFile(FILE);
    for (const token of [undefined, 'given']) {
      const asked = findCredentials({
        endpoint: 'http://earthengine.googleapis.com',
        project: 'p',
        token,
      });
      await expect(asked).rejects.toThrow(/Expected an https URL for the endpoint/);
    }
    await expect(
      findCredentials({ endpoint: 'http://127.0.0.1:1', project: 'p', token: 'given' }),
    ).resolves.toBeDefined();
  });

  test('the Earth Engine file gives its own project, unless one is given', async () => {
    await writeCredentialsFile(FILE);
    vi.stubEnv('EE_PROJECT', 'from-env');
    expect((await findCredentials({ endpoint: GOOGLE })).project).toBe('from-file');
    expect((await findCredentials({ endpoint: GOOGLE, project: 'given' })).project).toBe('given');
  });

  test('the name of their origin is no secret', async () => {
    await writeCredentialsFile(FILE);
    const found = await findCredentials({ endpoint: GOOGLE });
    expect(found.origin).toBe('~/.config/earthengine/credentials');
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });

  test("a token from the file is sent with the file's project", async () => {
    await writeCredentialsFile(FILE);
    vi.spyOn(UserRefreshClient.prototype, 'getRequestHeaders').mockResolvedValue(
      new Headers({ authorization: 'Bearer fresh' }),
    );
    const found = await findCredentials({ endpoint: GOOGLE });
    expect(await found.headers()).toEqual({
      authorization: 'Bearer fresh',
      'x-goog-user-project': 'from-file',
    });
  });

  test('a refused refresh becomes a credentials error that repeats nothing the service said', async () => {
    await writeCredentialsFile(FILE);
    vi.spyOn(UserRefreshClient.prototype, 'getRequestHeaders').mockRejectedValue(
      new Error(`invalid_grant ${SECRET}`),
    );
    const found = await findCredentials({ endpoint: GOOGLE });
    const error = await failureOf(found.headers());
    expect(error.kind).toBe('credentials');
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain(SECRET);
  });

  test('where there are none, the message tells how to get some', async () => {
    const error = await failureOf(findCredentials({ endpoint: GOOGLE, project: 'p' }));
    expect(error.kind).toBe('credentials');
    expect(error.message).toContain('earthengine authenticate');
    expect(error.message).toContain('GOOGLE_APPLICATION_CREDENTIALS');
  });

  test('a credentials file that is no JSON counts as none', async () => {
    await mkdir(join(home, '.config', 'earthengine'), { recursive: true });
    await writeFile(join(home, '.config', 'earthengine', 'credentials'), `{${SECRET}`);
    const error = await failureOf(findCredentials({ endpoint: GOOGLE, project: 'p' }));
    expect(error.message).not.toContain(SECRET);
  });
});
