import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.js';
import { objectStorage, s3Settings } from '../../../../src/store/icechunk/object-storage.js';

describe('settings of S3 from the environment', () => {
  test('AWS itself is reached by https and virtual hosts, with credentials', () => {
    expect(s3Settings({ AWS_REGION: 'eu-central-1' })).toEqual({
      anonymous: false,
      region: 'eu-central-1',
      allowHttp: false,
      forcePathStyle: false,
    });
  });

  test('an endpoint of one’s own is addressed by path, with some region where none is given', () => {
    expect(s3Settings({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9000' })).toEqual({
      anonymous: false,
      region: 'us-east-1',
      endpointUrl: 'http://127.0.0.1:9000',
      allowHttp: true,
      forcePathStyle: true,
    });
  });

  test('the more special variable wins', () => {
    const settings = s3Settings({
      AWS_REGION: 'a',
      AWS_DEFAULT_REGION: 'b',
      AWS_ENDPOINT_URL: 'https://general.example',
      AWS_ENDPOINT_URL_S3: 'https://s3.example',
    });
    expect(settings).toMatchObject({ region: 'a', endpointUrl: 'https://s3.example' });
    expect(s3Settings({ AWS_DEFAULT_REGION: 'b' }).region).toBe('b');
  });

  test.each([
    ['YES', true],
    ['true', true],
    ['no', false],
    ['', false],
  ])('AWS_NO_SIGN_REQUEST=%s asks for anonymous access: %s', (value, anonymous) => {
    expect(s3Settings({ AWS_NO_SIGN_REQUEST: value }).anonymous).toBe(anonymous);
  });

  test('AWS_VIRTUAL_HOSTING decides how the bucket is named', () => {
    const env = { AWS_ENDPOINT_URL: 'https://s3.example', AWS_VIRTUAL_HOSTING: 'TRUE' };
    expect(s3Settings(env).forcePathStyle).toBe(false);
    expect(s3Settings({ AWS_VIRTUAL_HOSTING: 'FALSE' }).forcePathStyle).toBe(true);
  });

  test.each(['127.0.0.1:9000', 'https://key:hushhush@s3.example'])(
    'the endpoint %s is refused without being repeated',
    (url) => {
      const read = () => s3Settings({ AWS_ENDPOINT_URL: url });
      expect(read).toThrow(InvalidInputError);
      expect(read).not.toThrow(/hush/);
    },
  );
});

test('Azure needs the name of its account', async () => {
  const place = { kind: 'az', bucket: 'container', prefix: 'x' } as const;
  await expect(objectStorage(place, {})).rejects.toThrow('AZURE_STORAGE_ACCOUNT');
  const env = { AZURE_STORAGE_ACCOUNT: 'account', AZURE_NO_SIGN_REQUEST: 'YES' };
  expect(await objectStorage(place, env)).toBeDefined();
});

test('storages of Google and S3 are made without asking the network', async () => {
  for (const kind of ['s3', 'gs'] as const) {
    const env = { AWS_NO_SIGN_REQUEST: 'YES', GS_NO_SIGN_REQUEST: 'YES' };
    expect(await objectStorage({ kind, bucket: 'b', prefix: '' }, env)).toBeDefined();
  }
});
