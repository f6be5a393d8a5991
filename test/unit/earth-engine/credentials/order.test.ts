import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { detectAccount, type Wishes } from '../../../../src/earth-engine/credentials/detect.js';
import { serviceAccount } from './token-server.js';

const SECRET = 'canary-of-a-secret';
const LOGIN = { refresh_token: SECRET, client_id: 'id', client_secret: SECRET };
const USER = { ...LOGIN, type: 'authorized_user', quota_project_id: 'of-the-login' };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'geocubes-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(path: string, content: unknown): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const detect = (env: Readonly<Record<string, string>> = {}, wishes: Wishes = {}) =>
  detectAccount(wishes, { env, home, biosVendorFile: join(home, 'bios') });

test('each source wins over all that come after it', () => {
  const env: Record<string, string> = {
    GEOCUBES_TOKEN: SECRET,
    GEOCUBES_TOKEN_COMMAND: 'print a token',
    GEOCUBES_KEY_FILE: put('key.json', serviceAccount()),
    EE_SERVICE_ACC_PRIVATE_KEY: JSON.stringify(serviceAccount()),
    GOOGLE_APPLICATION_CREDENTIALS: put('adc.json', USER),
    GCE_METADATA_HOST: '127.0.0.1:1',
  };
  const python = put('.config/earthengine/credentials', LOGIN);
  const gcloud = put('.config/gcloud/application_default_credentials.json', USER);
  const winners: (string | undefined)[] = [
    detect(env, { token: SECRET, keyFile: 'x' }).account?.origin,
  ];
  const next = (remove: () => void) => {
    winners.push(detect(env).account?.origin);
    remove();
  };
  next(() => delete env.GEOCUBES_TOKEN);
  next(() => delete env.GEOCUBES_TOKEN_COMMAND);
  next(() => delete env.GEOCUBES_KEY_FILE);
  next(() => delete env.EE_SERVICE_ACC_PRIVATE_KEY);
  next(() => rmSync(python));
  next(() => delete env.GOOGLE_APPLICATION_CREDENTIALS);
  next(() => rmSync(gcloud));
  next(() => delete env.GCE_METADATA_HOST);
  next(() => {});
  expect(winners).toEqual([
    'the token given',
    'GEOCUBES_TOKEN',
    'GEOCUBES_TOKEN_COMMAND',
    'GEOCUBES_KEY_FILE',
    'EE_SERVICE_ACC_PRIVATE_KEY',
    '~/.config/earthengine/credentials',
    'GOOGLE_APPLICATION_CREDENTIALS',
    "gcloud's default credentials",
    'the metadata server of this machine',
    undefined,
  ]);
});

test('a machine whose BIOS is Google has a metadata server, unless that is switched off', () => {
  put('bios', 'Google\n');
  expect(detect().account?.kind).toBe('metadata-server');
  expect(detect({ METADATA_SERVER_DETECTION: 'none' }).account).toBeUndefined();
});

describe('the project', () => {
  test('comes from each source in turn', () => {
    const env: Record<string, string> = {
      GEOCUBES_PROJECT: 'of-geocubes',
      GOOGLE_CLOUD_PROJECT: 'of-google-cloud',
      EE_PROJECT: 'of-ee',
      GEE_PROJECT: 'of-gee',
      GOOGLE_CLOUD_QUOTA_PROJECT: 'of-quota',
    };
    put('.config/gcloud/application_default_credentials.json', USER);
    const file = put('.config/earthengine/credentials', { ...LOGIN, project: 'of-the-file' });
    const seen = [detect(env, { project: 'given' }).project?.id];
    for (const name of ['GEOCUBES_PROJECT', undefined, ...Object.keys(env).slice(1)]) {
      seen.push(detect(env).project?.id);
      if (name === undefined) rmSync(file);
      else delete env[name];
    }
    seen.push(detect(env).project?.id);
    expect(seen).toEqual([
      'given',
      'of-geocubes',
      'of-the-file',
      'of-google-cloud',
      'of-ee',
      'of-gee',
      'of-quota',
      'of-the-login',
    ]);
    expect(detect().project?.origin).toBe("the quota project of gcloud's default credentials");
  });

  test("is a service account's own rather than that of a file of another login", () => {
    put('.config/earthengine/credentials', { ...LOGIN, project: 'of-the-file' });
    const env = {
      EE_SERVICE_ACC_PRIVATE_KEY: JSON.stringify(serviceAccount()),
      GOOGLE_CLOUD_PROJECT: 'of-google-cloud',
    };
    expect(detect(env).project).toEqual({ id: 'of-the-key', origin: 'EE_SERVICE_ACC_PRIVATE_KEY' });
  });
});

describe("the Python client's file without an OAuth client of its own", () => {
  test('is passed over for the next source, which uses its project', () => {
    put('.config/earthengine/credentials', { refresh_token: SECRET, project: 'of-the-file' });
    put('.config/gcloud/application_default_credentials.json', USER);
    const { account, project } = detect();
    expect(account).toMatchObject({ origin: "gcloud's default credentials" });
    expect(project?.id).toBe('of-the-file');
  });

  test('leaves a sentence that tells what to run', () => {
    put('.config/earthengine/credentials', { refresh_token: SECRET });
    const { account, passedOver } = detect();
    expect(account).toBeUndefined();
    expect(passedOver).toContain('"gcloud auth application-default login"');
    expect(passedOver).not.toContain(SECRET);
  });
});

describe('what is named but cannot work wins with its problem, so that no other account is used instead', () => {
  test.each<[string, string | object]>([
    ['is no JSON object', `{"private_key": "${SECRET}`],
    ['is no JSON object', '[]'],
    ['is no credentials JSON of the type service_account or authorized_user', { type: SECRET }],
    ['is no credentials JSON of the type', { ...USER, type: 'external_account' }],
    ['has no private_key', { type: 'service_account', client_email: SECRET }],
    ['has no client_secret, no refresh_token', { type: 'authorized_user', client_id: SECRET }],
    ['sends its secrets elsewhere', { ...serviceAccount(), universe_domain: 'example.com' }],
  ])('a key file that %s', (problem, content) => {
    put('.config/gcloud/application_default_credentials.json', USER);
    const { account } = detect({ GEOCUBES_KEY_FILE: put('key.json', content) });
    expect(account).toMatchObject({
      origin: 'GEOCUBES_KEY_FILE',
      problem: expect.stringContaining(problem),
    });
    expect(inspect(account, { depth: null })).not.toContain(SECRET);
  });

  test('a key file that is not there, or is a folder', () => {
    expect(detect({}, { keyFile: join(home, 'absent.json') }).account).toMatchObject({
      origin: 'the key file given',
      problem: 'names a file that is not there',
    });
    expect(detect({}, { keyFile: home }).account?.problem).toBe('names a file that cannot be read');
  });

  test('a token that could not stand in a header', () => {
    for (const token of ['a b', 'a\nb: c', 'ä'])
      expect(detect({}, { token }).account?.problem).toBe('holds characters that no token has');
    expect(detect({ GEOCUBES_TOKEN: ' fine\n' }).account?.problem).toBeUndefined();
  });

  test('federated credentials whose addresses are not Google’s', () => {
    const federated = {
      type: 'external_account',
      audience: '//iam.googleapis.com/x',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: 'x' },
    };
    const problemOf = (change: object) =>
      detect({ GOOGLE_APPLICATION_CREDENTIALS: put('adc.json', { ...federated, ...change }) })
        .account?.problem;
    expect(problemOf({})).toBeUndefined();
    const elsewhere = 'sends its secrets elsewhere than to googleapis.com';
    expect(problemOf({ token_url: 'https://sts.example.com/v1/token' })).toBe(elsewhere);
    expect(problemOf({ token_url: 'http://sts.googleapis.com/v1/token' })).toBe(elsewhere);
    expect(problemOf({ service_account_impersonation_url: 'https://x.example.com' })).toBe(
      elsewhere,
    );
  });
});

test('nothing detected shows a secret when it is printed', () => {
  put('.config/earthengine/credentials', LOGIN);
  const key = JSON.stringify(serviceAccount({ private_key: SECRET }));
  for (const env of [{}, { GEOCUBES_TOKEN: SECRET }, { EE_SERVICE_ACC_PRIVATE_KEY: key }]) {
    const found = detect(env as Record<string, string>);
    expect(found.account).toBeDefined();
    const shown = inspect(found, { depth: null, showHidden: true }) + JSON.stringify(found);
    expect(shown).not.toContain(SECRET);
  }
});
